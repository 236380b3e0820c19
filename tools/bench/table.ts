import type { Row } from './row.js';

/** What a run of the benchmark found. */
export interface Results {
  /** The day, as ISO 8601 has it. */
  readonly date: string;
  readonly machine: string;
  readonly rows: readonly Row[];
}

const headings = ['measure', 'ours', 'beside', 'theirs', 'result', 'middle half', 'to reach'];

export function tableOf({ rows }: Results): string {
  const cells = [headings, ...rows.map(cellsOf)];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Stands before and after the table in docs/performance.md. */
export const marker = '<!-- the table of npm run bench -->';

/** What docs/performance.md says of it: the rows that have something to reach. */
export function markdownOf({ date, machine, rows }: Results): string {
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  const counted = rows.filter(({ target }) => target !== undefined);
  const table = [headings, headings.map(() => '---'), ...counted.map(cellsOf)].map(line);
  return [`Measured on ${date}: ${machine}.`, '', ...table].join('\n');
}

function cellsOf(row: Row): string[] {
  const { measure, beside, unit, ours, theirs, kind, result, spread } = row;
  const inUnit = (value: number) => `${value} ${unit}`.replace(' /s', '/s');
  const shown = (value: number) =>
    kind === 'ratio' ? `× ${value}` : `${value < 0 ? '' : '+'}${inUnit(value)}`;
  return [
    measure,
    inUnit(ours),
    beside,
    inUnit(theirs),
    shown(result),
    spread.map(shown).join(' to '),
    targetOf(row),
  ];
}

function targetOf(row: Row): string {
  if (!row.target) return '';
  const { atLeast, atMost } = row.target;
  const unit = row.kind === 'ratio' ? '' : ` ${row.unit}`;
  const bound = atLeast === undefined ? `≤ ${Number(atMost!.toPrecision(3))}` : `≥ ${atLeast}`;
  return `${bound}${unit}${row.reached ? '' : ', not reached'}`;
}
