import { algorithms } from '../core/algorithms.js';
import type { Algorithm } from '../core/algorithms.js';
import type { SigningKey } from '../core/key/signing-key.js';
import type { VerificationKey } from '../core/key/verification-key.js';
import { defaultAlgorithmAmong } from '../core/ring/default-algorithm.js';
import type { KeyInSlot, Life, Lives, Slot } from '../core/ring/life.js';
import type { Moment } from './clock.js';
import type { KnownKeys } from './known-keys.js';
import type { KnownLife } from './known-life.js';
import type { UnknownRevocation } from './revocations.js';
import { isScheduled } from './schedule.js';
import type { WantedLives } from './wanted-lives.js';

/** A key that is to sign and does not yet. */
export interface WaitingKey {
  readonly key: VerificationKey;
  readonly signsFrom: number;
  readonly isScheduled: boolean;
  /** True where configuration wants it to sign earlier, and relying parties may not know it by then. */
  readonly isHeldBack: boolean;
  /** True where that is among what is `skipped`, in other words. */
  readonly isSaidElsewhere?: boolean;
}

/**
 * How the keys are at one moment. Status, events, warnings and metrics are readers of it, and none of them changes
 * anything. Instants are monotonic, in milliseconds, but for those of configuration.
 */
export interface RotationView {
  /** The keys of all slots, and since when each is in its slot, as far as this process knows. */
  readonly keys: readonly (KeyInSlot & { readonly since: number })[];
  /** What signs where no algorithm is asked for; a key of it may be missing. */
  readonly defaultAlgorithm: Algorithm | undefined;
  readonly waiting: readonly WaitingKey[];
  /** Keys that configuration no longer names and that stay published. */
  readonly retained: readonly { readonly key: VerificationKey; readonly publishedUntil: number }[];
  /** Algorithms that configuration names and that no key signs. */
  readonly withoutSigner: readonly Algorithm[];
  /** Keys that sign since the boot because an instant of configuration (since 1970) had passed. */
  readonly trusted: readonly { readonly key: VerificationKey; readonly signsFrom: number }[];
  /** Keys that came back under another kid, with the kid that tokens still carry. */
  readonly renamed: readonly { readonly key: VerificationKey; readonly formerly: string }[];
  /** What configuration holds and cannot be used, and why. */
  readonly skipped: readonly string[];
  /** Entries of the revocations that name no key. */
  readonly unknownRevocations: readonly UnknownRevocation[];
  /** When something is due. */
  readonly nextChange: number | undefined;
}

/** What a view is made from. */
export interface RotationState {
  readonly loaded: Lives;
  readonly defaultAlgorithm: Algorithm;
  readonly wanted: WantedLives;
  readonly known: KnownKeys;
  readonly signing: ReadonlyMap<Algorithm, SigningKey>;
  readonly withoutSigner: readonly Algorithm[];
  readonly unknownRevocations: readonly UnknownRevocation[];
  readonly lifeOf: (kid: string, life?: Life) => KnownLife;
}

export function viewOf(state: RotationState, now: Moment): RotationView {
  const { loaded, known, withoutSigner, unknownRevocations } = state;
  const waiting = waitingIn(state, now);
  const retained = retainedIn(state);
  const due = [
    ...waiting.map(({ signsFrom }) => signsFrom),
    ...retained.map(({ publishedUntil }) => publishedUntil),
  ];
  return {
    keys: keysIn(state).map(({ key, signer, slot }) => ({
      key,
      signer,
      slot,
      since: sinceOf(key, slot, known),
    })),
    defaultAlgorithm: defaultAlgorithmIn(state),
    waiting,
    retained,
    withoutSigner,
    trusted: trustedIn(state),
    renamed: renamedIn(state),
    skipped: loaded.warnings,
    unknownRevocations,
    nextChange: due.length > 0 ? Math.max(now.monotonic, Math.min(...due)) : undefined,
  };
}

/** When each key gets into another slot, or goes: those that wait, those that they take the place of, those retained. */
export function changesDueIn({ keys, waiting, retained }: RotationView): ReadonlyMap<string, number> {
  const due = new Map(retained.map(({ key, publishedUntil }) => [key.kid, publishedUntil]));
  const signing = new Map(
    keys.flatMap(({ key, slot }) => (slot === 'current' ? [[key.algorithm, key.kid]] : [])),
  );
  for (const { key, signsFrom } of waiting) {
    due.set(key.kid, signsFrom);
    const replaced = signing.get(key.algorithm);
    if (replaced !== undefined) due.set(replaced, Math.min(signsFrom, due.get(replaced) ?? Infinity));
  }
  return due;
}

/** The keys of all slots, of which a ring is made; previous ones newest first. */
export function keysIn({ signing, wanted, known }: RotationState): KeyInSlot[] {
  const current = [...signing.values()].map((each): KeyInSlot => ({ ...each, slot: 'current' }));
  const next = wanted.next().map(({ key }): KeyInSlot => ({ key, slot: 'next' }));
  const elsewhere = new Set([...current, ...next].map(({ key }) => key.kid));
  const previous = known
    .all()
    .filter(({ key }) => !elsewhere.has(key.kid))
    .toSorted((a, b) => (b.stoppedAt ?? 0) - (a.stoppedAt ?? 0))
    .map(({ key }): KeyInSlot => ({ key, slot: 'previous' }));
  return [...current, ...next, ...previous];
}

function sinceOf({ kid }: VerificationKey, slot: Slot, known: KnownKeys): number {
  const { publishedSince, signedSince, stoppedAt } = known.get(kid)!;
  return stoppedAt ?? (slot === 'current' ? signedSince : undefined) ?? publishedSince;
}

/** After a revocation nothing turns to another algorithm; while a key waits, the one before it signs. */
function defaultAlgorithmIn(state: RotationState): Algorithm | undefined {
  const { defaultAlgorithm, signing, withoutSigner } = state;
  if (signing.has(defaultAlgorithm) || withoutSigner.includes(defaultAlgorithm)) return defaultAlgorithm;
  const able = algorithms.filter((algorithm) => signing.has(algorithm));
  return defaultAlgorithmAmong(able, undefined) ?? able[0];
}

function waitingIn({ wanted, lifeOf }: RotationState, now: Moment): WaitingKey[] {
  const toSign = wanted.toSign().map((life) => {
    const safeFrom = lifeOf(life.key.kid, life).signsFrom;
    return waitingKey(life, safeFrom, safeFrom, now);
  });
  const scheduled = wanted.scheduled().map((life) => {
    const safeFrom = lifeOf(life.key.kid, life).signsFrom;
    return waitingKey(life, Math.max(onMonotonicClock(life.signsFrom, now), safeFrom), safeFrom, now);
  });
  return [...toSign, ...scheduled];
}

// The two clocks are read one after the other, so that instants that are the same differ a little.
const aSecond = 1_000;

function waitingKey(life: Life, signsFrom: number, safeFrom: number, now: Moment): WaitingKey {
  const hasSchedule = isScheduled(life);
  return {
    key: life.key,
    signsFrom,
    isScheduled: hasSchedule,
    isHeldBack: !hasSchedule || onMonotonicClock(life.signsFrom, now) < safeFrom - aSecond,
  };
}

function onMonotonicClock(instant: number, now: Moment): number {
  return now.monotonic + instant - now.wall;
}

function retainedIn({
  known,
  wanted,
  lifeOf,
}: RotationState): { key: VerificationKey; publishedUntil: number }[] {
  return known.all().flatMap(({ key }) => {
    if (wanted.kids.has(key.kid)) return [];
    const { publishedUntil } = lifeOf(key.kid);
    return publishedUntil === undefined ? [] : { key, publishedUntil };
  });
}

function trustedIn({ wanted, signing }: RotationState): { key: VerificationKey; signsFrom: number }[] {
  return wanted.lives
    .filter(isScheduled)
    .filter(
      (life) =>
        wanted.schedule.cameBeforeBoot(life) && signing.get(life.key.algorithm)?.key.kid === life.key.kid,
    )
    .map(({ key, signsFrom }) => ({ key, signsFrom }));
}

function renamedIn({ wanted, known }: RotationState): { key: VerificationKey; formerly: string }[] {
  // Among them a key that still signs, until the one under the new kid may.
  const left = known.all().filter(({ key }) => !wanted.kids.has(key.kid));
  if (left.length === 0) return [];
  const former = new Map(left.map((each) => [each.key.thumbprint, each]));
  return wanted.lives.flatMap(({ key }) => {
    const other = former.get(key.thumbprint);
    const isLater = other !== undefined && known.get(key.kid)!.publishedSince > other.publishedSince;
    return isLater ? { key, formerly: other.key.kid } : [];
  });
}
