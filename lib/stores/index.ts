/**
 * The stores that a reference can name, made from a ready client.
 *
 * @module nestjs-oidc-key/stores
 */

import type { KeyStore } from './key-store.js';
import { keyStoreNamed } from './store-reference.js';

export { KeyStoreError } from './key-store.js';
export type { KeyStore, KeyStoreErrorCode, OtherVersion, StoredText } from './key-store.js';
export { StoreReferenceError } from './store-reference-error.js';

/** How a store is reached. */
export interface KeyStoreOptions {
  /** A ready client of the vendor's SDK. Default: one is made, with the credentials that the SDK finds by itself. */
  readonly client?: unknown;
  /** Where the vendor's settings are read from, such as `VAULT_ADDR`. Default: the environment of the process. */
  readonly setting?: ((name: string) => string | undefined) | undefined;
}

/**
 * The store that a reference names, for the option `store` of the module and of the commands. It is asked nothing yet.
 *
 * @throws StoreReferenceError where the reference names none
 */
export function keyStore(reference: string, { client, setting }: KeyStoreOptions = {}): KeyStore {
  return keyStoreNamed(reference, { name: 'The reference', client, setting });
}
