import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Dashboard, Panel } from '@grafana/schema';
import { describe, expect, it } from '@jest/globals';
import { parser } from '@prometheus-io/lezer-promql';

import shipped from '../../monitoring/dashboard.json' with { type: 'json' };
import { instruments, prometheusNameOf } from '../../lib/metrics/instruments.js';
import { root } from '../support/processes.js';

/** A type as JSON has it: TypeScript reads every text of a JSON file as a `string`, also where an enumeration is meant. */
type InJson<Type> = Type extends string
  ? string
  : Type extends number
    ? number
    : Type extends readonly (infer Each)[]
      ? InJson<Each>[]
      : Type extends object
        ? { [Name in keyof Type]: InJson<Type[Name]> }
        : Type;

const file = readFileSync(join(root, 'monitoring/dashboard.json'), 'utf8');
const dashboard: InJson<Partial<Dashboard>> = JSON.parse(file) as typeof shipped;
const alerts = readFileSync(join(root, 'monitoring/alerts.yaml'), 'utf8');

/** What a metric is in the text that Prometheus reads. */
const series = new Map<string, readonly string[]>(
  instruments.flatMap((instrument): (readonly [string, readonly string[]])[] => {
    const name = prometheusNameOf(instrument);
    const labels = ['issuer', 'job', 'instance', ...instrument.labels];
    return instrument.type === 'histogram'
      ? ['_bucket', '_sum', '_count'].map((end) => [name + end, [...labels, 'le']] as const)
      : [[name, labels]];
  }),
);

const panels = dashboard.panels as unknown as readonly Pick<
  Panel,
  'id' | 'title' | 'type' | 'gridPos' | 'targets'
>[];
const expressions = panels.flatMap(({ title = '', targets = [] }) =>
  targets.map(({ expr }, index) => [`${title} ${index + 1}`, String(expr)] as const),
);

interface PanelWithAxes {
  readonly targets: readonly { readonly refId: string; readonly expr: string }[];
  readonly fieldConfig: {
    readonly overrides: readonly {
      readonly matcher: { readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}
const axis = 'custom.axisPlacement';

/** The expression as it is sent, with what Grafana puts in place of its variables. */
const sent = (expression: string) =>
  expression.replaceAll('$__rate_interval', '1m').replaceAll(/"\$\w+"/g, '".*"');

interface Parsed {
  readonly errors: readonly string[];
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
}

function parsed(expression: string): Parsed {
  const found = { errors: [] as string[], metrics: [] as string[], labels: [] as string[] };
  parser.parse(expression).iterate({
    enter: ({ type, from, to }) => {
      const text = expression.slice(from, to);
      if (type.isError) found.errors.push(`${text} at ${from}`);
      // A name of a metric is an identifier inside a selector; others are labels.
      if (type.name === 'Identifier') found.metrics.push(text);
      if (type.name === 'LabelName') found.labels.push(text);
    },
  });
  return found;
}

describe('the dashboard', () => {
  it('has expressions, each of a metric', () => {
    expect(expressions.length).toBeGreaterThan(20);
    for (const [, expression] of expressions) expect(parsed(sent(expression)).metrics).not.toEqual([]);
  });

  it.each(expressions)('%s: asks for metrics and labels that are there', (_, expression) => {
    const { errors, metrics, labels } = parsed(sent(expression));
    expect(errors).toEqual([]);
    for (const metric of metrics) expect([...series.keys()]).toContain(metric);
    const known = metrics.flatMap((metric) => series.get(metric) ?? []);
    expect(labels.filter((label) => !known.includes(label))).toEqual([]);
  });

  it('shows every metric that there is', () => {
    const shown = new Set(expressions.flatMap(([, expression]) => parsed(sent(expression)).metrics));
    const names = instruments.map((instrument) => prometheusNameOf(instrument));
    const isShown = (name: string) => shown.has(name) || shown.has(`${name}_bucket`);
    const elsewhere = names.filter((name) => !isShown(name));
    expect(elsewhere).toEqual([]);
  });

  it.each(expressions.filter(([, expression]) => expression.startsWith('count(')))(
    '%s: counts what it names once, however many replicas see it',
    (_, expression) => {
      expect(expression).toMatch(/^count\(count by \(job, issuer, \w+\) \(/);
    },
  );

  it('has tables whose expressions leave the same labels, and no name, so that each thing has one row', () => {
    const tables = panels.filter(({ type }) => type === 'table');
    expect(tables).not.toEqual([]);
    for (const { targets = [] } of tables) {
      const left = targets.map(({ expr }) => /^max by \(([^)]*)\) \(/.exec(String(expr))?.[1]);
      expect(left[0]).toBeDefined();
      expect(new Set(left).size).toBe(1);
    }
  });

  it('draws seconds and counts on axes of their own', () => {
    const isOfTime = (expression: string) =>
      parsed(sent(expression)).metrics.some((metric) => /_seconds(_bucket)?$/.test(metric));
    const mixed = panels.filter(
      ({ targets = [] }) => new Set(targets.map(({ expr }) => isOfTime(String(expr)))).size > 1,
    );
    expect(mixed.map(({ title }) => title)).toEqual(['Waiting to be signed']);
    for (const { targets = [], fieldConfig } of mixed as unknown as PanelWithAxes[]) {
      const onTheRight = fieldConfig.overrides
        .filter(({ properties }) => properties.some(({ id, value }) => id === axis && value === 'right'))
        .map(({ matcher }) => matcher.options);
      expect(onTheRight).toEqual(targets.flatMap(({ refId, expr }) => (isOfTime(expr) ? refId : [])));
    }
  });

  it('says in its legends no label that its expression does not leave', () => {
    for (const { targets = [] } of panels) {
      for (const { expr, legendFormat = '' } of targets as { expr: string; legendFormat?: string }[]) {
        const left = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
        const by = /by \(([^)]*)\)/.exec(expr)?.[1];
        if (by !== undefined)
          for (const label of left)
            expect([expr, by.split(', ')]).toEqual([expr, expect.arrayContaining([label])]);
      }
    }
  });

  it('has panels with ids of their own that lie beside each other', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos }) => {
      const { x, y, w, h } = gridPos!;
      return Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
    expect(cells.every((cell) => Number(cell.split(' ')[0]) < 24)).toBe(true);
  });
});

it('the alert rules ask for metrics that are there', () => {
  const names = [...alerts.matchAll(/\boidc_key_\w+/g)].map(([name]) => name);
  expect(names.length).toBeGreaterThan(12);
  for (const name of names) expect([...series.keys()]).toContain(name);
});
