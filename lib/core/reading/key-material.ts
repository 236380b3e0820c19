import { KeyObject } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';

import type { SigningAlgorithm } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import { findKeys } from './find-keys.js';
import type { Found } from './find-keys.js';
import { openJwk } from './open-jwk.js';
import { openBlock } from './open-key.js';
import type { Passphrase } from './open-key.js';

/** The encoded key itself: PEM, DER, JWK or JWK Set (object or JSON), also base64-encoded, or a `KeyObject`. */
export type EncodedKey = string | Uint8Array | KeyObject | JsonWebKey | { keys: JsonWebKey[] };

/** A key with what its encoding does not say. */
export interface DescribedKey {
  /** The key in any form. */
  key: EncodedKey;
  /** For every encrypted block in `key`. */
  passphrase?: string | undefined;
  /** Default: a JWK's own `kid`, else the RFC 7638 thumbprint. */
  kid?: string | undefined;
  /** Default: a JWK's own `alg`, else RS256 for RSA. */
  algorithm?: SigningAlgorithm | undefined;
}

/** Key material in any accepted form. */
export type KeyInput = EncodedKey | DescribedKey;

/** One setting's value, and the name by which errors speak of it. */
export interface KeySetting {
  readonly name: string;
  readonly value: KeyInput | readonly KeyInput[];
  readonly passphrase?: string | undefined;
  /** How to give the passphrase, for the error that misses it. */
  readonly passphraseRemedy?: string | undefined;
}

/** One key, loaded: a private or a public `KeyObject`, and what its owner said about it. */
export interface KeyMaterial {
  readonly keyObject: KeyObject;
  readonly kid?: string | undefined;
  readonly algorithm?: string | undefined;
  /** The setting, and which of its keys this is. */
  readonly where: string;
}

/**
 * Loads every key of a setting.
 *
 * @throws OidcKeyError `OIDC_KEY_MISSING`, `OIDC_KEY_MALFORMED`, `OIDC_KEY_NOT_PRIVATE` (a certificate or a
 * secret), `OIDC_KEY_UNSUPPORTED`, `OIDC_KEY_ENCRYPTED`.
 */
export function loadKeyMaterial(setting: KeySetting): KeyMaterial[] {
  return [...keyMaterialOf(setting)];
}

/** The same key by key, for a caller that has something else to do in between. */
export function* keyMaterialOf(setting: KeySetting): Generator<KeyMaterial> {
  const { name, value } = setting;
  const inputs = (Array.isArray(value) ? value : [value]) as readonly KeyInput[];
  for (const [index, input] of inputs.entries()) {
    const nameOfInput = inputs.length > 1 ? `${name} (entry ${index + 1} of ${inputs.length})` : name;
    yield* loadInput(input, nameOfInput, setting);
  }
}

function* loadInput(input: KeyInput, name: string, setting: KeySetting): Generator<KeyMaterial> {
  const described: DescribedKey = isDescribedKey(input) ? checkedDescription(input, name) : { key: input };
  const { key, passphrase = setting.passphrase, kid, algorithm } = described;
  const found = findKeys(key, name);
  if (found.length > 1 && kid !== undefined) {
    throw new OidcKeyError(
      'OIDC_KEY_SEVERAL',
      `${name} gives one kid to ${found.length} keys. Give each key an entry of its own.`,
    );
  }
  for (const [index, each] of found.entries()) {
    const where = found.length > 1 ? `${name} (key ${index + 1} of ${found.length})` : name;
    const remedy = setting.passphraseRemedy ?? 'Give it as `{ key, passphrase }`';
    const opened = open(each, where, { passphrase, remedy });
    yield {
      keyObject: opened.keyObject,
      kid: kid ?? opened.kid,
      algorithm: algorithm ?? opened.algorithm,
      where,
    };
  }
}

function isDescribedKey(input: KeyInput): input is DescribedKey {
  return typeof input === 'object' && input !== null && 'key' in input && !(input instanceof KeyObject);
}

const namesInDescription = ['key', 'passphrase', 'kid', 'algorithm'];

/** A name that is misspelt must not leave a key without what it was to say. */
function checkedDescription(description: DescribedKey, name: string): DescribedKey {
  const unknown = Object.keys(description).find((each) => !namesInDescription.includes(each));
  const { passphrase } = description;
  if (unknown === undefined && (passphrase === undefined || typeof passphrase === 'string'))
    return description;
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    unknown === undefined
      ? `${name} has a passphrase that is no string.`
      : `${name} is described by "${unknown}", which is none of ${namesInDescription.join(', ')}.`,
  );
}

function open(found: Found, where: string, passphrase: Passphrase): Omit<KeyMaterial, 'where'> {
  if ('keyObject' in found) return found;
  return 'jwk' in found
    ? openJwk(found.jwk, where)
    : { keyObject: openBlock(found.block, where, passphrase) };
}
