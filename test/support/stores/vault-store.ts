import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import type { KeyStore } from '../../../lib/stores/key-store.js';
import type { OpenBao } from './openbao.js';
import { rootToken } from './openbao.js';

/** A store on a server, with these settings and no others. Set to undefined, a setting is not there. */
export function vaultStore(
  server: Pick<OpenBao, 'address'>,
  reference: string,
  settings: Readonly<Record<string, string | undefined>> = {},
): KeyStore {
  const all: Readonly<Record<string, string | undefined>> = {
    VAULT_ADDR: server.address,
    VAULT_TOKEN: rootToken,
    // No token of whoever runs the tests.
    HOME: '/nonexistent',
    ...settings,
  };
  return keyStoreNamed(reference, { name: 'The store', setting: (name) => all[name] });
}
