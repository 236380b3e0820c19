import { createPrivateKey } from 'node:crypto';
import type { KeyObject, PrivateKeyInput } from 'node:crypto';

/**
 * Opens a private key as `createPrivateKey` does.
 *
 * Node 20 takes an error that other code has left in OpenSSL's queue, as `KeyObject.equals` leaves one, for one of its
 * own. The first try empties the queue. A wrong passphrase is not tried twice, which would take its time.
 */
export function privateKeyOf(source: PrivateKeyInput): KeyObject {
  try {
    return createPrivateKey(source);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_OSSL_BAD_DECRYPT') throw error;
    return createPrivateKey(source);
  }
}
