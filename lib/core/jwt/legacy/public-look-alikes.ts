import { createHash } from 'node:crypto';

import { OidcKeyError } from '../../errors.js';
import type { VerificationKey } from '../../key/verification-key.js';
import { labelOfDer } from '../../reading/der.js';
import { findKeys } from '../../reading/find-keys.js';
import type { Encoded } from '../../reading/find-keys.js';
import { loadKeyMaterial } from '../../reading/key-material.js';
import { readingsOf } from './readings.js';

/**
 * Whether a secret may be a public key, in whatever form it is known, or a piece of a key, of which the first half is
 * public. 4.3.7 takes each of them for a secret, a private key whose line ends are escaped among them: that one is one.
 */
export function looksLikePublicKey(secret: Buffer): boolean {
  if (secret.indexOf(misreadDer) === 0) return true;
  for (const reading of readingsOf(secret)) if (looksLikeKey(reading)) return !isPrivateKey(secret);
  return false;
}

/** Whether a secret is what the JWKS says of this key, a piece of that, or a fingerprint of it. */
export function isPublished(
  secret: Buffer,
  { publicKey, publicJwk, thumbprint, kid }: VerificationKey,
): boolean {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const { n, x, y } = publicJwk as Readonly<Record<string, string | undefined>>;
  const members = [n, x, y, thumbprint].flatMap((member) =>
    member === undefined ? [] : [Buffer.from(member, 'base64url')],
  );
  const fingerprints = ['sha1', 'sha256'].map((hash) => createHash(hash).update(spki).digest());
  const texts = [...Object.values(publicJwk), kid, thumbprint].filter((each) => typeof each === 'string');
  const known = [...members, ...fingerprints, ...texts.map((text) => Buffer.from(text))];
  // What becomes of bytes that a server has read as a text.
  const misread = [spki, ...members].flatMap((each) => [
    Buffer.from(each.toString()),
    Buffer.from(each.toString('latin1')),
  ]);
  if (misread.some((each) => secret.equals(each))) return true;
  for (const reading of readingsOf(secret)) {
    if (reading.length >= shortestPiece && spki.includes(reading)) return true;
    if (known.some((each) => reading.equals(each))) return true;
    if (members.some((member) => member.length >= shortestPiece && reading.includes(member))) return true;
    if (reading.includes(thumbprint)) return true;
  }
  return false;
}

/** In bytes. A secret that is shorter may be a part of a key by chance. */
const shortestPiece = 16;

const texts: readonly RegExp[] = [
  // A label of PEM (RFC 7468), whose spaces and dashes may be damaged.
  /(?:BEGIN|END)[ _+-][A-Z0-9 _+]{0,40}(?:KEY|CERTIFICATE|PKCS7|CMS)|-{4,5}(?:begin|end) /,
  // A JWK (RFC 7517), whose quotes may be gone.
  /\bkty\W{1,6}(?:RSA|EC|OKP)\b|"n"\s{0,9}:|\bx5c\b\W{1,6}MI/,
  /<RSAKeyValue>|\bModulus\s{0,9}[:=]|\bPublic-Key:|^PuTTY-User-Key/,
  // DER in base64 within a list or an object, as x5c (RFC 7517 section 4.7) has it.
  /["']MI[A-I][A-Za-z0-9+/]{40}/,
  // An OpenSSH public key as a line, and as the bytes that such a line has in base64.
  /(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d{3}|sk-[a-z0-9-]{1,40}@openssh\.com)\s{1,9}AAAA/,
  /^\0{3}.(?:ssh-|ecdsa-sha2-|sk-)/s,
];

/** In hexadecimal: RSA and EC keys (RFC 3279 section 2.3), and what holds certificates (RFC 5652 section 5.1). */
const objectIdentifiers = ['2a864886f70d010101', '2a8648ce3d0201', '2a864886f70d010702']
  .map((each) => Buffer.from(each, 'hex'))
  .flatMap((each) => [each, Buffer.from(each.toString())]);

/** How DER begins where a server has read it as a text: its length is no character. */
const misreadDer = Buffer.from('0\ufffd');

function looksLikeKey(reading: Buffer): boolean {
  const text = reading.toString('latin1');
  if (texts.some((pattern) => pattern.test(text))) return true;
  if (hasIdentifier(reading)) return true;
  // A digit is the tag of a sequence, so that a text may look like one.
  return !/^[\t\n\r -~]*$/.test(text) && labelOfDer(reading) !== undefined;
}

function hasIdentifier(reading: Buffer): boolean {
  return objectIdentifiers.some((each) => reading.includes(each));
}

function isPrivateKey(secret: Buffer): boolean {
  try {
    const found = findKeys(secret, 'The secret').flatMap(({ keys }) => keys);
    return (
      (found.every(isEncrypted) && ![...readingsOf(secret)].some(hasIdentifier)) || isWhollyPrivate(secret)
    );
  } catch (error) {
    if (error instanceof OidcKeyError) return false;
    throw error;
  }
}

function isWhollyPrivate(secret: Buffer): boolean {
  const keys = loadKeyMaterial({ name: 'The secret', value: secret, role: 'verifies' });
  return keys.every(({ keyObject }) => keyObject.type === 'private');
}

/** Nobody has read what is in it. */
function isEncrypted(key: Encoded): boolean {
  return (
    'block' in key && (key.block.label === 'ENCRYPTED PRIVATE KEY' || key.block.encryption !== undefined)
  );
}
