import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { heapOf } from './heap.js';
import { Load } from './load.js';
import type { Count, Extent } from './load.js';
import { Rotations } from './rotations.js';
import { startSample } from './sample.js';
import { SlowClients } from './slow-clients.js';
import { table } from './table.js';

const isShort = process.argv.includes('--short');
const half: Extent = isShort ? { jwks: 1000, tokens: 80 } : { seconds: 30 };
const connections = 50;
const betweenSwaps = isShort ? 200 : 500;
const slowClients = 10;
// What a heap differs by without a leak. A short soak has more to warm up in its second half.
const allowedGrowth = isShort ? 5_000_000 : 3_000_000;

const folder = mkdtempSync(join(tmpdir(), 'oidc-key-soak-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Resolves to what was not as it should be. */
async function soak(): Promise<string[]> {
  const rotations = new Rotations(join(folder, 'keys'));
  await rotations.prepare();
  const sample = await startSample(folder, rotations.folder.settings);
  const { server } = sample;
  const load = new Load(sample, connections);
  const slow = isShort ? undefined : await SlowClients.start(sample.port, slowClients);

  rotations.start(betweenSwaps);
  const firstHalf = await load.run(half);
  const heapAtHalfTime = await heapOf(server);
  const secondHalf = await load.run(half);
  await rotations.stop();
  const heapAtEnd = await heapOf(server);
  const toldTooSlow = await slow?.toldTooSlow();
  const exitCode = await server.stop();

  const growth = heapAtEnd - heapAtHalfTime;
  const complaints = server.log.split('\n').filter((line) => /\b(?:ERROR|FATAL)\b|rejection/i.test(line));
  print(table([firstHalf, secondHalf]));
  print(`key files swapped ${rotations.swaps} times, keys that signed ${load.keysThatSigned}`);
  print(`heap used: at half time ${megabytes(heapAtHalfTime)}, at the end ${megabytes(heapAtEnd)}`);
  print(`lines of the log at error level: ${complaints.length}, exit code ${exitCode}`);
  if (slow) print(`requests that never ended: ${slowClients}, answered with 408: ${toldTooSlow}`);

  const counts = [...firstHalf, ...secondHalf];
  return [
    ...(counts.every(isFlawless) ? [] : ['requests failed, or nothing was asked']),
    ...(load.keysThatSigned > 1 ? [] : ['the keys were not rotated']),
    ...(growth < allowedGrowth ? [] : [`the heap grew by ${megabytes(growth)} in the second half`]),
    ...complaints,
    ...(exitCode === 0 ? [] : ['the server did not end in order']),
    ...(toldTooSlow === undefined || toldTooSlow === slowClients ? [] : ['a slow request was not ended']),
  ];
}

function isFlawless({ requests, errors, non2xx, wrongBodies }: Count): boolean {
  return requests > 0 && errors + non2xx + wrongBodies === 0;
}

try {
  const flaws = await soak();
  for (const flaw of flaws) process.stderr.write(`${flaw}\n`);
  process.exit(flaws.length === 0 ? 0 : 1);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'The soak failed'}\n`);
  process.exit(1);
}
