import type { HistogramView } from '../core/usage/histogram.js';
import { prometheusNameOf } from '../metrics/instruments.js';
import type { Instrument } from '../metrics/instruments.js';
import type { MetricsView } from '../metrics/metrics-view.js';
import { aggregatorOf, histogramsOf, numbersOf } from '../metrics/points.js';
import type { Aggregator } from '../metrics/points.js';

/** A line of the text, and what `prom-client` makes it of. */
interface Value {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * A metric as a registry of `prom-client` asks for it. It is none of the library's own: those keep numbers, histograms
 * among them, which here are kept already.
 */
export class CollectedMetric {
  /** The registry writes it without `_total` where it speaks OpenMetrics. */
  name: string;
  readonly help: string;
  readonly type: Instrument['type'];
  /** How the figures of the processes of a cluster become one. */
  readonly aggregator: Aggregator;
  readonly labelNames: readonly string[];
  readonly #instrument: Instrument;
  readonly #views: () => readonly MetricsView[];

  constructor(instrument: Instrument, views: () => readonly MetricsView[]) {
    this.#instrument = instrument;
    this.#views = views;
    this.name = prometheusNameOf(instrument);
    this.help = instrument.description;
    this.type = instrument.type;
    this.labelNames = ['issuer', ...instrument.labels];
    this.aggregator = aggregatorOf(instrument);
  }

  get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    return Promise.resolve({ name, help, type, aggregator, values: this.#values() });
  }

  /** What is counted is not forgotten because somebody tells the registry to. */
  reset(): void {
    // Nothing is kept here.
  }

  #values(): readonly Value[] {
    const instrument = this.#instrument;
    const views = this.#views();
    if (instrument.type !== 'histogram') return numbersOf(instrument, views);
    return histogramsOf(instrument, views).flatMap(({ labels, value }) => linesOf(this.name, labels, value));
  }
}

function linesOf(name: string, labels: Value['labels'], histogram: HistogramView): readonly Value[] {
  let total = 0;
  const buckets = histogram.counts.map((count, index) => {
    total += count;
    const le = histogram.bounds[index] ?? '+Inf';
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: histogram.sum },
    { metricName: `${name}_count`, labels, value: histogram.count },
  ];
}
