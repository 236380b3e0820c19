import type { KeyObject } from 'node:crypto';

/**
 * False for an EC key that OpenSSL opens and refuses to write: the point at infinity as public key, or a private
 * number that is too long for the curve. Asked for the curve or for a JWK of such a key, node:crypto ends the
 * process, and so does a signature that is verified with it. So this comes first.
 */
export function isWritableEcKey(key: KeyObject): boolean {
  try {
    if (key.type === 'public') key.export({ format: 'der', type: 'spki' });
    else key.export({ format: 'der', type: 'pkcs8' });
    return true;
  } catch {
    // The reason is one of the above, in OpenSSL's words.
    return false;
  }
}
