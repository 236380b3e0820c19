import type { HistogramView } from '../core/usage/histogram.js';
import type { MetricsView } from './metrics-view.js';

/** What tells one number of an instrument from another, and what OpenTelemetry calls it. */
export const attributes = Object.freeze({
  issuer: 'oidc_key.issuer',
  kid: 'oidc_key.kid',
  algorithm: 'oidc_key.algorithm',
  slot: 'oidc_key.slot',
  outcome: 'oidc_key.outcome',
  status: 'http.response.status_code',
  system: 'oidc_key.system',
  operation: 'oidc_key.operation',
});

export type Label = keyof typeof attributes;

/** Beside `issuer`, which every number has. */
export type Labels = Readonly<Partial<Record<Label, string>>>;

export interface Point<Value> {
  readonly labels: Labels;
  readonly value: Value;
}

interface AnyInstrument {
  /** As OpenTelemetry has it; `prometheusNameOf` makes the other one of it. */
  readonly name: string;
  /** A code of UCUM. */
  readonly unit: string;
  readonly description: string;
  readonly labels: readonly Label[];
}

/** A number, read when somebody asks. A counter only grows, while the process lives and the key is there. */
export interface NumberInstrument extends AnyInstrument {
  readonly type: 'counter' | 'gauge';
  /**
   * What is said of a series that is gone, to a monitoring system that otherwise repeats the last that it was told: nothing
   * that calls anybody. Default: nothing is said.
   */
  readonly whenGone?: number;
  readonly read: (view: MetricsView) => readonly Point<number>[];
}

/** Durations in seconds. */
export interface HistogramInstrument extends AnyInstrument {
  readonly type: 'histogram';
  readonly read: (view: MetricsView) => readonly Point<HistogramView>[];
}

export type Instrument = NumberInstrument | HistogramInstrument;

const one = (value: number | undefined): readonly Point<number>[] =>
  value === undefined ? [] : [{ labels: {}, value }];

/** Durations of signatures and of calls are recorded as they end, too, by these names. */
export const durations = Object.freeze({
  ofSignature: 'oidc_key.signature.duration',
  waitOfSignature: 'oidc_key.signature.wait',
  ofCall: 'oidc_key.call.duration',
});

/** Everything that is measured, in the order of the documentation. */
export const instruments: readonly Instrument[] = Object.freeze<Instrument[]>([
  {
    name: 'oidc_key.key.age',
    type: 'gauge',
    whenGone: 0,
    unit: 's',
    description: 'How long a key has been in its slot, as far as the process knows.',
    labels: ['kid', 'algorithm', 'slot'],
    read: ({ keys }) =>
      keys.map(({ kid, algorithm, slot, age }) => ({ labels: { kid, algorithm, slot }, value: age })),
  },
  {
    name: 'oidc_key.key.time_to_change',
    type: 'gauge',
    whenGone: 0,
    unit: 's',
    description: 'How long until a key gets into another slot or goes, where that is known.',
    labels: ['kid', 'algorithm', 'slot'],
    read: ({ keys }) =>
      keys.flatMap(({ kid, algorithm, slot, nextChangeIn }) =>
        one(nextChangeIn).map(({ value }) => ({ labels: { kid, algorithm, slot }, value })),
      ),
  },
  {
    name: 'oidc_key.key.held_back',
    type: 'gauge',
    whenGone: 0,
    unit: '',
    description:
      'Whether a next key waits longer than configuration wants, since relying parties may not know it.',
    labels: ['kid', 'algorithm'],
    read: ({ keys }) =>
      keys.flatMap(({ kid, algorithm, slot, isHeldBack }) =>
        slot === 'next' ? { labels: { kid, algorithm }, value: Number(isHeldBack) } : [],
      ),
  },
  {
    name: 'oidc_key.signer.up',
    type: 'gauge',
    whenGone: 1,
    unit: '',
    description: 'Whether what a key signs with makes signatures: 0 while a KMS or HSM fails.',
    labels: ['kid', 'algorithm'],
    read: ({ keys }) =>
      keys.flatMap(({ kid, algorithm, signerWorks }) =>
        signerWorks === undefined ? [] : { labels: { kid, algorithm }, value: Number(signerWorks) },
      ),
  },
  {
    name: 'oidc_key.algorithm.can_sign',
    type: 'gauge',
    whenGone: 1,
    unit: '',
    description: 'Whether a key signs in an algorithm that is configured.',
    labels: ['algorithm'],
    read: ({ algorithms }) =>
      algorithms.map(({ algorithm, canSign }) => ({ labels: { algorithm }, value: Number(canSign) })),
  },
  {
    name: 'oidc_key.signatures',
    type: 'counter',
    unit: '{signature}',
    description: 'Signatures that were asked for.',
    labels: ['kid', 'algorithm', 'outcome'],
    read: ({ usage }) =>
      usage.flatMap(({ kid, algorithm, signatures }) =>
        signatures.map(([outcome, value]) => ({ labels: { kid, algorithm, outcome }, value })),
      ),
  },
  {
    name: durations.ofSignature,
    type: 'histogram',
    unit: 's',
    description: 'How long a signature took, waiting included.',
    labels: ['kid', 'algorithm'],
    read: ({ usage }) =>
      usage.flatMap(({ kid, algorithm, durations: value }) =>
        value.count === 0 ? [] : { labels: { kid, algorithm }, value },
      ),
  },
  {
    name: durations.waitOfSignature,
    type: 'histogram',
    unit: 's',
    description:
      'How long a signature waited for a thread, a turn of the event loop, or a place among requests.',
    labels: ['kid', 'algorithm'],
    read: ({ usage }) =>
      usage.flatMap(({ kid, algorithm, waits: value }) =>
        value.count === 0 ? [] : { labels: { kid, algorithm }, value },
      ),
  },
  {
    name: 'oidc_key.signing.waiting',
    type: 'gauge',
    whenGone: 0,
    unit: '{signature}',
    description: 'Signatures that wait now.',
    labels: ['kid', 'algorithm'],
    read: ({ usage }) =>
      usage.flatMap(({ kid, algorithm, durations: { count }, waiting, underWay }) =>
        count + waiting + underWay === 0 ? [] : { labels: { kid, algorithm }, value: waiting },
      ),
  },
  {
    name: 'oidc_key.signing.under_way',
    type: 'gauge',
    whenGone: 0,
    unit: '{signature}',
    description: 'Signatures that are made now.',
    labels: ['kid', 'algorithm'],
    read: ({ usage }) =>
      usage.flatMap(({ kid, algorithm, durations: { count }, waiting, underWay }) =>
        count + waiting + underWay === 0 ? [] : { labels: { kid, algorithm }, value: underWay },
      ),
  },
  {
    name: 'oidc_key.verifications',
    type: 'counter',
    unit: '{verification}',
    description: 'Tokens that were verified or refused.',
    labels: ['kid', 'outcome'],
    read: ({ usage }) =>
      usage.flatMap(({ kid, verifications }) =>
        verifications.map(([outcome, value]) => ({ labels: { kid, outcome }, value })),
      ),
  },
  {
    name: 'oidc_key.jwks.requests',
    type: 'counter',
    unit: '{request}',
    description: 'Requests that the JWKS route answered.',
    labels: ['status'],
    read: ({ jwksRequests }) => jwksRequests.map(([status, value]) => ({ labels: { status }, value })),
  },
  {
    name: 'oidc_key.source.last_read.timestamp',
    type: 'gauge',
    unit: 's',
    description: 'When the source of the keys was last asked, since 1970, whatever came of it.',
    labels: [],
    read: ({ source }) => one(source.lastReadAt),
  },
  {
    name: 'oidc_key.source.last_success.timestamp',
    type: 'gauge',
    unit: 's',
    description: 'When the source of the keys last confirmed what is in service, since 1970.',
    labels: [],
    read: ({ source }) => one(source.lastSuccessAt),
  },
  {
    name: 'oidc_key.source.data_age',
    type: 'gauge',
    whenGone: 0,
    unit: 's',
    description: 'How long ago the source of the keys confirmed what is in service.',
    labels: [],
    read: ({ source }) => one(source.dataAge),
  },
  {
    name: 'oidc_key.source.reads',
    type: 'counter',
    unit: '{read}',
    description: 'How often the source of the keys was asked.',
    labels: ['outcome'],
    read: ({ source }) => source.reads.map(([outcome, value]) => ({ labels: { outcome }, value })),
  },
  {
    name: 'oidc_key.public_jwks.up',
    type: 'gauge',
    unit: '',
    description: 'Whether the JWKS at the option `publicJwksUri` was there when last asked for.',
    labels: [],
    read: ({ publicJwks }) => one(publicJwks && Number(publicJwks.isUp)),
  },
  {
    name: 'oidc_key.public_jwks.missing',
    type: 'gauge',
    unit: '{key}',
    description:
      'Keys of this process that the JWKS at the option `publicJwksUri` did not have when last seen.',
    labels: [],
    read: ({ publicJwks }) => one(publicJwks?.seen?.missing),
  },
  {
    name: 'oidc_key.public_jwks.others',
    type: 'gauge',
    unit: '{key}',
    description: 'Keys that it had, and that this process does not publish: 100 at most.',
    labels: [],
    read: ({ publicJwks }) => one(publicJwks?.seen?.others),
  },
  {
    name: 'oidc_key.public_jwks.seen.timestamp',
    type: 'gauge',
    unit: 's',
    description: 'When it was last seen, since 1970.',
    labels: [],
    read: ({ publicJwks }) => one(publicJwks?.seen?.at),
  },
  {
    name: 'oidc_key.calls',
    type: 'counter',
    unit: '{call}',
    description: 'Requests to a key store, a KMS or an HSM.',
    labels: ['system', 'operation', 'outcome'],
    read: ({ calls }) =>
      calls.flatMap(({ system, operation, outcomes }) =>
        outcomes.map(([outcome, value]) => ({ labels: { system, operation, outcome }, value })),
      ),
  },
  {
    name: durations.ofCall,
    type: 'histogram',
    unit: 's',
    description: 'How long requests to a key store, a KMS or an HSM took.',
    labels: ['system', 'operation'],
    read: ({ calls }) =>
      calls.map(({ system, operation, durations: value }) => ({ labels: { system, operation }, value })),
  },
]);

/**
 * The name by the conventions of Prometheus: base units in words at the end, and `_total` of what is counted. Prometheus
 * and the collector make the same of what OpenTelemetry sends them; its exporter for Node leaves the unit out.
 */
export function prometheusNameOf({ name, type, unit }: Pick<Instrument, 'name' | 'type' | 'unit'>): string {
  return `${name.replaceAll('.', '_')}${unit === 's' ? '_seconds' : ''}${type === 'counter' ? '_total' : ''}`;
}
