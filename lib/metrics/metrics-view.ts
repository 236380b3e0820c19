import type { SigningAlgorithm } from '../core/algorithms.js';
import { inOrder } from '../core/ring/life.js';
import type { Slot } from '../core/ring/life.js';
import type { CallsView } from '../core/usage/call-usage.js';
import type { KeyUsageView } from '../core/usage/key-usage.js';
import { mostKids } from '../core/usage/usage.js';
import type { Usage } from '../core/usage/usage.js';
import type { RotationReading } from '../rotation/rotation-reading.js';
import type { PublicJwksStatus } from '../rotation/public-jwks/public-jwks.js';
import type { RotationView } from '../rotation/rotation-view.js';

/** A key of the ring, as numbers. */
export interface KeyMetricsView {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly slot: Slot;
  /** For how long it has been in this slot, in seconds, as far as this process knows. */
  readonly age: number;
  /** Until it gets into another slot, or goes, in seconds; undefined where that is not known. */
  readonly nextChangeIn: number | undefined;
  /** Whether it waits longer than configuration wants, because relying parties may not know it yet. */
  readonly isHeldBack: boolean;
  /** Whether what it signs with makes signatures; undefined for a key that signs nothing. */
  readonly signerWorks: boolean | undefined;
}

/** The JWKS where relying parties fetch it, beside that of this process. */
export interface PublicJwksView {
  /** Whether it was there when it was last asked for. */
  readonly isUp: boolean;
  /** How it was when it was last there; undefined where it never was. */
  readonly seen:
    | {
        /** How many keys of this process are not in it. */
        readonly missing: number;
        /** How many keys are in it that this process does not publish. */
        readonly others: number;
        /** In seconds since 1970. */
        readonly at: number;
      }
    | undefined;
}

/** Everything that is measured of one issuer, at one moment. Names of keys and counts, and nothing of a token. */
export interface MetricsView {
  readonly issuer: string;
  /** Those that sign first, then those that will; a hundred at most. */
  readonly keys: readonly KeyMetricsView[];
  /** The algorithms that configuration names, and whether a key signs in them. */
  readonly algorithms: readonly { readonly algorithm: string; readonly canSign: boolean }[];
  readonly usage: readonly KeyUsageView[];
  /** By the status of the answer. */
  readonly jwksRequests: readonly (readonly [status: string, count: number])[];
  readonly source: {
    /** When it was last asked, in seconds since 1970, whatever came of it. */
    readonly lastReadAt: number | undefined;
    /** When it last confirmed what is in service, in seconds since 1970, by the same clock. */
    readonly lastSuccessAt: number;
    /** How long ago that was, in seconds. */
    readonly dataAge: number;
    /** By outcome: `ok`, or the code of the error. */
    readonly reads: readonly (readonly [outcome: string, count: number])[];
  };
  /** What was last seen of the JWKS at its public address; undefined where it was not seen yet, or nobody looks. */
  readonly publicJwks: PublicJwksView | undefined;
  /** Requests to stores, KMSs and HSMs. */
  readonly calls: readonly CallsView[];
}

/** Reads everything as it is now, and changes nothing. */
export function metricsViewOf(issuer: string, reading: RotationReading, usage: Usage): MetricsView {
  const { now, view, loadedAt, publicJwks } = reading;
  const { lastReadAt, reads } = usage.source.view();
  return {
    issuer,
    keys: keysOf(reading),
    algorithms: algorithmsOf(view),
    usage: usage.keys(),
    jwksRequests: usage.jwksRequests.view(),
    source: {
      lastReadAt: lastReadAt === undefined ? undefined : lastReadAt / 1000,
      lastSuccessAt: loadedAt / 1000,
      dataAge: Math.max(0, now.wall - loadedAt) / 1000,
      reads,
    },
    publicJwks: publicJwks && publicJwksOf(publicJwks),
    calls: usage.calls.view(),
  };
}

function keysOf({ now, view, changesDue }: RotationReading): KeyMetricsView[] {
  const heldBack = new Set(view.waiting.flatMap(({ key, isHeldBack }) => (isHeldBack ? key.kid : [])));
  return inOrder(view.keys)
    .slice(0, mostKids)
    .map(({ key, signer, slot, since }) => {
      const change = changesDue.get(key.kid);
      return {
        kid: key.kid,
        algorithm: key.alg,
        slot,
        age: Math.max(0, now.monotonic - since) / 1000,
        nextChangeIn: change === undefined ? undefined : Math.max(0, change - now.monotonic) / 1000,
        isHeldBack: heldBack.has(key.kid),
        signerWorks: slot === 'current' && signer ? signer.failure === undefined : undefined,
      };
    });
}

function algorithmsOf({ keys, withoutSigner }: RotationView): MetricsView['algorithms'] {
  return [
    ...keys.flatMap(({ key, slot }) => (slot === 'current' ? { algorithm: key.alg, canSign: true } : [])),
    ...withoutSigner.map(({ names }) => ({ algorithm: names[0], canSign: false })),
  ];
}

function publicJwksOf({ missing, others, seenAt, failure }: PublicJwksStatus): PublicJwksView | undefined {
  // Not asked for yet.
  if (seenAt === undefined && failure === undefined) return undefined;
  return {
    isUp: failure === undefined,
    seen: seenAt && { missing: missing.length, others: others.length, at: seenAt.getTime() / 1000 },
  };
}
