import { FileStore } from './file/file.store.js';
import type { KeyStore } from './key-store.js';

/** A reference that names no store. The message says what would. */
export class StoreReferenceError extends Error {
  override readonly name = 'StoreReferenceError';
  readonly code = 'KEY_STORE_UNKNOWN';
}

const forms = 'A store is named as file:PATH; "-" is standard input and output.';

/**
 * The store that a reference names.
 *
 * @param where how messages call the reference
 * @throws StoreReferenceError
 */
export function keyStoreNamed(reference: string, where: string): KeyStore {
  const [, kind, place = ''] = /^([a-z][a-z0-9-]+):(.*)$/s.exec(reference) ?? [];
  // What was meant is not repeated: people do put the key itself there.
  if (kind === undefined) {
    throw new StoreReferenceError(`${where} does not say of which kind the store is. ${forms}`);
  }
  if (kind !== 'file') throw new StoreReferenceError(`${where} is of a kind that is not known. ${forms}`);
  if (place === '' || /[\0\r\n{]/.test(place)) {
    throw new StoreReferenceError(`${where} has no path behind "file:". ${forms}`);
  }
  return new FileStore(place);
}
