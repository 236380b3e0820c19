import { propagationOf } from './figures.js';
import type { Figures } from './figures.js';
import type { KeyOfSet } from './key-of-set.js';
import type { KeySet } from './key-set.js';

/** The next unrevoked key of its algorithm, of every unrevoked key that has one. */
export function successorsIn(
  set: KeySet,
  isRevoked: (key: KeyOfSet) => boolean = ({ revoked }) => revoked !== undefined,
): ReadonlyMap<KeyOfSet, KeyOfSet> {
  const successors = new Map<KeyOfSet, KeyOfSet>();
  // Their order is that of the algorithms, and of the instants within each.
  let before: KeyOfSet | undefined;
  for (const key of set.keys) {
    if (isRevoked(key)) continue;
    if (before?.algorithm === key.algorithm) successors.set(before, key);
    before = key;
  }
  return successors;
}

/** The next key of its algorithm, revoked or not: the one that took over from it at first. */
export function followersIn(set: KeySet): ReadonlyMap<KeyOfSet, KeyOfSet> {
  return successorsIn(set, () => false);
}

/** From when a key has signed for certain, where the figures of the servers are these. */
export function signingInstantOf({ nbf = -Infinity, iat = -Infinity }: KeyOfSet, figures: Figures): number {
  return Math.max(nbf, iat + propagationOf(figures));
}
