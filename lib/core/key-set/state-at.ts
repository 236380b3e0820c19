import type { Algorithm } from '../algorithms.js';
import { afterlifeOf, propagationOf } from './figures.js';
import type { Figures } from './figures.js';
import type { KeyOfSet } from './key-of-set.js';
import type { KeySet } from './key-set.js';
import { signingInstantOf, successorsIn } from './successors.js';

/** What a server derives its ring from: a document and figures, and at an instant the clock. */
export interface Derivation {
  readonly set: KeySet;
  readonly figures: Figures;
  /** The keys that configuration revokes, and those whose revocation this process has seen. */
  readonly isRevokedElsewhere?: ((key: KeyOfSet) => boolean) | undefined;
}

/** What a server makes of a key set at one instant. */
export interface StateAt {
  readonly published: ReadonlySet<KeyOfSet>;
  /** At most one for each algorithm. */
  readonly signing: ReadonlyMap<Algorithm, KeyOfSet>;
  /** By the document, by configuration, or earlier. */
  readonly revoked: ReadonlySet<KeyOfSet>;
  readonly successors: ReadonlyMap<KeyOfSet, KeyOfSet>;
}

/**
 * What a server makes of a key set: document and clock alone decide, so that live and restarted replicas agree.
 *
 * @param now in seconds since 1970
 */
export function stateAt(
  { set, figures, isRevokedElsewhere = () => false }: Derivation,
  now: number,
): StateAt {
  const isRevoked = (key: KeyOfSet) => key.revoked !== undefined || isRevokedElsewhere(key);
  const successors = successorsIn(set, isRevoked);
  const signing = new Map<Algorithm, KeyOfSet>();
  const able = set.keys.filter((key) => key.canSign && !isRevoked(key));
  for (const algorithm of set.algorithms) {
    const keys = set.of(algorithm);
    const candidates = able.filter((key) => key.algorithm === algorithm);
    const revoked = keys.filter(isRevoked);
    const hasElder = (key: KeyOfSet) => keys.some((other) => other.order < key.order && !isRevoked(other));
    const signs =
      candidates.findLast((key) => hasCome(key, now) && isKnown(key, figures, now)) ??
      longestPublished(candidates.filter((key) => needsNoGuard(key, hasElder(key), now))) ??
      replacement(candidates, revoked);
    if (signs) signing.set(algorithm, signs);
  }
  if (signing.size === 0) {
    // A key that is not known everywhere is better than none.
    const last = longestPublished(able);
    if (last) signing.set(last.algorithm, last);
  }
  const published = set.keys.filter((key) => {
    if (isRevoked(key)) return false;
    const successor = successors.get(key);
    if (signing.get(key.algorithm) === key || (key.canSign && !successor)) return true;
    return !isOver(key, successor, figures, now);
  });
  return { published: new Set(published), signing, revoked: new Set(set.keys.filter(isRevoked)), successors };
}

/** Whether the time of a key that does not sign is over, and nobody can hold a token of it any more. */
export function isOver(
  { exp }: KeyOfSet,
  successor: KeyOfSet | undefined,
  figures: Figures,
  now: number,
): boolean {
  if (exp === undefined || now < exp) return false;
  // Whoever wrote `exp` may have reckoned with smaller figures than this server's.
  return !successor || now >= signingInstantOf(successor, figures) + afterlifeOf(figures);
}

function hasCome({ nbf = -Infinity }: KeyOfSet, now: number): boolean {
  return nbf <= now;
}

/** Whether relying parties can know a key, as this server serves it. */
function isKnown({ iat = -Infinity }: KeyOfSet, figures: Figures, now: number): boolean {
  return iat + propagationOf(figures) <= now;
}

/**
 * Where no key of an algorithm is known for long enough: the first key of an issuer, one made in an emergency, and one
 * whose elder has lost its private half already.
 */
function needsNoGuard(key: KeyOfSet, hasElder: boolean, now: number): boolean {
  const { iat, nbf } = key;
  return nbf === undefined || nbf === iat || (hasCome(key, now) && hasElder);
}

/** What waits need not wait where a key that it was to follow was revoked. */
function replacement(candidates: readonly KeyOfSet[], revoked: readonly KeyOfSet[]): KeyOfSet | undefined {
  const waiting = longestPublished(candidates);
  const { iat = -Infinity } = waiting ?? {};
  // One that configuration revokes has no instant.
  return revoked.some((key) => (key.revoked?.revoked_at ?? Infinity) > iat) ? waiting : undefined;
}

/** The oldest of these by `iat`; they come in order. */
function longestPublished(keys: readonly KeyOfSet[]): KeyOfSet | undefined {
  let longest: KeyOfSet | undefined;
  for (const key of keys) {
    if (!longest || (key.iat ?? -Infinity) < (longest.iat ?? -Infinity)) longest = key;
  }
  return longest;
}
