import { KeyObject } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { isUint8Array } from 'node:util/types';

import { labelOfDer } from './der.js';
import { OidcKeyError } from '../errors.js';
import { makeOne, missing } from './missing-key.js';
import { base64OrBase64url, decodeBase64, looksLikePem, readPemBlocks } from './pem.js';
import type { PemBlock } from './pem.js';
import { unescapeQuotes, unescapeWhiteSpace } from './unescape.js';

/** A key in its encoding, not opened yet. */
export type Found =
  { readonly block: PemBlock } | { readonly jwk: JsonWebKey } | { readonly keyObject: KeyObject };

/**
 * Finds the keys in whatever form they were given.
 *
 * @throws OidcKeyError `OIDC_KEY_MISSING`, `OIDC_KEY_MALFORMED`.
 */
export function findKeys(key: unknown, where: string): Found[] {
  if (key instanceof KeyObject) return [{ keyObject: key }];
  if (typeof key === 'string') return findInText(key, where);
  if (isUint8Array(key)) return findInBytes(Buffer.from(key), where, true);
  if (typeof key === 'object' && key !== null && !Array.isArray(key)) return findInJwk(key, where);
  if (key === undefined || key === null) throw missing(where);
  throw new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} is no key: expected a PEM or JWK as text, a Buffer, a KeyObject or a JWK object. ${makeOne}.`,
  );
}

function findInBytes(bytes: Buffer, where: string, mayBeBase64: boolean): Found[] {
  // No text form begins with "0", which is the byte that begins every DER key.
  if (bytes[0] === 0x30) return [{ block: { label: labelOfDer(bytes) ?? 'DER', bytes } }];
  return findInText(textOf(bytes), where, mayBeBase64);
}

function textOf(bytes: Buffer): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return bytes.toString(utf16 ? 'utf16le' : 'utf8');
}

function findInText(raw: string, where: string, mayBeBase64 = true): Found[] {
  // The quotes and the byte order mark that shells, YAML and editors put around a value.
  const text = trimmed(raw);
  if (text === '') throw missing(where);
  if (looksLikePem(text)) {
    // The curve's name, which `openssl ecparam` writes before the key; the key repeats it.
    const blocks = readPemBlocks(text, where).filter(({ label }) => label !== 'EC PARAMETERS');
    if (blocks.length === 0) throw missing(where);
    return blocks.map((block) => ({ block }));
  }
  if (text.startsWith('{')) return findInJson(text, where);
  const bytes = mayBeBase64 ? decodeBase64(unescapeWhiteSpace(text), base64OrBase64url) : undefined;
  if (bytes && (bytes[0] === 0x30 || looksLikeKey(trimmed(textOf(bytes))))) {
    return findInBytes(bytes, where, false);
  }
  throw noKey(text, where);
}

function looksLikeKey(text: string): boolean {
  return looksLikePem(text) || text.startsWith('{');
}

function trimmed(text: string): string {
  const start = text.search(/[^\s\uFEFF"'`]/);
  if (start < 0) return '';
  let end = text.length;
  while (isWrapping(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** A regular expression for each of a million spaces would take its time. */
function isWrapping(character: string): boolean {
  return ' \n\r\t"\'`'.includes(character) || /[\s\uFEFF]/.test(character);
}

/** What people put where a key belongs, by how it begins. */
const lookAlikes: readonly (readonly [RegExp, string])[] = [
  [/^(ssh|ecdsa)-/, 'It looks like an OpenSSH public key.'],
  [
    /^PuTTY-User-Key-File/,
    'It looks like a PuTTY key; export it with PuTTYgen as an OpenSSH key, then as PKCS#8.',
  ],
  [
    /^(file:|~?\.{0,2}\/|[A-Za-z]:[\\/])|^\S{1,250}\.(pem|key|der|p8|jwk|json)$/i,
    'It looks like the path of a file; a path goes into the name with _FILE.',
  ],
];

function noKey(text: string, where: string): OidcKeyError {
  const guess = lookAlikes.find(([pattern]) => pattern.test(text))?.[1] ?? 'A shared secret cannot be used.';
  return new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} is no key: neither PEM, DER nor JWK, nor one of them in base64. ${guess} ${makeOne}.`,
  );
}

const asItIs = (text: string) => text;
const unescapeAll = (text: string) => unescapeQuotes(unescapeWhiteSpace(text));

function findInJson(text: string, where: string): Found[] {
  for (const unescape of [asItIs, unescapeWhiteSpace, unescapeAll]) {
    try {
      return findInJwk(JSON.parse(unescape(text)) as object, where);
    } catch (error) {
      // The parser's own message quotes the text, so it must not get out.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  throw new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} begins like a JWK but is not JSON; it may be cut off. Copy it again, unedited.`,
  );
}

function findInJwk(jwk: object, where: string): Found[] {
  if (!('keys' in jwk)) return [{ jwk: jwk as JsonWebKey }];
  if (!Array.isArray(jwk.keys) || jwk.keys.length === 0) throw missing(where);
  return jwk.keys.map((each: unknown) => ({ jwk: each as JsonWebKey }));
}
