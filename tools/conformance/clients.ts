// Puts the suite's clients into the sample's database, by the sample's own code.
import { builtSample } from '../../test/support/built-sample.js';
import { clientUrl } from './parties.js';
import type { Parties } from './parties.js';

export async function addClients(parties: Parties, folder: string): Promise<void> {
  const { openDatabase, closeDatabase } =
    await builtSample<typeof import('../../sample-app/src/database/open-database.js')>(
      'database/open-database.js',
    );
  const { clients } =
    await builtSample<typeof import('../../sample-app/src/database/schema.js')>('database/schema.js');
  const { hashSecret } =
    await builtSample<typeof import('../../sample-app/src/secret-hash.js')>('secret-hash.js');

  const database = await openDatabase(folder);
  for (const { id, secret } of parties.clients) {
    await database.insert(clients).values({
      id,
      name: `The conformance suite, ${id}`,
      secretHash: await hashSecret(secret),
      redirectUris: [clientUrl(parties, 'callback')],
      postLogoutRedirectUris: [clientUrl(parties, 'post_logout_redirect')],
      allowedGrants: ['authorization_code', 'refresh_token'],
      scopes: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'],
      // The plans of OpenID Connect send none.
      isPkceRequired: false,
    });
  }
  await closeDatabase(database);
}
