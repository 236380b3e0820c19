import { afterlifeOf, settlingOf } from './figures.js';
import type { Figures } from './figures.js';
import type { KeyOfSet } from './key-of-set.js';
import type { KeySet } from './key-set.js';
import { isOver } from './state-at.js';
import { signingInstantOf, successorsIn } from './successors.js';

/** How long the entry of a revoked key stays, in seconds. */
export const revokedEntriesStay = 365 * 24 * 3600;

/** What every write does beside its own: each key gets the end that it needs, and what is over goes. */
export function completed(set: KeySet, t: number, figures: Figures): KeySet {
  return tidied(withEnds(set, figures), t, figures);
}

/**
 * A key with a successor has an `exp`, and one that signs and that nothing follows has none. An end that is too early for
 * the successor is of one that was revoked since: servers keep such a key for as long as there is a successor, and then
 * its `exp` is all that they know.
 */
export function withEnds(set: KeySet, figures: Figures): KeySet {
  const successors = successorsIn(set);
  return set.changed((key) => {
    const successor = successors.get(key);
    if (!successor) return key.canSign && key.exp !== undefined ? key.with({ exp: undefined }) : key;
    const earliest = successor.order + afterlifeOf(figures);
    return key.exp === undefined || key.exp < earliest ? key.with({ exp: earliest }) : key;
  });
}

/** Takes away the private halves of keys that stopped to sign, and the keys whose time is over. */
export function tidied(set: KeySet, t: number, figures: Figures): KeySet {
  const successors = successorsIn(set);
  return set.changed((key) => {
    if (key.revoked) return tidiedRevocation(key, t);
    const successor = successors.get(key);
    if (!stays(key, successor, set, t, figures)) return undefined;
    const isDone = successor !== undefined && t > signingInstantOf(successor, figures) + settlingOf(figures);
    return isDone && key.canSign ? key.withoutSigner() : key;
  });
}

/**
 * The set without the keys whose time is over, before a command changes it: one that is published no more must not come
 * back because its successor is revoked.
 *
 * @param kept what the command is about
 */
export function withoutThePast(set: KeySet, t: number, figures: Figures, kept?: KeyOfSet): KeySet {
  const successors = successorsIn(set);
  return set.changed((key) =>
    key === kept || key.revoked || stays(key, successors.get(key), set, t, figures) ? key : undefined,
  );
}

function tidiedRevocation(key: KeyOfSet, t: number): KeyOfSet | undefined {
  if (t > key.revoked!.revoked_at + revokedEntriesStay) return undefined;
  return key.hasPrivateHalf ? key.withoutPrivateHalf() : key;
}

function stays(
  key: KeyOfSet,
  successor: KeyOfSet | undefined,
  set: KeySet,
  t: number,
  figures: Figures,
): boolean {
  if (!successor && key.canSign) return true;
  if (!isOver(key, successor, figures, t)) return true;
  // It says that its algorithm was retired; without it the revoked ones would say that nothing was left to sign.
  return !successor && set.of(key.algorithm).some(({ revoked }) => revoked !== undefined);
}
