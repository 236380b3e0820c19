import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ServerProcess } from '../../sample-app/demo/server-process.js';
import { main } from '../sample/sample-server.js';
import type { Sample } from '../sample/sample-server.js';

export function startWith(environment: Record<string, string>): Promise<ServerProcess> {
  const { ISSUER = '', OIDC_PRIVATE_KEY_FILE = '' } = environment;
  const folder = dirname(OIDC_PRIVATE_KEY_FILE);
  return ServerProcess.start({ main: pathToFileURL(main), issuer: ISSUER, environment, folder });
}

/** Starts the server of a sample again, on the same port and database, after it has ended. */
export async function restart(sample: Sample, changes: Record<string, string> = {}): Promise<Sample> {
  const environment = { ...sample.environment, ...changes };
  return { ...sample, environment, server: await startWith(environment) };
}
