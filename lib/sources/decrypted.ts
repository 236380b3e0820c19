import { OidcKeyError } from '../core/errors.js';
import { isObject } from '../core/objects.js';
import type { KeySlots } from '../core/reading/key-slots.js';
import { NamedValue } from '../core/reading/named-value.js';
import { memberOf } from '../core/ring/members-of-slots.js';
import { decryptKeySet, isEncryptedKeySet } from './encrypted-key-set.js';

/**
 * The same slots, where an encrypted key set is decrypted. What is wrong with it stands in its place, so that revocations
 * are taken all the same.
 */
export async function decrypted(slots: KeySlots): Promise<KeySlots> {
  if (!isObject(slots)) return slots;
  const current = memberOf(slots, 'current');
  const { alias } = current.about;
  if (!isEncryptedKeySet(current.value) && !isEncryptedKeySet(alias?.value)) return slots;
  const passphrase = memberOf(slots, 'passphrase');
  const opened = await valueOf(current, passphrase);
  const about = alias
    ? { ...current.about, alias: new NamedValue(alias.where, await valueOf(alias, passphrase), alias.about) }
    : current.about;
  return { ...slots, current: new NamedValue(current.where, opened, about) };
}

async function valueOf({ value, where }: NamedValue, passphrase: NamedValue): Promise<unknown> {
  if (!isEncryptedKeySet(value)) return value;
  if (passphrase.value instanceof OidcKeyError) return passphrase.value;
  try {
    return await decryptKeySet(value, {
      where,
      passphrase: passphrase.value,
      remedy: passphrase.about.remedy,
    });
  } catch (error) {
    if (error instanceof OidcKeyError) return error;
    throw error;
  }
}
