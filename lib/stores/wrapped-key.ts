import { constants, createCipheriv, publicEncrypt, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * A private key as KMSs want one that is imported: its PKCS#8 under an AES key (RFC 5649), behind that AES key under the
 * KMS's wrapping key (RSA-OAEP with SHA-256).
 */
export function wrappedKey(privateKey: KeyObject, wrappingKey: KeyObject): Buffer {
  const aes = randomBytes(32);
  const cipher = createCipheriv('id-aes256-wrap-pad', aes, Buffer.from('A65959A6', 'hex'));
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  const encrypted = publicEncrypt(
    { key: wrappingKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
    aes,
  );
  return Buffer.concat([encrypted, cipher.update(der), cipher.final()]);
}
