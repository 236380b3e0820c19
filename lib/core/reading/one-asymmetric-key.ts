import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { bitString, contentOf, elementAt, encodeElement, membersOf, sequence } from './der.js';

/** The context tag of the public key (RFC 5958 section 2), and the one that `ring` writes for it. */
const publicKeyTags: readonly (number | undefined)[] = [0x81, 0xa1];

const versionOne = encodeElement(0x02, Buffer.from([0]));

/** A PKCS#8 key as OpenSSL reads it, and the public key that stood beside it. */
export interface OneAsymmetricKey {
  readonly pkcs8: Buffer;
  /** SubjectPublicKeyInfo. */
  readonly spki?: Buffer;
}

/**
 * Takes version 2 of PKCS#8 (RFC 5958 section 2; RFC 8410 section 10.3 has an example) apart, which OpenSSL 3.0 does
 * not read. Whatever is of version 1 comes back as it is.
 */
export function takeApart(pkcs8: Buffer): OneAsymmetricKey {
  const [, algorithm, privateKey, ...others] = membersOf(pkcs8, elementAt(pkcs8, 0));
  const publicKey = others.find(({ tag }) => publicKeyTags.includes(tag));
  const isVersionOne = pkcs8[(elementAt(pkcs8, 0)?.start ?? 0) + 2] === 0;
  if (!algorithm || !privateKey || (isVersionOne && !publicKey)) return { pkcs8 };
  const [algorithmElement, keyElement] = [algorithm, privateKey].map((element) =>
    encodeElement(element.tag, contentOf(pkcs8, element)),
  ) as [Buffer, Buffer];
  const rebuilt = encodeElement(sequence, versionOne, algorithmElement, keyElement);
  if (!publicKey) return { pkcs8: rebuilt };
  // With the tag of a constructed element a whole BIT STRING stands within.
  const bits = publicKey.tag === 0xa1 ? membersOf(pkcs8, publicKey)[0] : publicKey;
  const content = bits ? contentOf(pkcs8, bits) : Buffer.alloc(0);
  return {
    pkcs8: rebuilt,
    spki: encodeElement(sequence, algorithmElement, encodeElement(bitString, content)),
  };
}

/** False where the public key is another one's, or none. */
export function belongsTo(privateKey: KeyObject, spki: Buffer): boolean {
  try {
    const stated = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    return encoded(stated).equals(encoded(createPublicKey(privateKey)));
  } catch {
    // Bytes that are no public key belong to no private one; OpenSSL's reason would not say more.
    return false;
  }
}

function encoded(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' });
}
