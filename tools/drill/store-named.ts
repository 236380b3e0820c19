import type { KeyStore } from 'nestjs-oidc-key';

import { builtSample } from '../../test/support/built-sample.js';

const own = 'own:';

/** Whether it is the store that the sample has of its own, which the module is given as an object. */
export function isOwn(reference: string): boolean {
  return reference.startsWith(own);
}

/** The store of the sample's own, on the database in a folder. */
export async function ownStore(reference: string): Promise<KeyStore> {
  const { openDatabase } =
    await builtSample<typeof import('../../sample-app/src/database/open-database.js')>(
      'database/open-database.js',
    );
  const { DatabaseKeyStore } = await builtSample<
    typeof import('../../sample-app/src/keys/database-key.store.js')
  >('keys/database-key.store.js');
  return new DatabaseKeyStore(await openDatabase(reference.slice(own.length)));
}
