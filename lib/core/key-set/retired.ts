import type { Algorithm } from '../algorithms.js';
import { afterlifeOf } from './figures.js';
import type { Figures } from './figures.js';
import type { KeyOfSet } from './key-of-set.js';
import type { KeySet } from './key-set.js';

/**
 * The key with which an algorithm was retired, so that it is not taken up again: the newest one, public, with an end.
 * Where a newer one was revoked, and nothing made in its place, that end is older than the revocation.
 */
export function retiredKeyOf(set: KeySet, algorithm: Algorithm, figures: Figures): KeyOfSet | undefined {
  const newest = set.unrevokedOf(algorithm).at(-1);
  if (!newest || newest.canSign || newest.exp === undefined) return undefined;
  // Clocks differ; a key loses its private half later than that after its successor signs.
  const stoppedAt = newest.exp - afterlifeOf(figures) + figures.clockSkew;
  const hasLaterRevocation = set
    .of(algorithm)
    .some(({ order, revoked }) => order > newest.order && revoked && revoked.revoked_at > stoppedAt);
  return hasLaterRevocation ? undefined : newest;
}
