import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject, VerifyKeyObjectInput } from 'node:crypto';

import {
  algorithm,
  algorithmNamed,
  curveOf,
  defaultAlgorithmOf,
  fits,
  signingAlgorithms,
} from '../algorithms.js';
import type { Algorithm, SigningAlgorithm } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import { makeOne } from '../reading/missing-key.js';
import type { KeyMaterial } from '../reading/key-material.js';
import { publicJwkOf } from './public-jwk.js';
import type { PublicJwk } from './public-jwk.js';
import { refusePrimeModulus, refusePrimeModulusNow, refuseWeakRsa } from './rsa-strength.js';

type PublicFacts = Pick<VerificationKey, 'algorithm' | 'publicKey' | 'publicJwk' | 'publicJson' | 'where'>;

/** The public half of a key: what the JWKS publishes and tokens are verified with. */
export class VerificationKey implements PublicFacts {
  readonly algorithm: SigningAlgorithm;
  readonly publicKey: KeyObject;
  readonly publicJwk: Readonly<PublicJwk>;
  /** The public JWK as it stands in a JWKS: written once, since a ring may hold a thousand of them. */
  readonly publicJson: string;
  /** The setting that the key came from, for messages. */
  readonly where: string;
  readonly #hash: string | null;
  readonly #parameters: VerifyKeyObjectInput;

  /**
   * Checks everything but what `prove` and `proveNow` do. Another key's public half is taken over as it is.
   *
   * @throws OidcKeyError `OIDC_KEY_NOT_PRIVATE` (a shared secret), `OIDC_KEY_UNSUPPORTED`, `OIDC_KEY_TOO_WEAK`,
   * `OIDC_KEY_MALFORMED`, `OIDC_KEY_INVALID_OPTION` (a `kid` that is no string).
   */
  constructor(material: KeyMaterial | VerificationKey) {
    const facts = material instanceof VerificationKey ? material : publicFactsOf(material);
    this.where = facts.where;
    this.algorithm = facts.algorithm;
    this.publicKey = facts.publicKey;
    this.publicJwk = facts.publicJwk;
    this.publicJson = facts.publicJson;
    const { hash, parameters } = algorithm(this.algorithm);
    this.#hash = hash;
    this.#parameters = { ...parameters, key: this.publicKey };
  }

  get kid(): string {
    return this.publicJwk.kid;
  }

  /** Whether `signature` is this key's over `data`; cheap enough for the event loop, unlike signing. */
  verifies(data: Buffer, signature: Buffer): boolean {
    return verify(this.#hash, data, this.#parameters, signature);
  }

  /** Checks on the thread pool what would hold up the event loop. Rejects with `OIDC_KEY_TOO_WEAK`. */
  async prove(): Promise<this> {
    await refusePrimeModulus(this.publicKey, this.where);
    return this;
  }

  /** Like {@link prove}, for a constructor, which cannot wait. */
  proveNow(): this {
    refusePrimeModulusNow(this.publicKey, this.where);
    return this;
  }
}

function publicFactsOf(material: KeyMaterial): PublicFacts {
  const { kid, where, keyObject } = material;
  if (keyObject.type === 'secret') {
    throw new OidcKeyError(
      'OIDC_KEY_NOT_PRIVATE',
      `${where} is a shared secret. Use a private key; ${makeOne}.`,
    );
  }
  if (kid !== undefined && (typeof kid !== 'string' || kid === '')) {
    throw new OidcKeyError(
      'OIDC_KEY_INVALID_OPTION',
      `${where} has a kid that is not a string with something in it.`,
    );
  }
  if (!isWithinItsCurve(keyObject)) throw unusable(where);
  const { name } = algorithmOf(material);
  const publicKey = keyObject.type === 'public' ? keyObject : createPublicKey(keyObject);
  if (keyObject.asymmetricKeyType === 'rsa') refuseWeakRsa(publicKey, where);
  const publicJwk = publicJwkOrUndefined(publicKey, name, kid);
  if (!publicJwk) throw unusable(where);
  return { where, algorithm: name, publicKey, publicJwk, publicJson: JSON.stringify(publicJwk) };
}

/**
 * False for an EC key whose private number is too long for its curve. OpenSSL opens such a key and refuses to write
 * it; asked for its curve, node:crypto ends the process.
 */
function isWithinItsCurve(keyObject: KeyObject): boolean {
  if (keyObject.type !== 'private' || keyObject.asymmetricKeyType !== 'ec') return true;
  try {
    keyObject.export({ format: 'der', type: 'pkcs8' });
    return true;
  } catch {
    // The reason is the one above, in OpenSSL's words.
    return false;
  }
}

function publicJwkOrUndefined(...of: Parameters<typeof publicJwkOf>): Readonly<PublicJwk> | undefined {
  try {
    return publicJwkOf(...of);
  } catch {
    // The public half of an EC key whose private number is zero is no point that could be written down.
    return undefined;
  }
}

function unusable(where: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} is a key whose numbers cannot be computed with. Export it again; ${makeOne}.`,
  );
}

function algorithmOf({ keyObject, algorithm: wanted, where }: KeyMaterial): Algorithm {
  const chosen = wanted === undefined ? defaultAlgorithmOf(keyObject) : algorithmNamed(wanted);
  const supported = signingAlgorithms
    .map((name) => `${name} by ${algorithm(name).keyDescription}`)
    .join(', ');
  if (!chosen) {
    const defect = wanted === undefined ? `is ${kindOf(keyObject)}` : 'is for an algorithm';
    throw new OidcKeyError(
      'OIDC_KEY_UNSUPPORTED',
      `${where} ${defect} that cannot be used here. Supported: ${supported}.`,
    );
  }
  if (!fits(keyObject, chosen)) {
    throw new OidcKeyError(
      'OIDC_KEY_UNSUPPORTED',
      `${where} is ${kindOf(keyObject)}, and ${chosen.name} needs ${chosen.keyDescription}.`,
    );
  }
  return chosen;
}

function kindOf(keyObject: KeyObject): string {
  const curve = curveOf(keyObject);
  return `a key of the kind ${keyObject.asymmetricKeyType}${curve ? ` on the curve ${curve}` : ''}`;
}
