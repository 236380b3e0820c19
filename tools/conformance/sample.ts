// The sample as a process of its own, behind the end of TLS.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { ServerProcess } from '../../sample-app/demo/server-process.js';
import { addClients } from './clients.js';
import type { AlgorithmName } from './key-set.js';
import { KeySet } from './key-set.js';
import type { Parties } from './parties.js';

export interface Sample {
  readonly server: ServerProcess;
  readonly keys: KeySet;
  /** Undefined where the metadata names none. */
  readonly endSession: string | undefined;
}

export async function startSample(
  parties: Parties,
  folder: string,
  port: number,
  algorithm: AlgorithmName,
): Promise<Sample> {
  const data = join(folder, 'data');
  mkdirSync(data, { recursive: true });
  const keys = new KeySet(folder);
  await keys.make(algorithm);
  await addClients(parties, data);

  const plain = `http://127.0.0.1:${port}`;
  const server = await ServerProcess.start({
    main: new URL('../../../../sample-app/dist/src/main.js', import.meta.url),
    issuer: plain,
    folder,
    environment: {
      NO_COLOR: '1',
      ISSUER: parties.issuer,
      PORT: String(port),
      DATA_DIR: data,
      SESSION_SECRET: randomBytes(32).toString('base64url'),
      API_AUDIENCE: `${parties.issuer}/api`,
      ID_TOKEN_ALGORITHM: algorithm,
      SAMPLE_SEED: 'true',
      SAMPLE_USER_PASSWORD: parties.password,
      SAMPLE_CLIENT_SECRET: randomBytes(32).toString('base64url'),
      ...keys.settings,
    },
  });
  const metadata = await fetch(`${plain}/.well-known/openid-configuration`);
  const { end_session_endpoint: endSession } = (await metadata.json()) as { end_session_endpoint?: string };
  return { server, keys, endSession };
}
