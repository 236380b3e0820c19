import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { attributes, instruments, prometheusNameOf } from '../../lib/metrics/instruments.js';
import { pageAt } from '../support/pages.js';
import { root } from '../support/processes.js';

const { text } = pageAt('docs/metrics.md');

/** The cells of the rows of the one table of a section, without the heads. */
function rowsOf(title: string, table = 0): string[][] {
  const section = text.slice(text.indexOf(`\n## ${title}`)).split(/\n## /, 2)[1]!;
  const tables = section.split('\n\n').filter((part) => part.startsWith('|'));
  const [, , ...rows] = tables[table]!.trim().split('\n');
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const code = (name: string) => `\`${name}\``;

describe('docs/metrics.md', () => {
  it('has every metric with its names, kind, unit, labels and description, and no other', () => {
    expect(rowsOf('What there is')).toEqual(
      instruments.map((each) => [
        code(each.name),
        code(prometheusNameOf(each)),
        each.unit === '' ? each.type : `${each.type}, ${code(each.unit)}`,
        each.labels.map(code).join(', ') || 'none',
        each.description,
      ]),
    );
  });

  it('has every label with its attribute', () => {
    expect(rowsOf('What there is', 1).map((cells) => cells.slice(0, 2))).toEqual(
      Object.entries(attributes).map(([label, attribute]) => [code(label), code(attribute)]),
    );
  });

  it('has every alert that is shipped', () => {
    const alerts = readFileSync(join(root, 'monitoring/alerts.yaml'), 'utf8');
    const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => code(name!));
    expect(rowsOf('The alerts').map(([name]) => name)).toEqual(names);
  });
});
