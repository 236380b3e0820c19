import { KeyObject } from 'node:crypto';
import { isUint8Array } from 'node:util/types';

import type { JsonWebKey } from '../json-web-key.js';
import type { SigningAlgorithm } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import { isObject } from '../objects.js';
import { base64OrBase64url, decodeBase64 } from './base64.js';
import { labelOfDer } from './der.js';
import { hasSomethingBehindJson, readJson } from './json.js';
import { remedyOfBytes, remedyOfLookAlike, remedyOfObject, remedyOfText } from './look-alikes.js';
import { makeOne, missing } from './missing-key.js';
import { isOnlyFirstLine, onlyFirstLine } from './only-first-line.js';
import { looksLikePem, mixed, readPemBlocks } from './pem.js';
import type { PemBlock } from './pem.js';
import { exactTextOf, hasText, withoutWrapping } from './text.js';
import { unescapeBase64 } from './unescape.js';

/** A key in its encoding, not opened yet. */
export type Encoded =
  { readonly block: PemBlock } | { readonly jwk: JsonWebKey } | { readonly keyObject: KeyObject };

/** What is said beside a key. */
export interface Description {
  readonly passphrase?: string | undefined;
  readonly kid?: string | undefined;
  readonly algorithm?: SigningAlgorithm | undefined;
  readonly signer?: { sign(data: Buffer): Promise<Buffer> } | undefined;
}

/** The keys of one entry. */
export interface Found {
  /** The setting, and which of its entries this is. */
  readonly where: string;
  readonly keys: readonly Encoded[];
  /** True for the members of a JWK Set. */
  readonly isSet: boolean;
  readonly description: Description;
}

/** Where in a value the search is. */
interface Place {
  readonly where: string;
  /** How often what was found may be unwrapped again: JSON within JSON, within base64. */
  readonly depth: number;
  /** Base64 is undone once. */
  readonly mayBeBase64: boolean;
  /** A list or a description may stand in a text, and at the top. */
  readonly isTop: boolean;
}

const deepest = 6;

/**
 * Finds the keys in whatever form they were given.
 *
 * @throws OidcKeyError `OIDC_KEY_MISSING`, `OIDC_KEY_MALFORMED`, `OIDC_KEY_SEVERAL`, `OIDC_KEY_INVALID_OPTION` (a
 * description that says something unknown).
 */
export function findKeys(value: unknown, where: string): Found[] {
  return findIn(value, { where, depth: deepest, mayBeBase64: true, isTop: !Array.isArray(value) });
}

function findIn(value: unknown, place: Place): Found[] {
  const { where } = place;
  if (value === undefined || value === null) throw missing(where);
  if (value instanceof KeyObject) return [found(where, [{ keyObject: value }])];
  if (isUint8Array(value)) return findInBytes(Buffer.from(value), place);
  if (hasText(value)) return findInText(exactTextOf(value), place);
  if (Array.isArray(value) && place.isTop) return findInList(value, place);
  if (isObject(value)) return findInObject(value, place);
  throw new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} is no key: expected a PEM or JWK as text, a Buffer, a KeyObject or a JWK object. ${makeOne}.`,
  );
}

function found(where: string, keys: readonly Encoded[], isSet = false): Found {
  return { where, keys, isSet, description: {} };
}

function findInBytes(bytes: Buffer, place: Place): Found[] {
  const { where } = place;
  // No text form begins with "0", which is the byte that begins every DER key.
  if (bytes[0] === 0x30) return [found(where, [{ block: { label: labelOfDer(bytes) ?? 'DER', bytes } }])];
  const remedy = remedyOfBytes(bytes);
  return remedy === undefined ? findInText(exactTextOf(bytes), place) : fail(where, remedy);
}

function findInText(text: string, place: Place): Found[] {
  const { where, depth, mayBeBase64 } = place;
  const bare = withoutWrapping(text);
  if (bare === '') throw missing(where);
  if (isOnlyFirstLine(bare)) throw onlyFirstLine(where);
  const json = depth > 0 ? readJson(text) : undefined;
  if (json) return findIn(json.value, { ...place, depth: depth - 1, isTop: true });
  if (looksLikePem(bare)) return [found(where, blocksIn(bare, where))];
  if (bare.startsWith('{') || bare.startsWith('[')) throw noJson(bare, where);
  const bytes = mayBeBase64 ? decodeBase64(unescapeBase64(bare), base64OrBase64url) : undefined;
  if (bytes && isKeyInBase64(bytes)) return findInBytes(bytes, { ...place, mayBeBase64: false });
  return fail(where, remedyOfText(bare));
}

function blocksIn(text: string, where: string): Encoded[] {
  // The curve's name, which `openssl ecparam` writes before the key; the key repeats it.
  const blocks = readPemBlocks(text, where).filter(({ label }) => label !== 'EC PARAMETERS');
  if (blocks.length === 0) throw missing(where);
  return blocks.map((block) => ({ block }));
}

function isKeyInBase64(bytes: Buffer): boolean {
  if (bytes[0] === 0x30 || remedyOfBytes(bytes)) return true;
  const text = withoutWrapping(exactTextOf(bytes));
  return looksLikePem(text) || text.startsWith('{') || text.startsWith('[');
}

function fail(where: string, remedy: string): never {
  throw new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} is no key: neither PEM, DER nor JWK, nor one of them in base64. ${remedy} ${makeOne}.`,
  );
}

function noJson(text: string, where: string): OidcKeyError {
  const remedy = remedyOfLookAlike(text);
  if (remedy) return fail(where, remedy);
  if (hasSomethingBehindJson(text)) return mixed(where, 'more than JSON');
  return new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} begins like a JWK but is not JSON; ` +
      (text.includes('"')
        ? 'it may be cut off. Copy it again, unedited.'
        : 'its double quotes are gone, as a shell takes them away. Put single quotes around the whole value.'),
  );
}

function findInList(list: readonly unknown[], place: Place): Found[] {
  if (list.length === 0) throw missing(place.where);
  return list.flatMap((each, index) => {
    const where = list.length > 1 ? `${place.where} (entry ${index + 1} of ${list.length})` : place.where;
    // A list in a list is no key.
    return findIn(each, { ...place, where, isTop: !Array.isArray(each) });
  });
}

function findInObject(object: Record<string, unknown>, place: Place): Found[] {
  const { where } = place;
  if (place.isTop && 'key' in object) return findDescribed(object, place);
  if ('keys' in object) {
    if (!Array.isArray(object.keys) || object.keys.length === 0) throw missing(where);
    return [
      found(
        where,
        object.keys.map((jwk: unknown) => ({ jwk: jwk as JsonWebKey })),
        true,
      ),
    ];
  }
  const remedy = 'kty' in object ? undefined : remedyOfObject(object);
  if (remedy) throw new OidcKeyError('OIDC_KEY_MALFORMED', `${where} is an object but no JWK. ${remedy}`);
  return [found(where, [{ jwk: object }])];
}

const namesInDescription = ['key', 'passphrase', 'kid', 'algorithm'];

function findDescribed(object: Record<string, unknown>, place: Place): Found[] {
  const { where } = place;
  refuseUnknownNames(object, place);
  const { key, passphrase, kid, algorithm, signer } = object as { key?: unknown } & Description;
  if (passphrase !== undefined && typeof passphrase !== 'string') {
    throw new OidcKeyError('OIDC_KEY_INVALID_OPTION', `${where} has a passphrase that is no string.`);
  }
  const entries = findIn(key, { ...place, isTop: false });
  const count = entries.reduce((sum, { keys }) => sum + keys.length, 0);
  if (count > 1 && kid !== undefined) {
    throw new OidcKeyError(
      'OIDC_KEY_SEVERAL',
      `${where} gives one kid to ${count} keys. Give each key an entry of its own.`,
    );
  }
  return entries.map(({ description, ...entry }) => ({
    ...entry,
    description: {
      passphrase: passphrase ?? description.passphrase,
      kid: kid ?? description.kid,
      algorithm: algorithm ?? description.algorithm,
      signer,
    },
  }));
}

/** A name that is misspelt must not leave a key without what it was to say. */
function refuseUnknownNames(object: object, { where, depth }: Place): void {
  // Only code can bring a signer along.
  const names = depth === deepest ? [...namesInDescription, 'signer'] : namesInDescription;
  const unknown = Object.keys(object).find((each) => !names.includes(each));
  if (unknown === undefined) return;
  // A name in an option is code; one in a text is a part of the value, which is not repeated.
  const name = depth === deepest ? `"${unknown}"` : 'something';
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `${where} is described by ${name}, which is none of ${namesInDescription.join(', ')}.`,
  );
}
