import { OidcKeyError } from '../errors.js';
import type { VerificationKey } from '../key/verification-key.js';
import { base64OrBase64url, decodeBase64 } from '../reading/base64.js';
import { labelOfDer } from '../reading/der.js';
import { loadKeyMaterial } from '../reading/key-material.js';
import { passphrasesOf } from '../reading/passphrases.js';
import { hasText } from '../reading/text.js';
import { unescapeBase64 } from '../reading/unescape.js';

/** RFC 7518 section 3.2: a key of HMAC with SHA-256 has at least as many bytes as its output. */
export const shortestGoodSecret = 32;

/**
 * What a value may mean as a secret, in the order in which it is tried: to the byte, as the server before took it; and
 * as the text of a setting or a file, without a last line end or quotes.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` for what is no text and no bytes, and for whatever could be a public
 * key, since then anybody could sign
 */
export function legacySecretsOf(value: unknown, where: string): Buffer[] {
  if (!hasText(value)) throw invalid(where, 'is no secret: a string or bytes are needed.');
  const texts = [typeof value === 'object' ? Buffer.from(value) : String(value), ...passphrasesOf(value)];
  const secrets = texts.map((text) => Buffer.from(text as string)).filter(({ length }) => length > 0);
  const different = secrets.filter(
    (each, index) => secrets.findIndex((other) => other.equals(each)) === index,
  );
  if (different.some((secret) => looksLikeKey(secret) && !isPrivateKey(secret))) throw publicKey(where);
  return different;
}

/**
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` where a secret is something that the JWKS publishes, such as a modulus
 */
export function refusePublished(
  secrets: readonly Buffer[],
  published: readonly VerificationKey[],
  where: string,
): void {
  for (const { publicJwk, thumbprint } of published) {
    const known = [...Object.values(publicJwk), thumbprint].flatMap(spellingsOf);
    if (secrets.some((secret) => known.some((each) => secret.equals(each)))) throw publicKey(where);
  }
}

function spellingsOf(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'base64url');
  const hexadecimal = bytes.toString('hex');
  const number = BigInt(`0x${hexadecimal || '0'}`).toString();
  const texts = [text, bytes.toString('base64'), hexadecimal, hexadecimal.toUpperCase(), number];
  return [bytes, ...texts.map((each) => Buffer.from(each))];
}

const deepest = 3;

/** The bytes, and what they may encode: a text whose line ends are escaped, base64, hexadecimal. */
function* readingsOf(bytes: Buffer, depth = deepest): Generator<Buffer> {
  yield bytes;
  if (depth === 0) return;
  const text = unescapeBase64(bytes.toString());
  if (text !== bytes.toString()) yield* readingsOf(Buffer.from(text), depth - 1);
  const decoded = decodeBase64(text, base64OrBase64url);
  if (decoded) yield* readingsOf(decoded, depth - 1);
  if (/^([\da-f]{2})+$/i.test(text)) yield* readingsOf(Buffer.from(text, 'hex'), depth - 1);
}

/** A whole key, a piece of one, or the first line of one, which is all that some environments leave of it. */
function looksLikeKey(secret: Buffer): boolean {
  for (const reading of readingsOf(secret)) {
    const text = reading.toString();
    if (/BEGIN [A-Z0-9 ]*(KEY|CERTIFICATE)|^\s*(ssh-|ecdsa-sha2-|sk-ssh|sk-ecdsa)|"kty"|"n"\s*:/.test(text))
      return true;
    if (labelOfDer(reading) !== undefined) return true;
  }
  return false;
}

/** 4.3.7 takes a private PEM whose line ends are escaped for a secret, and a secret it is. */
function isPrivateKey(secret: Buffer): boolean {
  try {
    const keys = loadKeyMaterial({ name: 'The secret', value: secret, role: 'verifies' });
    return keys.every(({ keyObject }) => keyObject.type === 'private');
  } catch (error) {
    if (error instanceof OidcKeyError) return false;
    throw error;
  }
}

function publicKey(where: string): OidcKeyError {
  return invalid(
    where,
    'could be taken for a public key, or is a piece of a key. Everybody has a public key, so everybody could have made ' +
      'the tokens that it signed: none of them can be accepted. Remove the setting; users sign in again.',
  );
}

function invalid(where: string, defect: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_INVALID_OPTION', `${where} ${defect}`);
}
