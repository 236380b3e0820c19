import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { notes, table } from './report.js';
import { drill } from './row.js';
import type { Row } from './row.js';
import { describeScale } from './scale.js';
import { ways } from './ways.js';

const isShort = process.argv.includes('--short');
const ownDelay = monitorEventLoopDelay();
const folder = mkdtempSync(join(tmpdir(), 'oidc-key-drill-'));

// Also when something fails or the drill is interrupted; each replica is killed in the same way.
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

async function drillAll(): Promise<Row[]> {
  // All at once takes a minute less for each way, but then they compete for the machine.
  if (isShort) {
    return Promise.all(ways.map((way) => drill(way, folder, { rotations: 1, mintsPerSecond: 10 })));
  }
  const rows: Row[] = [];
  for (const way of ways) {
    rows.push(await drill(way, folder, { rotations: way.isSafe ? 5 : 2, mintsPerSecond: 25 }));
    print(`done: ${way.name}`);
  }
  return rows;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

print(describeScale());
ownDelay.enable();
try {
  const rows = await drillAll();
  print(`\n${table(rows)}\n${notes(rows)}`);
  // So much of a gap may be the machine's.
  print(`The drill itself was held up for ${Math.round(ownDelay.max / 1e6)} ms at most.`);
  const noticed = rows.filter(({ way, tally }) => way.isSafe && tally.failedVerifications > 0);
  if (noticed.length > 0) throw new Error(`Noticed: ${noticed.map(({ way }) => way.name).join(', ')}`);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'The drill failed'}\n`);
  process.exit(1);
}
