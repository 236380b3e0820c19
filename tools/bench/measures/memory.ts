import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { rowOf } from '../row.js';
import type { Row } from '../row.js';
import { pathOf } from '../server-process.js';

export interface MemoryReport {
  readonly signed: number;
  readonly reloads: number;
  /** Megabytes after a collection, at equal distances. */
  readonly heap: readonly number[];
}

const run = promisify(execFile);

/** The heap in the last quarter of a minute of signatures and reloads, over that in the quarter before. */
export async function measureMemory(): Promise<Row[]> {
  const { stdout } = await run(process.execPath, ['--expose-gc', pathOf('memory')]);
  const { signed, reloads, heap } = JSON.parse(stdout) as MemoryReport;
  const quarter = heap.length / 4;
  const [third, last] = [heap.slice(2 * quarter, 3 * quarter), heap.slice(3 * quarter)];
  return [
    rowOf(
      {
        measure: `heap at the end of ${signed} signatures and ${reloads} reloads`,
        beside: 'a quarter of the time before',
        unit: 'MB',
        target: { atMost: 1.01 },
      },
      last,
      third,
    ),
  ];
}
