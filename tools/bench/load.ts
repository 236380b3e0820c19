import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

import autocannon from 'autocannon';

import type { ServerProcess } from './server-process.js';

type LoadOptions = { status?: number; connections?: number; duration?: number } & Pick<
  autocannon.Options,
  'method' | 'headers' | 'body'
>;

/** Requests a second; every answer has to be `status`. */
export async function requestsPerSecond(url: string, options: LoadOptions = {}): Promise<number> {
  const { requests, seconds } = await load(url, options);
  return requests / seconds;
}

/** The same, and the microseconds of CPU time that a request costs the server, in all its threads. */
export async function requestsAndCpuTime(
  server: ServerProcess,
  path: string,
  options: LoadOptions,
): Promise<{ perSecond: number; cpuTime: number }> {
  const before = await server.cpuTime();
  const { requests, seconds } = await load(`${server.url}${path}`, options);
  const spent = (await server.cpuTime()) - before;
  return { perSecond: requests / seconds, cpuTime: spent / requests };
}

async function load(url: string, options: LoadOptions): Promise<{ requests: number; seconds: number }> {
  const { status = 200, connections = 10, duration = 1, ...request } = options;
  const {
    statusCodeStats,
    errors,
    requests,
    duration: seconds,
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
  return { requests: requests.total, seconds };
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
