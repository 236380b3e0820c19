import type { Row } from './row.js';

const columns: readonly [title: string, cell: (row: Row) => string | number][] = [
  ['way', ({ way }) => way.name],
  ['rotations', ({ rotations }) => rotations],
  ['tokens minted', ({ tally }) => tally.minted],
  ['verifications', ({ tally }) => tally.verifications],
  ['failed verifications', ({ tally }) => tally.failedVerifications],
  ['longest gap in service', ({ tally }) => `${Math.round(tally.longestGap)} ms`],
];

export function table(rows: readonly Row[]): string {
  const cells = [
    columns.map(([title]) => title),
    ...rows.map((row) => columns.map(([, cell]) => String(cell(row)))),
  ];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  const lines = cells.map((line) => `| ${line.map((cell, i) => pad(cell, widths[i]!, i)).join(' | ')} |`);
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** What went wrong on purpose, and what came of it. */
export function notes(rows: readonly Row[]): string {
  return rows
    .flatMap(({ way, tally, mishaps }) => [
      `${way.name}: requests lost ${tally.lostMints}${listOf(mishaps)}`,
      ...tally.reasons.map(([reason, times]) => `  ${times} verifications failed: ${reason}`),
    ])
    .join('\n');
}

function listOf(mishaps: Row['mishaps']): string {
  return Object.entries(mishaps)
    .map(([what, count]) => `, ${what} ${count}`)
    .join('');
}
