import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

import autocannon from 'autocannon';

/** Requests a second; every answer has to be `status`. */
export async function requestsPerSecond(
  url: string,
  options: { status?: number; connections?: number; duration?: number } & Pick<
    autocannon.Options,
    'method' | 'headers' | 'body'
  > = {},
): Promise<number> {
  const { status = 200, connections = 10, duration = 1, ...request } = options;
  const {
    statusCodeStats,
    errors,
    requests,
    duration: took,
  } = await autocannon({
    url,
    connections,
    duration,
    ...request,
  });
  const codes = Object.keys(statusCodeStats ?? {});
  if (errors > 0 || codes.join() !== String(status)) {
    throw new Error(`${url} answered ${codes.join()} with ${errors} errors, and ${status} was expected`);
  }
  return requests.total / took;
}

export const tokenRequest = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ grant_type: 'client_credentials', client_id: 'client', client_secret: 'secret' }),
} as const;

/** Floods a server's token endpoint from another process, until it is told to stop. */
export function flood(url: string): () => void {
  const program = createRequire(import.meta.url).resolve('autocannon/autocannon.js');
  const { method, headers, body } = tokenRequest;
  const header = `content-type=${headers['content-type']}`;
  const options = ['-c', '50', '-d', '600', '-m', method, '-H', header, '-b', body];
  const child = spawn(process.execPath, [program, ...options, `${url}/token`], { stdio: 'ignore' });
  return () => void child.kill('SIGKILL');
}
