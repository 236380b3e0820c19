import type { HistogramView } from '../core/usage/histogram.js';
import type { Instrument, Label, Point } from './instruments.js';
import type { MetricsView } from './metrics-view.js';

/** How two figures of one issuer become one: of two processes of a cluster, or of two applications of a process. */
export type Aggregator = 'sum' | 'max' | 'min';

export function aggregatorOf({ type, name }: Pick<Instrument, 'type' | 'name'>): Aggregator {
  if (type !== 'gauge' || name.startsWith('oidc_key.signing.')) return 'sum';
  // Whatever is 0 in one process deserves to be seen; of ages the highest.
  return name.endsWith('.up') || name.endsWith('.can_sign') || name.endsWith('.timestamp') ? 'min' : 'max';
}

const merge: Readonly<Record<Aggregator, (one: number, another: number) => number>> = {
  sum: (one, another) => one + another,
  max: Math.max,
  min: Math.min,
};

/** The numbers of every issuer, with its name. Two applications may have issuers of one name. */
export function numbersOf(
  instrument: Extract<Instrument, { type: 'counter' | 'gauge' }>,
  views: readonly MetricsView[],
): readonly Point<number>[] {
  return merged(views, instrument.read, merge[aggregatorOf(instrument)]);
}

/** The histograms of every issuer, as {@link numbersOf} has the numbers. */
export function histogramsOf(
  instrument: Extract<Instrument, { type: 'histogram' }>,
  views: readonly MetricsView[],
): readonly Point<HistogramView>[] {
  return merged(views, instrument.read, (one, another) => ({
    bounds: one.bounds,
    counts: one.counts.map((count, index) => count + another.counts[index]!),
    count: one.count + another.count,
    sum: one.sum + another.sum,
  }));
}

function merged<Value>(
  views: readonly MetricsView[],
  read: (view: MetricsView) => readonly Point<Value>[],
  mergeTwo: (one: Value, another: Value) => Value,
): readonly Point<Value>[] {
  const all = views.flatMap((view) =>
    read(view).map(({ labels, value }) => ({ labels: { issuer: view.issuer, ...labels }, value })),
  );
  if (new Set(views.map(({ issuer }) => issuer)).size === views.length) return all;
  const byLabels = new Map<string, Point<Value>>();
  for (const point of all) {
    const series = seriesOf(point);
    const known = byLabels.get(series);
    byLabels.set(series, known ? { ...known, value: mergeTwo(known.value, point.value) } : point);
  }
  return [...byLabels.values()];
}

/** Tells a series of an instrument from its others: an instrument writes its labels in one order. */
export function seriesOf({ labels }: { readonly labels: Partial<Record<Label, string>> }): string {
  return JSON.stringify(labels);
}
