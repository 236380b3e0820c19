import type { KeyStore } from '../stores/key-store.js';
import { hasMethods, invalidOption } from './given-options.js';

/**
 * A store that somebody has given as an object.
 *
 * @param name what messages call the option
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
 */
export function checkedStore(given: unknown, name: string): KeyStore {
  if (hasMethods(given, ['read', 'write'])) return given as KeyStore;
  throw invalidOption(
    `${name} is no store. Give a reference, such as "vault:secret/oidc-keys", or an object with "read" and "write".`,
  );
}
