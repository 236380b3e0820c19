import type {
  Attributes,
  BatchObservableCallback,
  Histogram,
  Meter,
  MetricOptions,
  Observable,
} from '@opentelemetry/api';

import { durationBounds } from '../core/usage/histogram.js';
import type { Ended } from '../core/usage/usage-listener.js';
import { attributes, durations, instruments } from '../metrics/instruments.js';
import type { Instrument, Label, Labels, NumberInstrument } from '../metrics/instruments.js';
import type { KeyMetrics } from '../metrics/key-metrics.js';

/** Gives a meter what is counted when it asks, and durations as they end, since it has no histogram that it asks for. */
export class KeyInstruments {
  readonly #issuers: readonly KeyMetrics[];
  readonly #meter: Meter;
  readonly #observed: readonly (readonly [NumberInstrument, Observable])[];
  readonly #durations: ReadonlyMap<string, Histogram>;

  constructor(issuers: readonly KeyMetrics[], meter: Meter) {
    this.#issuers = issuers;
    this.#meter = meter;
    this.#observed = instruments.flatMap((instrument) =>
      instrument.type === 'histogram' ? [] : [[instrument, observableOf(meter, instrument)] as const],
    );
    this.#durations = new Map(
      instruments.flatMap((instrument) =>
        instrument.type === 'histogram' ? [[instrument.name, histogramOf(meter, instrument)] as const] : [],
      ),
    );
  }

  register(): void {
    this.#meter.addBatchObservableCallback(this.#observe, this.#observables);
  }

  remove(): void {
    this.#meter.removeBatchObservableCallback(this.#observe, this.#observables);
  }

  /** An operation of an issuer. */
  record(issuer: string, { type, kid, algorithm, system, operation, outcome, duration, wait }: Ended): void {
    const failed = outcome === 'signed' || outcome === 'ok' ? {} : { 'error.type': outcome };
    if (type === 'call') {
      const of = { ...attributesOf({ issuer, system, operation }), ...failed };
      this.#durations.get(durations.ofCall)!.record(duration, of);
      return;
    }
    const of = attributesOf({ issuer, kid, algorithm });
    this.#durations.get(durations.ofSignature)!.record(duration, { ...of, ...failed });
    if (wait !== undefined) this.#durations.get(durations.waitOfSignature)!.record(wait, of);
  }

  get #observables(): Observable[] {
    return this.#observed.map(([, observable]) => observable);
  }

  readonly #observe: BatchObservableCallback = (result) => {
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

function histogramOf(meter: Meter, instrument: Instrument): Histogram {
  const advice = { explicitBucketBoundaries: [...durationBounds] };
  return meter.createHistogram(instrument.name, { ...optionsOf(instrument), advice });
}

function optionsOf({ unit, description }: Instrument): MetricOptions {
  return { unit, description };
}
