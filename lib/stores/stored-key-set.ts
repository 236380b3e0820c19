import type { KeySet } from '../core/key-set/key-set.js';
import { readStored } from '../core/key-set/plain-keys.js';
import { runLater } from '../core/key/steps.js';
import { passphrasesOf } from '../core/reading/passphrases.js';
import { isUnset } from '../core/reading/text.js';
import {
  decryptKeySet,
  encryptKeySet,
  isEncryptedKeySet,
  refusePlain,
} from '../sources/encrypted-key-set.js';
import type { Decryption } from '../sources/encrypted-key-set.js';
import { isOnlyEncryptedKeys } from './encrypted-keys.js';

/**
 * The key set in a text that a store holds; undefined where there is none in it.
 *
 * @throws OidcKeyError what is wrong with it; `OIDC_KEY_NOT_ENCRYPTED` where a passphrase is set and it is plain
 */
export async function openStored(text: string, decryption: Decryption): Promise<KeySet | undefined> {
  if (isUnset(text)) return undefined;
  if (!isOnlyEncryptedKeys(text)) refusePlain(text, decryption);
  return readKeys(text, decryption);
}

/** The same for a text that somebody names and vouches for: it may be plain. */
export async function readKeys(text: string, decryption: Decryption): Promise<KeySet> {
  const { where, passphrase, remedy } = decryption;
  const value = isEncryptedKeySet(text) ? await decryptKeySet(text, decryption) : text;
  return runLater(readStored({ name: where, value, passphrase, passphraseRemedy: remedy }));
}

/** What is written: with a passphrase always encrypted. */
export function textToStore(keySet: KeySet, { passphrase }: Decryption): Promise<string> | string {
  const text = keySet.toText();
  return passphrasesOf(passphrase).length === 0 ? text : encryptKeySet(text, passphrase);
}
