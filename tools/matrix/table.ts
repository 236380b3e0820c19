import type { Row } from './cell.js';

const headings = ['group', 'cell', 'result', 'takes', 'note'];
// A failure may be as long as what a compiler prints, which stands below the table.
const longestNote = 110;

export function tableOf(rows: readonly Row[]): string {
  const cells = [
    headings,
    ...rows.map(({ group, name, result, seconds, note }) => [
      group,
      name,
      result,
      `${seconds.toFixed(1)} s`,
      result === 'FAILS' ? 'see below' : note,
    ]),
  ];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(Math.min(widths[column]!, longestNote))).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(Math.min(width, longestNote))));
  return [line(cells[0]!), rule, ...cells.slice(1).map(line)].join('\n');
}

/** What those said that should work and do not. */
export function failuresOf(rows: readonly Row[]): string[] {
  return rows
    .filter(({ result }) => result === 'FAILS')
    .map(({ group, name, note }) => `${group}, ${name}:\n${note.replaceAll(/^/gm, '  ')}`);
}
