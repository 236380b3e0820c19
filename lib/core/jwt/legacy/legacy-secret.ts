import { isUint8Array } from 'node:util/types';

import { OidcKeyError } from '../../errors.js';
import { passphrasesOf } from '../../reading/passphrases.js';
import { looksLikePublicKey } from './public-look-alikes.js';

/** RFC 7518 section 3.2: a key of HMAC with SHA-256 has at least as many bytes as its output. */
export const shortestGoodSecret = 32;

/** A signature is made over all of it, for each token that somebody sends. */
const longest = 16_384;

/**
 * What a value may mean as a secret, in the order in which it is tried: to the byte, as the server before took it; and
 * as the text of a setting or a file, without a last line end or quotes.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` for what is no secret, and for whatever could be a public key, since
 * then anybody could sign
 */
export function legacySecretsOf(value: unknown, where: string): Buffer[] {
  if (typeof value !== 'string' && !isUint8Array(value))
    throw invalid(where, 'is no secret: a string or bytes are needed.');
  // Bytes that are no text would be read as characters that stand for anything, which others can guess.
  const isText = typeof value === 'string' || isTextInBytes(value);
  const exact = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value);
  const secrets = [exact, ...(isText ? passphrasesOf(value).map((text) => Buffer.from(text)) : [])];
  const different = secrets.filter(
    (each, index) => secrets.findIndex((other) => other.equals(each)) === index,
  );
  if (exact.length > longest) throw invalid(where, `is longer than ${longest} bytes, which no secret is.`);
  // HMAC fills a short secret up with zeros.
  if (different.some((secret) => secret.every((byte) => byte === 0)))
    throw invalid(where, 'is empty, or nothing but zeros.');
  if (different.some(looksLikePublicKey)) throw couldBePublic(where);
  return different;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** UTF-8, or UTF-16 with its byte order mark. */
function isTextInBytes(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    // That it is none is the answer.
    return false;
  }
}

export function couldBePublic(where: string): OidcKeyError {
  return invalid(
    where,
    'could be taken for a public key, or is a piece of a key. Everybody has a public key, so everybody could have made ' +
      'the tokens that it signed: none of them can be accepted. Remove the setting; users sign in again.',
  );
}

function invalid(where: string, defect: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_INVALID_OPTION', `${where} ${defect}`);
}
