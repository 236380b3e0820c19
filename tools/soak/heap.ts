import { setTimeout as wait } from 'node:timers/promises';

import type { ServerProcess } from '../../sample-app/demo/server-process.js';

/** How the server writes down what its heap holds after a garbage collection. */
export function heapLine(bytes: number): string {
  return `heap used: ${bytes} bytes`;
}

const heapLines = /heap used: (\d+) bytes/g;
const patience = 30_000;

/** Has a server that was started with {@link heapReporting} collect its garbage, and resolves to what is left. */
export async function heapOf(server: ServerProcess): Promise<number> {
  const before = reportsOf(server).length;
  server.signal('SIGUSR2');
  for (const start = Date.now(); Date.now() - start < patience; await wait(20)) {
    const bytes = reportsOf(server)[before];
    if (bytes !== undefined) return bytes;
  }
  throw new Error('The server does not say what its heap holds');
}

/** What Node needs to be started with. */
export const heapReporting = ['--expose-gc', '--import', new URL('report-heap.js', import.meta.url).href];

function reportsOf({ log }: ServerProcess): number[] {
  return [...log.matchAll(heapLines)].map(([, bytes]) => Number(bytes));
}
