import { createPrivateKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ServerProcess, freePort } from '../../sample-app/demo/server-process.js';
import { makeRsaKey, pemOf } from '../support/keys.js';
import { root } from '../support/processes.js';

export const main = join(root, 'sample-app/dist/src/main.js');

export interface Sample {
  readonly server: ServerProcess;
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

/** Starts the sample; `issuer` differs from its own address where something stands before it. */
export async function startSample(issuer?: string): Promise<Sample> {
  const environment = await sampleEnvironment(issuer ? { ISSUER: issuer } : {});
  const { PORT, DATA_DIR, SAMPLE_USER_PASSWORD, SAMPLE_CLIENT_SECRET, API_AUDIENCE, OIDC_PRIVATE_KEY_FILE } =
    environment as Record<string, string> & NodeJS.ProcessEnv;
  const own = `http://127.0.0.1:${PORT}`;
  const server = await ServerProcess.start({
    main: pathToFileURL(main),
    issuer: own,
    environment,
    folder: DATA_DIR!,
  });
  return {
    server,
    issuer: issuer ?? own,
    port: Number(PORT),
    userPassword: SAMPLE_USER_PASSWORD!,
    clientSecret: SAMPLE_CLIENT_SECRET!,
    audience: API_AUDIENCE!,
    key: createPrivateKey(readFileSync(OIDC_PRIVATE_KEY_FILE!)),
    folder: DATA_DIR!,
    environment,
  };
}

/** Another process on the same database and with the same issuer, which is asked at an address of its own. */
export async function startSecond(sample: Sample): Promise<Sample> {
  const { folder } = sample;
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const environment = { ...sample.environment, PORT: String(port) };
  const server = await ServerProcess.start({ main: pathToFileURL(main), issuer, environment, folder });
  return { ...sample, server, port, issuer };
}
