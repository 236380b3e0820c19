import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { notes, table } from './report.js';
import { drill } from './row.js';
import type { Row } from './row.js';
import { describeScale } from './scale.js';
import type { Extent, Way } from './way.js';
import { waysBySlots } from './ways-by-slots.js';
import { waysByMoves } from './ways-by-moves.js';
import { waysByStores } from './ways-by-stores.js';

const isShort = process.argv.includes('--short');
const ownDelay = monitorEventLoopDelay();
const folder = mkdtempSync(join(tmpdir(), 'oidc-key-drill-'));

// Also when something fails or the drill is interrupted; each replica is killed in the same way.
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** With `--only TEXT`, those ways in whose names that stands. */
const only = process.argv.includes('--only') ? (process.argv[process.argv.indexOf('--only') + 1] ?? '') : '';
const isAsked = ({ name }: Way) => name.includes(only);
const ways = [...waysBySlots, ...waysByStores, ...waysByMoves].filter(isAsked);
const missing = ways.filter(({ isMissing }) => isMissing !== undefined);
const isHere = ({ isMissing }: Way) => isMissing === undefined;

/** `restarts` is for the whole of a way. */
function extentOf({ isSafe }: Way): Extent {
  if (isShort) return { rotations: 1, mintsPerSecond: 10, restarts: 10 };
  return { rotations: isSafe ? 5 : 2, mintsPerSecond: 25, restarts: 200 };
}

async function drillAll(): Promise<Row[]> {
  const start = (way: Way) => drill(way, folder, extentOf(way));
  if (isShort) {
    // All at once takes a minute less for each way, but then they compete for the machine.
    const rows: Row[] = [];
    for (const group of [waysBySlots, waysByStores, waysByMoves]) {
      rows.push(...(await Promise.all(group.filter(isAsked).filter(isHere).map(start))));
    }
    return rows;
  }
  const rows: Row[] = [];
  for (const way of ways.filter(isHere)) {
    rows.push(await start(way));
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
  for (const { name, isMissing } of missing) print(`skipped: ${name}, since ${isMissing}`);
  if (missing.length > 0) print(`${missing.length} of ${ways.length} ways were skipped.`);
  // So much of a gap may be the machine's.
  print(`The drill itself was held up for ${Math.round(ownDelay.max / 1e6)} ms at most.`);
  const noticed = rows.filter(({ way, tally }) => way.isSafe && tally.failedVerifications > 0);
  if (noticed.length > 0) throw new Error(`Noticed: ${noticed.map(({ way }) => way.name).join(', ')}`);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'The drill failed'}\n`);
  process.exit(1);
}
