import { OidcKeyError } from '../core/errors.js';
import { isKeySet } from '../core/key-set/key-set-document.js';
import type { KeySet } from '../core/key-set/key-set.js';
import type { Decryption } from '../sources/encrypted-key-set.js';
import type { KeyStore, StoredText } from './key-store.js';
import { openStored } from './stored-key-set.js';

/** A document of a store, with what of it has to be known to find others beside it. */
interface Found extends Pick<StoredText, 'version'> {
  readonly base: string | number | undefined;
}

/**
 * What other writers wrote beside a document, where its store cannot compare: whatever lies between it and the version that
 * it was made from, oldest first.
 */
export async function writtenBeside(
  store: KeyStore,
  { version, base }: Found,
  decryption: Decryption,
): Promise<readonly KeySet[]> {
  // A person put it there, and takes what was before it away.
  if (!store.between || base === undefined) return [];
  const texts = await store.between(String(base), version);
  const sets: KeySet[] = [];
  for (const { text } of texts) {
    const set = await keySetIn(text, decryption);
    if (set) sets.push(set);
  }
  return sets;
}

/** What is no key set, or cannot be opened, was nothing that a server took, and must not stop those to come for ever. */
async function keySetIn(text: string, decryption: Decryption): Promise<KeySet | undefined> {
  try {
    const set = await openStored(text, decryption);
    return set && isKeySet(set.toDocument()) ? set : undefined;
  } catch (error) {
    if (error instanceof OidcKeyError) return undefined;
    throw error;
  }
}
