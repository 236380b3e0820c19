import type { SecretPlace } from '../secret-driver.js';
import { credentialsIn } from './credentials.js';
import { VaultClient } from './vault-client.js';
import { VaultSession } from './vault-session.js';
import { VaultSettings } from './vault-settings.js';

/** A session with the server that the settings name. Nothing is asked yet. */
export async function openSession(
  place: Pick<SecretPlace, 'where' | 'setting' | 'client'>,
): Promise<VaultSession> {
  const settings = new VaultSettings(place);
  if (place.client !== undefined) {
    throw settings.refuse(
      'it takes no client. Leave it away; VAULT_ADDR and the other settings say how it is asked.',
    );
  }
  const credentials = credentialsIn(settings);
  const client = new VaultClient(settings, await settings.authorities());
  return new VaultSession(client, credentials, place.where);
}
