import type { Algorithm } from '../algorithms.js';
import type { KeyOfSet } from './key-of-set.js';
import { lifelinesOf, nextChangeAfter, stateOf } from './lifeline.js';
import type { Span, StateOfKey } from './lifeline.js';
import { retiredKeyOf } from './retired.js';
import { warningsAbout } from './small-distances.js';
import { stateAt } from './state-at.js';
import type { Derivation, StateAt } from './state-at.js';

/** A key at an instant, with what was and what is to come. Instants are in seconds since 1970. */
export interface KeyView {
  readonly key: KeyOfSet;
  readonly state: Exclude<StateOfKey, 'unborn'>;
  readonly isPublished: boolean;
  readonly signs: boolean;
  /** Since when it is in this state; undefined where nothing says it. */
  readonly since: number | undefined;
  /** Until when, if nothing is written; undefined where nothing ends it. */
  readonly until: number | undefined;
  /** The key that takes over from it. */
  readonly successor: KeyOfSet | undefined;
  /** Its whole life, past and to come. */
  readonly line: readonly Span[];
}

/** What a server makes of a key set. Status, drawing and messages are readers of it. */
export interface KeySetView {
  /** When it was looked at, in seconds since 1970. */
  readonly now: number;
  readonly keys: readonly KeyView[];
  /** The key that signs, for each algorithm that has one. */
  readonly signing: ReadonlyMap<Algorithm, KeyOfSet>;
  /** Algorithms whose key was revoked, and that nothing signs. */
  readonly withoutSigner: readonly Algorithm[];
  /** When the clock alone changes something next. */
  readonly nextChange: number | undefined;
  readonly warnings: readonly string[];
}

export function viewOfKeySet(derivation: Derivation, now: number): KeySetView {
  const state = stateAt(derivation, now);
  const lines = lifelinesOf(derivation);
  return {
    now,
    keys: derivation.set.keys.map((key) => viewOfKey(key, state, lines.get(key)!, now)),
    signing: state.signing,
    withoutSigner: algorithmsWithoutSigner(derivation, state),
    nextChange: nextChangeAfter(derivation, now),
    warnings: warningsAbout(derivation, state, now),
  };
}

function viewOfKey(key: KeyOfSet, state: StateAt, line: readonly Span[], now: number): KeyView {
  const is = stateOf(key, state) as KeyView['state'];
  // A key is published from its first sight on, also where its `iat` is ahead by the difference of two clocks.
  const span = line.find(({ from, until, state: then }) => from <= now && now < until && then === is);
  return {
    key,
    state: is,
    isPublished: state.published.has(key),
    signs: is === 'signs',
    since: finite(span?.from),
    until: finite(span?.until),
    successor: state.successors.get(key),
    line,
  };
}

/**
 * The algorithms that had a key to sign until it was revoked. One whose first key waits is none of them, nor is one that
 * was retired.
 */
export function algorithmsWithoutSigner(
  { set, figures }: Derivation,
  { signing, revoked }: StateAt,
): readonly Algorithm[] {
  return set.algorithms.filter(
    (algorithm) =>
      !signing.has(algorithm) &&
      set.of(algorithm).some((key) => revoked.has(key)) &&
      !retiredKeyOf(set, algorithm, figures),
  );
}

function finite(instant: number | undefined): number | undefined {
  return instant !== undefined && Number.isFinite(instant) ? instant : undefined;
}
