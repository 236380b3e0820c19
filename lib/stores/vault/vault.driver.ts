import type { SecretDriver, SecretPlace } from '../secret-driver.js';
import { credentialsIn } from './credentials.js';
import { VaultKv } from './vault-kv.js';
import { VaultClient } from './vault-client.js';
import { VaultSession } from './vault-session.js';
import { VaultSettings } from './vault-settings.js';

/** A secret of KV, of HashiCorp Vault or OpenBao. Nothing is asked yet. */
export async function openVault(place: SecretPlace): Promise<SecretDriver> {
  const { where } = place;
  const settings = new VaultSettings(place);
  if (place.client !== undefined) {
    throw settings.refuse(
      'it takes no client. Leave it away; VAULT_ADDR and the other settings say how it is asked.',
    );
  }
  const credentials = credentialsIn(settings);
  const client = new VaultClient(settings, await settings.authorities());
  return new VaultKv(new VaultSession(client, credentials, where), place);
}
