import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { rowOf } from '../../tools/bench/row.js';
import { markdownOf, marker } from '../../tools/bench/table.js';
import type { Results } from '../../tools/bench/table.js';
import { root } from '../support/processes.js';

const results = JSON.parse(readFileSync(join(root, 'tools/bench/results.json'), 'utf8')) as Results;

/** Prettier pads the cells of a table. */
const unpadded = (markdown: string) =>
  markdown.replaceAll(/ +/g, ' ').replaceAll(/\| ?-+ ?(?=\|)/g, '| --- ');

describe('the benchmark', () => {
  it('has every figure of the documentation in the results that are committed beside it', () => {
    const [, table] = readFileSync(join(root, 'docs/performance.md'), 'utf8').split(marker);
    expect(unpadded(table!).trim()).toBe(unpadded(markdownOf(results)).trim());
  });

  it('has a figure for each thing that it set out to reach', () => {
    expect(results.rows.filter(({ target }) => target).length).toBeGreaterThan(18);
    for (const row of results.rows) expect(Number.isFinite(row.result)).toBe(true);
  });

  it('takes the median of the rounds, and not the ratio of the medians', () => {
    const about = { measure: 'a', beside: 'b', unit: 'ms', target: { atMost: 0.5 } };
    const row = rowOf(about, [1, 2, 30], [2, 8, 10]);
    expect(row).toMatchObject({ ours: 2, theirs: 8, result: 0.5, spread: [0.25, 3], reached: true });
    expect(rowOf({ ...about, kind: 'difference' }, [3, 4, 5], [1, 1, 1])).toMatchObject({ result: 3 });
    expect(rowOf({ ...about, target: { atLeast: 0.51 } }, [1, 2, 30], [2, 8, 10]).reached).toBe(false);
  });

  it('does not round a figure to what it has to reach', () => {
    const about = { measure: 'a', beside: 'b', unit: 'ms' };
    expect(rowOf({ ...about, target: { atMost: 1.1 } }, [1.10004], [1])).toMatchObject({ reached: false });
    expect(rowOf({ ...about, target: { atLeast: 0.95 } }, [0.94996], [1])).toMatchObject({ reached: false });
    expect(rowOf(about, [1], [1]).reached).toBeUndefined();
  });
});
