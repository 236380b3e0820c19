// The table that the run prints, one row for each module.
import type { Outcome } from './verdict.js';

const headings = ['module', 'result', 'why'];

export function tableOf(outcomes: readonly Outcome[]): string {
  const cells = [
    headings,
    ...outcomes.map(({ module, result, problems }) => [
      module,
      result,
      [...new Set(problems.map(({ condition }) => condition))].join(', '),
    ]),
  ];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [cells[0]!, widths.map((width) => '-'.repeat(width)), ...cells.slice(1)].map(line).join('\n');
}
