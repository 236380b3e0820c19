import type { KmsDriver, KmsPlace } from '../kms-driver.js';
import { openSession } from './open-session.js';
import { VaultTransit } from './vault-transit.js';

/** A key of Transit, of HashiCorp Vault or OpenBao. Nothing is asked yet. */
export async function openVaultTransit(place: KmsPlace): Promise<KmsDriver> {
  return new VaultTransit(await openSession(place), place);
}
