import type { Count } from './load.js';

const columns = ['half', 'route', 'requests', 'errors', 'non-2xx', 'wrong bodies', 'p50', 'p99'];

export function table(halves: readonly (readonly Count[])[]): string {
  const rows = halves.flatMap((counts, half) =>
    counts.map(({ route, requests, errors, non2xx, wrongBodies, p50, p99 }) => [
      half + 1,
      route,
      requests,
      errors,
      non2xx,
      wrongBodies,
      `${p50} ms`,
      `${p99} ms`,
    ]),
  );
  const cells = [columns, ...rows.map((row) => row.map(String))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(columns), rule, ...cells.slice(1).map(line)].join('\n');
}
