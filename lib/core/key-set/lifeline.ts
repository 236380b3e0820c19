import { afterlifeOf, propagationOf } from './figures.js';
import type { KeyOfSet } from './key-of-set.js';
import { KeySet } from './key-set.js';
import { stateAt } from './state-at.js';
import type { Derivation, StateAt } from './state-at.js';
import { followersIn, signingInstantOf, successorsIn } from './successors.js';

/** What a key is to a server at an instant. */
export type StateOfKey =
  /** Not in the document yet. */
  | 'unborn'
  /** Published, and does not sign yet. */
  | 'waits'
  | 'signs'
  /** Published, and signs no more. */
  | 'previous'
  | 'revoked'
  /** Its time is over. */
  | 'gone';

/** A key's state from one instant to the next. */
export interface Span {
  readonly state: StateOfKey;
  /** In seconds since 1970; minus infinity where nothing says since when. */
  readonly from: number;
  /** Infinity where nothing says until when. */
  readonly until: number;
}

/** What a key is in a state of the whole set. */
export function stateOf(key: KeyOfSet, { published, signing, revoked }: StateAt): StateOfKey {
  if (revoked.has(key)) return 'revoked';
  if (!published.has(key)) return 'gone';
  const signs = signing.get(key.algorithm);
  if (signs === key) return 'signs';
  return key.canSign && (!signs || key.order > signs.order) ? 'waits' : 'previous';
}

/** Every instant at which what a server makes of a document may change, in order. */
export function instantsOf({ set, figures }: Derivation): readonly number[] {
  const successors = successorsIn(set);
  const instants = set.keys.flatMap((key) => {
    const { iat, nbf, exp, revoked } = key;
    const successor = successors.get(key);
    return [
      iat,
      nbf,
      iat === undefined ? undefined : iat + propagationOf(figures),
      exp,
      successor && signingInstantOf(successor, figures) + afterlifeOf(figures),
      revoked?.revoked_at,
    ];
  });
  const known = instants.filter((instant) => instant !== undefined && Number.isFinite(instant));
  return [...new Set(known as number[])].toSorted((a, b) => a - b);
}

/** When the next change comes that the clock alone brings; undefined where none does. */
export function nextChangeAfter(derivation: Derivation, now: number): number | undefined {
  const { keys } = derivation.set;
  const before = stateAt(derivation, now);
  return instantsOf(derivation).find((instant) => {
    if (instant <= now) return false;
    const after = stateAt(derivation, instant);
    return keys.some((key) => stateOf(key, after) !== stateOf(key, before));
  });
}

/** More are not looked at: so many changes lie ahead of no key set that somebody rotates. */
const mostAhead = 64;

/** The same for each key by itself, as far as the next changes go. */
export function nextChangesAfter(derivation: Derivation, now: number): ReadonlyMap<KeyOfSet, number> {
  const { keys } = derivation.set;
  const before = stateAt(derivation, now);
  const changes = new Map<KeyOfSet, number>();
  const ahead = instantsOf(derivation).filter((instant) => instant > now);
  for (const instant of ahead.slice(0, mostAhead)) {
    const after = stateAt(derivation, instant);
    for (const key of keys) {
      if (!changes.has(key) && stateOf(key, after) !== stateOf(key, before)) changes.set(key, instant);
    }
  }
  return changes;
}

/**
 * The life of every key, past and to come, as the document tells it now: before its `iat` a key was not there, before
 * its revocation it was not revoked, and before it stopped to sign it had something to sign with. Keys that have gone
 * from the document are not there in its past either.
 */
export function lifelinesOf(derivation: Derivation): ReadonlyMap<KeyOfSet, readonly Span[]> {
  const lines = new Map<KeyOfSet, Span[]>(derivation.set.keys.map((key) => [key, []]));
  const instants = [-Infinity, ...instantsOf(derivation)];
  for (const [index, from] of instants.entries()) {
    const until = instants[index + 1] ?? Infinity;
    const states = statesAsOf(derivation, from);
    for (const [key, line] of lines) {
      const state = states.get(key.thumbprint) ?? 'unborn';
      const last = line.at(-1);
      if (last?.state === state) line[line.length - 1] = { ...last, until };
      else line.push({ state, from, until });
    }
  }
  return lines;
}

/** What a server made of the keys that were there at an instant. */
function statesAsOf(
  { set, figures, isRevokedElsewhere }: Derivation,
  instant: number,
): ReadonlyMap<string, StateOfKey> {
  const followers = followersIn(set);
  const asThen = set.keys.flatMap((key) => {
    const { iat = -Infinity, exp = -Infinity, revoked } = key;
    if (iat > instant) return [];
    if (revoked) return revoked.revoked_at > instant ? asAble(key) : key;
    const follower = followers.get(key);
    const stopped = follower ? signingInstantOf(follower, figures) : exp - afterlifeOf(figures);
    return instant < stopped ? asAble(key) : key;
  });
  const then = new KeySet(asThen, set.members);
  const state = stateAt({ set: then, figures, isRevokedElsewhere }, instant);
  return new Map(then.keys.map((key) => [key.thumbprint, stateOf(key, state)]));
}

/** A key as it was while it could sign: what it had to sign with is not known any more. */
function asAble(key: KeyOfSet): KeyOfSet {
  return key.with({ revoked: undefined, ...(!key.hasPrivateHalf && { signer: key.signer ?? 'of earlier' }) });
}
