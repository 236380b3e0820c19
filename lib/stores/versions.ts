import type { Figures } from '../core/key-set/figures.js';
import { isKeySet } from '../core/key-set/key-set-document.js';
import type { KeySet } from '../core/key-set/key-set.js';
import type { Decryption } from '../sources/encrypted-key-set.js';
import type { KeyStore, StoredText } from './key-store.js';
import { withOtherVersions } from './plain-history.js';
import { writtenBeside } from './written-beside.js';

/** A store, and what its texts are read with. */
export interface StoreOfKeys {
  readonly store: KeyStore;
  readonly decryption: Decryption;
  readonly figures: Figures;
  /** In seconds since 1970. Default: the clock of this machine. */
  readonly clock?: (() => number) | undefined;
}

/** What makes up the keys of a store: one key set, or several that were written beside each other, oldest first. */
export async function versionsOf(
  { store, decryption, figures, clock = usualClock }: StoreOfKeys,
  { version, since }: StoredText,
  set: KeySet,
): Promise<readonly KeySet[]> {
  if (!isKeySet(set.toDocument())) {
    return [await withOtherVersions(store, set, { since, t: clock() }, { decryption, figures })];
  }
  const beside = await writtenBeside(store, { version, base: set.base }, decryption);
  return [...beside, set];
}

/** In seconds since 1970, as documents have it. */
export function usualClock(): number {
  return Math.floor(Date.now() / 1000);
}
