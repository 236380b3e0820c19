import type { Signer } from './signer.js';
import type { VerificationKey } from './verification-key.js';

/** Opens what signs with keys that a key set says are held elsewhere. */
export interface RemoteSigners {
  /**
   * The signer that a reference names. It is asked nothing yet.
   *
   * @param where how messages call the key
   * @throws OidcKeyError `OIDC_KEY_SIGNER_NOT_ALLOWED`
   */
  signerOf(reference: string, key: VerificationKey, where: string): Signer;

  /**
   * Finds out whether it signs, once in the life of a process, and says what somebody should know of it.
   *
   * @throws OidcKeyError `OIDC_KEY_SIGNER_FAILED`, `OIDC_KEY_MISMATCH` (it holds another key)
   */
  check(reference: string, key: VerificationKey, where: string): Promise<readonly string[]>;
}

/** Most processes need none: what opens them is loaded when a key set has a key that is held elsewhere. */
export type OpenSigners = () => Promise<RemoteSigners>;
