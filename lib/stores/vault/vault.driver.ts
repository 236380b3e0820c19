import type { SecretDriver, SecretPlace } from '../secret-driver.js';
import { openSession } from './open-session.js';
import { VaultKv } from './vault-kv.js';

/** A secret of KV, of HashiCorp Vault or OpenBao. Nothing is asked yet. */
export async function openVault(place: SecretPlace): Promise<SecretDriver> {
  return new VaultKv(await openSession(place), place);
}
