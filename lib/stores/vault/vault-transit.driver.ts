import type { KmsDriver, KmsPlace } from '../kms-driver.js';
import { credentialsIn } from './credentials.js';
import { VaultClient } from './vault-client.js';
import { VaultSession } from './vault-session.js';
import { VaultSettings } from './vault-settings.js';
import { VaultTransit } from './vault-transit.js';

/** A key of Transit, of HashiCorp Vault or OpenBao. Nothing is asked yet. */
export async function openVaultTransit(place: KmsPlace): Promise<KmsDriver> {
  const { where } = place;
  const settings = new VaultSettings(place);
  if (place.client !== undefined) {
    throw settings.refuse(
      'it takes no client. Leave it away; VAULT_ADDR and the other settings say how it is asked.',
    );
  }
  const credentials = credentialsIn(settings);
  const client = new VaultClient(settings, await settings.authorities());
  return new VaultTransit(new VaultSession(client, credentials, where), place);
}
