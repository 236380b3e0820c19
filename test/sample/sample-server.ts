import { createPrivateKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ServerProcess, freePort } from '../../sample-app/demo/server-process.js';
import { makeRsaKey, pemOf } from '../support/keys.js';
import { root } from '../support/processes.js';

export const main = join(root, 'sample-app/dist/src/main.js');

export interface Sample<Server extends RunningServer = RunningServer> {
  readonly server: Server;
  readonly issuer: string;
  readonly port: number;
  readonly userPassword: string;
  readonly clientSecret: string;
  readonly audience: string;
  /** The key that the server signs with, for tokens that it would never make. */
  readonly key: KeyObject;
  readonly folder: string;
  readonly environment: Record<string, string>;
}

/** The sample as it runs in production. */
export type SampleProcess = Sample<ServerProcess>;

type RunningServer = Pick<ServerProcess, 'log'> & { stop(): Promise<unknown> };

/** The environment of a sample server that starts, in a folder of its own. */
export async function sampleEnvironment(extra: Record<string, string> = {}): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-sample-'));
  const port = await freePort();
  writeFileSync(join(folder, 'oidc_private.pem'), pemOf(makeRsaKey()), { mode: 0o600 });
  return {
    NO_COLOR: '1',
    ISSUER: `http://127.0.0.1:${port}`,
    PORT: String(port),
    DATA_DIR: folder,
    SESSION_SECRET: randomBytes(32).toString('base64url'),
    API_AUDIENCE: 'https://api.example',
    OIDC_PRIVATE_KEY_FILE: join(folder, 'oidc_private.pem'),
    SAMPLE_SEED: 'true',
    SAMPLE_USER_PASSWORD: randomBytes(16).toString('base64url'),
    SAMPLE_CLIENT_SECRET: randomBytes(32).toString('base64url'),
    ...extra,
  };
}

/** Starts the sample; `ISSUER` differs from its own address where something stands before it. */
export async function startSample(extra: Record<string, string> = {}): Promise<SampleProcess> {
  const environment = await sampleEnvironment(extra);
  return sampleOf(environment, await startProcess(environment));
}

/** The sample of an environment, whatever runs it. */
export function sampleOf<Server extends RunningServer>(
  environment: Record<string, string>,
  server: Server,
): Sample<Server> {
  return {
    server,
    issuer: environment.ISSUER!,
    port: Number(environment.PORT),
    userPassword: environment.SAMPLE_USER_PASSWORD!,
    clientSecret: environment.SAMPLE_CLIENT_SECRET!,
    audience: environment.API_AUDIENCE!,
    key: createPrivateKey(readFileSync(environment.OIDC_PRIVATE_KEY_FILE!)),
    folder: environment.DATA_DIR!,
    environment,
  };
}

/** Ends the sample and starts it again, on the same database and with other settings. */
export async function restart(sample: Sample, changes: Record<string, string> = {}): Promise<SampleProcess> {
  await sample.server.stop();
  const environment = { ...sample.environment, ...changes };
  return sampleOf(environment, await startProcess(environment));
}

export function startProcess(
  environment: Record<string, string>,
  folder = dirname(environment.OIDC_PRIVATE_KEY_FILE!),
): Promise<ServerProcess> {
  const issuer = `http://127.0.0.1:${environment.PORT}`;
  return ServerProcess.start({
    main: pathToFileURL(main),
    issuer,
    environment,
    folder,
  });
}

/** Another process on the same database and with the same issuer, which is asked at an address of its own. */
export async function startSecond(sample: Sample): Promise<SampleProcess> {
  const port = await freePort();
  const environment = { ...sample.environment, PORT: String(port) };
  const server = await startProcess(environment);
  return { ...sample, server, port, issuer: `http://127.0.0.1:${port}` };
}
