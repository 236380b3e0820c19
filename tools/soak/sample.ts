import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { ServerProcess, freePort } from '../../sample-app/demo/server-process.js';
import { heapReporting } from './heap.js';

const secret = () => randomBytes(32).toString('base64url');

export interface Sample {
  readonly server: ServerProcess;
  readonly issuer: string;
  readonly port: number;
  readonly clientSecret: string;
}

/** Starts the sample server as a process of its own, with its database in the folder. */
export async function startSample(folder: string, keySettings: Record<string, string>): Promise<Sample> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const clientSecret = secret();
  const server = await ServerProcess.start({
    main: new URL('../../../../sample-app/dist/src/main.js', import.meta.url),
    issuer,
    folder,
    nodeOptions: heapReporting,
    environment: {
      NO_COLOR: '1',
      ISSUER: issuer,
      PORT: String(port),
      DATA_DIR: join(folder, 'data'),
      SESSION_SECRET: secret(),
      API_AUDIENCE: `${issuer}/api`,
      SAMPLE_SEED: 'true',
      SAMPLE_USER_PASSWORD: secret(),
      SAMPLE_CLIENT_SECRET: clientSecret,
      ...keySettings,
    },
  });
  return { server, issuer, port, clientSecret };
}
