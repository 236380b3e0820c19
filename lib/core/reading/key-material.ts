import { KeyObject } from 'node:crypto';
import type { JsonWebKeyInput } from 'node:crypto';

import type { SigningAlgorithm } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import type { OidcKeyErrorCode } from '../errors.js';
import { isObject } from '../objects.js';
import { labelOfDer } from './der.js';
import { findKeys } from './find-keys.js';
import type { Description, Encoded, Found } from './find-keys.js';
import { openJwk } from './open-jwk.js';
import { openBlock } from './open-key.js';
import type { Passphrase } from './open-key.js';
import { ownKeyObject } from './own-key-object.js';
import { passphrasesOf } from './passphrases.js';
import { otherPurposeOf } from './published-set.js';
import type { KeyRole } from './refused-labels.js';

/** The encoded key itself: PEM, DER, JWK or JWK Set (object or JSON), also base64-encoded, or a `KeyObject`. */
export type EncodedKey =
  string | Uint8Array | KeyObject | JsonWebKeyInput['key'] | { keys: JsonWebKeyInput['key'][] };

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
  /**
   * Signs in place of the private half, which is in a KMS or HSM; `key` is the public one. Not for `new JwtService`, which
   * cannot wait.
   */
  signer?: KeySigner | undefined;
}

/** What signs where the private half cannot be had. */
export interface KeySigner {
  /**
   * The signature over `data` in the form that a JWS has it (RFC 7518 section 3): of ECDSA R and S side by side.
   *
   * @param signal is aborted after three seconds, when nobody waits for the signature any more
   */
  sign(data: Buffer, signal?: AbortSignal): Promise<Buffer>;
}

/** Key material in any accepted form. */
export type KeyInput = EncodedKey | DescribedKey;

/** One setting's value, and the name by which errors speak of it. */
export interface KeySetting {
  readonly name: string;
  readonly value: KeyInput | readonly KeyInput[];
  /** For what is encrypted: text or bytes, from which the quotes and the line end of environments are taken. */
  readonly passphrase?: unknown;
  /** How to give the passphrase, for the error that misses it. */
  readonly passphraseRemedy?: string | undefined;
  /** What the keys are needed for. Default: `signs`. */
  readonly role?: KeyRole | undefined;
  /**
   * Told of each key of a JWK Set that was skipped, in a sentence that names it. A key that cannot verify our tokens
   * is skipped where the role is `verifies` and at least one key of the set is left.
   */
  readonly onSkipped?: ((message: string) => void) | undefined;
}

/** One key, loaded: a private or a public `KeyObject`, and what its owner said about it. */
export interface KeyMaterial {
  readonly keyObject: KeyObject;
  readonly kid?: string | undefined;
  readonly algorithm?: string | undefined;
  readonly signer?: KeySigner | undefined;
  /** The setting, and which of its keys this is. */
  readonly where: string;
}

/**
 * Loads every key of a setting.
 *
 * @throws OidcKeyError `OIDC_KEY_MISSING`, `OIDC_KEY_MALFORMED`, `OIDC_KEY_NOT_PRIVATE` (a certificate, a secret, or
 * a public key beside a private one), `OIDC_KEY_UNSUPPORTED`, `OIDC_KEY_ENCRYPTED`, `OIDC_KEY_MISMATCH`,
 * `OIDC_KEY_SEVERAL`, `OIDC_KEY_INVALID_OPTION`.
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
    // A list in a list is no key.
    for (const entry of findKeys(input, nameOfInput)) yield* loadEntry(entry, setting);
  }
}

function* loadEntry(entry: Found, setting: KeySetting): Generator<KeyMaterial> {
  const { role = 'signs' } = setting;
  const skipped: { code: OidcKeyErrorCode; message: string }[] = [];
  let count = 0;
  for (const [index, key] of entry.keys.entries()) {
    const where =
      entry.keys.length > 1 ? `${entry.where} (key ${index + 1} of ${entry.keys.length})` : entry.where;
    const otherPurpose =
      role === 'verifies' && entry.isSet && 'jwk' in key ? otherPurposeOf(key.jwk) : undefined;
    if (otherPurpose !== undefined) {
      const [code, reason] = otherPurpose;
      skipped.push({ code, message: `${where} ${reason}` });
      continue;
    }
    const material = open(key, where, entry.description, setting);
    if (role === 'signs' && material.keyObject.type === 'public' && entry.keys.some(isPrivate)) {
      throw besidePrivate(where);
    }
    count++;
    yield material;
  }
  const [first] = skipped;
  if (first && count === 0) {
    throw new OidcKeyError(first.code, `${first.message}. The set holds no key that can be used.`);
  }
  for (const { message } of skipped) setting.onSkipped?.(`${message}, and is skipped.`);
}

function open(key: Encoded, where: string, description: Description, setting: KeySetting): KeyMaterial {
  const passphrase: Passphrase = {
    candidates: passphrasesOf(description.passphrase ?? setting.passphrase),
    remedy: setting.passphraseRemedy ?? 'Give it as `{ key, passphrase }`',
  };
  const opened = openEncoded(key, where, passphrase, setting.role);
  return {
    keyObject: opened.keyObject,
    kid: description.kid ?? opened.kid,
    algorithm: description.algorithm ?? opened.algorithm,
    signer: description.signer,
    where,
  };
}

function openEncoded(
  key: Encoded,
  where: string,
  passphrase: Passphrase,
  role: KeyRole | undefined,
): Omit<KeyMaterial, 'where'> {
  if ('keyObject' in key) return { keyObject: ownKeyObject(key.keyObject) };
  return 'jwk' in key
    ? openJwk(key.jwk, where, role)
    : { keyObject: openBlock(key.block, where, passphrase, role) };
}

function isPrivate(key: Encoded): boolean {
  if ('block' in key)
    return [key.block.label, labelOfDer(key.block.bytes)].some((label) => label?.endsWith('PRIVATE KEY'));
  return 'jwk' in key && isObject(key.jwk) && key.jwk.d !== undefined;
}

function besidePrivate(where: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_NOT_PRIVATE',
    `${where} is a public key beside a private one. Remove the public key: the private key holds it. ` +
      'A public key of earlier belongs to the previous keys.',
  );
}
