import { context } from '@opentelemetry/api';
import type {
  Attributes,
  BatchObservableCallback,
  Context,
  Histogram,
  Meter,
  MetricOptions,
  Observable,
} from '@opentelemetry/api';

import { durationBounds } from '../core/usage/histogram.js';
import type { Ending, Operation } from '../core/usage/usage-listener.js';
import { attributes, durations, instruments } from '../metrics/instruments.js';
import type { Instrument, Label, Labels, NumberInstrument } from '../metrics/instruments.js';
import type { KeyMetrics } from '../metrics/key-metrics.js';

/**
 * One duration between two signatures costs a histogram of the SDK more than one of many in a row, since the processor has
 * forgotten by then how it goes. So many at once hold the event loop up for a tenth of a millisecond.
 */
const recordedAtOnce = 100;

/** Gives a meter what is counted when it asks, and durations as they end, since it has no histogram that it asks for. */
export class KeyInstruments {
  readonly #issuers: readonly KeyMetrics[];
  readonly #meter: Meter;
  readonly #observed: readonly (readonly [NumberInstrument, Observable])[];
  readonly #ofSignature: Histogram;
  readonly #waitOfSignature: Histogram;
  readonly #ofCall: Histogram;
  readonly #attributes = new WeakMap<Operation, Attributes>();
  readonly #ended: (readonly [Histogram, seconds: number, Attributes, Context])[] = [];

  constructor(issuers: readonly KeyMetrics[], meter: Meter) {
    this.#issuers = issuers;
    this.#meter = meter;
    this.#observed = instruments.flatMap((instrument) =>
      instrument.type === 'histogram' ? [] : [[instrument, observableOf(meter, instrument)] as const],
    );
    this.#ofSignature = histogramOf(meter, durations.ofSignature);
    this.#waitOfSignature = histogramOf(meter, durations.waitOfSignature);
    this.#ofCall = histogramOf(meter, durations.ofCall);
  }

  register(): void {
    this.#meter.addBatchObservableCallback(this.#observe, this.#observables);
  }

  remove(): void {
    this.#recordEnded();
    this.#meter.removeBatchObservableCallback(this.#observe, this.#observables);
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
    for (const issuer of this.#issuers) {
      const view = issuer.view();
      for (const [instrument, observable] of this.#observed) {
        for (const { labels, value } of instrument.read(view)) {
          result.observe(observable, value, attributesOf({ issuer: issuer.issuer, ...labels }));
        }
      }
    }
  };
}

/** Labels under the names that OpenTelemetry has for them. */
export function attributesOf(labels: { readonly [Name in Label]?: Labels[Name] | undefined }): Attributes {
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
