import { existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../ports.js';
import { builtProgram } from '../built-program.js';
import { serversFolder, startServer } from '../server-process.js';
import type { ServerProcess } from '../server-process.js';

/** What stands in for AWS. Each is wrong where another is right, so that both are asked. */
export interface AwsEmulator {
  /** With its version, as a report calls it. */
  readonly name: string;
  readonly isInstalled: boolean;
  /** @param environment what it is started with beside its own */
  start(environment?: Readonly<Record<string, string>>): Promise<RunningEmulator>;
}

export interface RunningEmulator extends ServerProcess {
  readonly endpoint: string;
}

export const region = 'eu-west-1';

/** What a process needs to reach an emulator, and to look for credentials nowhere else. */
export function environmentFor(
  endpoint: string,
  credentials = { accessKeyId: 'test', secretAccessKey: 'test' },
): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}

interface Program {
  readonly name: string;
  readonly folder: string;
  readonly args: (port: number) => readonly string[];
  readonly environment: (port: number) => Readonly<Record<string, string>>;
  readonly ready: string;
}

function emulator({ name, folder, args, environment, ready }: Program): AwsEmulator {
  const python = join(serversFolder, folder, 'bin/python3');
  return {
    name,
    isInstalled: existsSync(python),
    start: async (extra = {}) => {
      const port = await freePort();
      const endpoint = `http://127.0.0.1:${port}`;
      const server = await startServer(
        python,
        args(port),
        { ...environment(port), ...extra },
        async () => (await fetch(endpoint + ready)).ok,
      );
      return { endpoint, ...server };
    },
  };
}

export const moto = emulator({
  name: 'moto 5.2.5, an emulator',
  folder: 'moto-5.2.5',
  args: (port) => ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
  environment: () => ({}),
  ready: '/moto-api/data.json',
});

export const ministack = emulator({
  name: 'ministack 1.5.33, an emulator',
  folder: 'ministack-1.5.33',
  args: () => ['-m', 'ministack'],
  environment: (port) => ({ GATEWAY_PORT: String(port), BIND_HOST: '127.0.0.1', IOT_MTLS_ENABLED: '0' }),
  ready: '/_ministack/ready',
});

export const everyEmulator = [moto, ministack];

/** Of KMS alone. It keeps its keys in a folder. */
export const localKms: AwsEmulator = {
  name: 'local-kms, an emulator',
  isInstalled: builtProgram('local-kms') !== undefined,
  start: async () => {
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const folder = mkdtempSync(join(tmpdir(), 'oidc-key-local-kms-'));
    const args = [String(port), folder, region, '123456789012'];
    const server = await startServer(builtProgram('local-kms')!, args, {}, async () => {
      await fetch(endpoint);
      return true;
    });
    const stop = async () => {
      await server.stop();
      await rm(folder, { recursive: true });
    };
    return { endpoint, ...server, stop };
  },
};
