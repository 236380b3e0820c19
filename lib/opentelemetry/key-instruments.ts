import { context } from '@opentelemetry/api';
import type {
  Attributes,
  BatchObservableCallback,
  Context,
  Histogram,
  Meter,
  MeterProvider,
  MetricOptions,
  Observable,
} from '@opentelemetry/api';

import { durationBounds } from '../core/usage/histogram.js';
import type { Ending, Operation } from '../core/usage/usage-listener.js';
import { attributes, durations, instruments } from '../metrics/instruments.js';
import type { Instrument, Label, NumberInstrument } from '../metrics/instruments.js';
import type { KeyMetrics } from '../metrics/key-metrics.js';
import { numbersOf, seriesOf } from '../metrics/points.js';
import { ListenedIssuers } from './listened-issuers.js';
import { scope } from './scope.js';

/**
 * One duration between two signatures costs a histogram of the SDK more than one of many in a row, since the processor has
 * forgotten by then how it goes. So many at once hold the event loop up for a tenth of a millisecond.
 */
const recordedAtOnce = 100;

/** An SDK keeps one of each instrument for a provider, whichever application asks for it. */
const ofProviders = new WeakMap<MeterProvider, KeyInstruments>();

/** Gives a meter what is counted when it asks, and durations as they end, since it has no histogram that it asks for. */
export class KeyInstruments {
  readonly #issuers = new ListenedIssuers();
  readonly #meter: Meter;
  /** What was observed last and is to be said of when it is gone, by its instrument and series. */
  #gauges: ReadonlyMap<string, readonly [NumberInstrument, Observable, Attributes]> = new Map();
  readonly #observed: readonly (readonly [NumberInstrument, Observable])[];
  readonly #ofSignature: Histogram;
  readonly #waitOfSignature: Histogram;
  readonly #ofCall: Histogram;
  readonly #attributes = new WeakMap<Operation, Attributes>();
  readonly #ended: (readonly [Histogram, seconds: number, Attributes, Context])[] = [];

  private constructor(meter: Meter) {
    this.#meter = meter;
    this.#observed = instruments.flatMap((instrument) =>
      instrument.type === 'histogram' ? [] : [[instrument, observableOf(meter, instrument)] as const],
    );
    this.#ofSignature = histogramOf(meter, durations.ofSignature);
    this.#waitOfSignature = histogramOf(meter, durations.waitOfSignature);
    this.#ofCall = histogramOf(meter, durations.ofCall);
  }

  static of(provider: MeterProvider): KeyInstruments {
    const known = ofProviders.get(provider);
    if (known) return known;
    const made = new KeyInstruments(provider.getMeter(scope));
    ofProviders.set(provider, made);
    return made;
  }

  /** Returns what ends it. */
  add(issuers: readonly KeyMetrics[]): () => void {
    const wasEmpty = this.#issuers.all().length === 0;
    const end = this.#issuers.add(issuers, (issuer) => ({
      ended: (operation, ending) => this.record(issuer, operation, ending),
    }));
    if (wasEmpty) this.#meter.addBatchObservableCallback(this.#observe, this.#observables);
    return () => {
      end();
      this.#recordEnded();
      if (this.#issuers.all().length > 0) return;
      this.#meter.removeBatchObservableCallback(this.#observe, this.#observables);
    };
  }

  /** An operation of an issuer. */
  record(issuer: string, operation: Operation, { outcome, duration, wait }: Ending): void {
    const of = this.#attributesOf(issuer, operation);
    const ended = outcome === 'signed' || outcome === 'ok' ? of : { ...of, 'error.type': outcome };
    // An exemplar is of the trace of whoever asked, not of whoever happens to be here when it is recorded.
    const within = context.active();
    if (operation.type === 'call') {
      this.#ended.push([this.#ofCall, duration, ended, within]);
    } else if (wait !== undefined) {
      this.#ended.push([this.#ofSignature, duration, ended, within]);
      this.#ended.push([this.#waitOfSignature, wait, of, within]);
    }
    if (this.#ended.length >= recordedAtOnce) this.#recordEnded();
  }

  #recordEnded(): void {
    for (const [histogram, seconds, of, within] of this.#ended.splice(0)) {
      try {
        histogram.record(seconds, of, within);
      } catch {
        // The others are still to be recorded, and an application has to close.
      }
    }
  }

  /** Made once: a signature that costs 300 µs has no time for more. */
  #attributesOf(issuer: string, operation: Operation): Attributes {
    const known = this.#attributes.get(operation);
    if (known) return known;
    const { type, kid, algorithm, system, operation: asked } = operation;
    const made = attributesOf(
      type === 'call' ? { issuer, system, operation: asked } : { issuer, kid, algorithm },
    );
    this.#attributes.set(operation, made);
    return made;
  }

  get #observables(): Observable[] {
    return this.#observed.map(([, observable]) => observable);
  }

  readonly #observe: BatchObservableCallback = (result) => {
    // An SDK asks before it reads its histograms.
    this.#recordEnded();
    const views = this.#issuers.all().map((issuer) => issuer.view());
    const gauges = new Map<string, readonly [NumberInstrument, Observable, Attributes]>();
    for (const [instrument, observable] of this.#observed) {
      for (const point of numbersOf(instrument, views)) {
        const of = attributesOf(point.labels);
        result.observe(observable, point.value, of);
        if (instrument.whenGone === undefined) continue;
        gauges.set(`${instrument.name} ${seriesOf(point)}`, [instrument, observable, of]);
      }
    }
    // Once is enough: it is the last that an SDK was told, which it repeats.
    for (const [series, [{ whenGone }, observable, of]] of this.#gauges)
      if (!gauges.has(series)) result.observe(observable, whenGone!, of);
    this.#gauges = gauges;
  };
}

/** Labels under the names that OpenTelemetry has for them. */
export function attributesOf(labels: { readonly [Name in Label]?: string | undefined }): Attributes {
  const named: Attributes = {};
  for (const [label, value] of Object.entries(labels)) {
    // By the conventions of HTTP a status is a number.
    if (value !== undefined) named[attributes[label as Label]] = label === 'status' ? Number(value) : value;
  }
  return named;
}

function observableOf(meter: Meter, instrument: NumberInstrument): Observable {
  const options = optionsOf(instrument);
  return instrument.type === 'counter'
    ? meter.createObservableCounter(instrument.name, options)
    : meter.createObservableGauge(instrument.name, options);
}

function histogramOf(meter: Meter, name: string): Histogram {
  const instrument = instruments.find((each) => each.name === name)!;
  const advice = { explicitBucketBoundaries: [...durationBounds] };
  return meter.createHistogram(instrument.name, { ...optionsOf(instrument), advice });
}

function optionsOf({ unit, description }: Instrument): MetricOptions {
  return { unit, description };
}
