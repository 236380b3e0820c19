import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject, VerifyKeyObjectInput } from 'node:crypto';
import { promisify } from 'node:util';

import { algorithmNamed, algorithms, curveOf, defaultAlgorithmOf, fits } from '../algorithms.js';
import type { Algorithm, SigningAlgorithm } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import type { KeyMaterial } from '../reading/key-material.js';
import { makeOne } from '../reading/missing-key.js';
import { isWritableEcKey } from './ec.js';
import { refuseWeakEd25519 } from './ed25519.js';
import { publicHalfOf } from './public-jwk.js';
import type { PublicHalf, PublicJwk } from './public-jwk.js';
import { refuseWeakRsa } from './rsa-strength.js';

const verifyOnThreadPool = promisify(verify);

/** The public half of a key: what the JWKS publishes and tokens are verified with. */
export class VerificationKey {
  readonly algorithm: Algorithm;
  readonly publicKey: KeyObject;
  readonly kid: string;
  readonly publicJwk: Readonly<PublicJwk>;
  /** The JWK thumbprint (RFC 7638), by which the key is known whatever its `kid` is. */
  readonly thumbprint: string;
  /** The public JWK as it stands in a JWKS: written once, since a ring may hold a thousand of them. */
  readonly publicJson: string;
  /** How messages call the key: the setting that it came from. */
  readonly where: string;
  readonly #parameters: VerifyKeyObjectInput;

  /**
   * Checks everything that can be checked in no time.
   *
   * @throws OidcKeyError `OIDC_KEY_NOT_PRIVATE` (a shared secret), `OIDC_KEY_UNSUPPORTED`, `OIDC_KEY_TOO_WEAK`,
   * `OIDC_KEY_MALFORMED`, `OIDC_KEY_INVALID_OPTION` (a `kid` that is no string).
   */
  constructor(material: KeyMaterial) {
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
    if (keyObject.asymmetricKeyType === 'ec' && !isWritableEcKey(keyObject)) throw unusable(where);
    const { algorithm, alg } = algorithmOf(material);
    const publicKey = keyObject.type === 'public' ? keyObject : createPublicKey(keyObject);
    refuseWeak(publicKey, where, keyObject.type === 'private');
    const publicHalf = publicHalfOrUndefined(publicKey, alg, kid);
    if (!publicHalf) throw unusable(where);
    this.where = where;
    this.algorithm = algorithm;
    this.publicKey = publicKey;
    this.publicJwk = publicHalf.publicJwk;
    this.kid = publicHalf.publicJwk.kid;
    this.thumbprint = publicHalf.thumbprint;
    this.publicJson = JSON.stringify(this.publicJwk);
    this.#parameters = { ...algorithm.parameters, key: publicKey };
  }

  /** The name of the algorithm that the key's JWK and its tokens carry. */
  get alg(): SigningAlgorithm {
    return this.publicJwk.alg;
  }

  /** Whether `signature` is this key's over `data`; a promise only where the answer takes long. */
  verifies(data: Buffer, signature: Buffer): boolean | Promise<boolean> {
    return this.algorithm.verifiesOn === 'event loop'
      ? this.verifiesNow(data, signature)
      : verifyOnThreadPool(this.algorithm.hash, data, this.#parameters, signature);
  }

  /** On the event loop, whatever it costs: for a constructor, which cannot wait. */
  verifiesNow(data: Buffer, signature: Buffer): boolean {
    return verify(this.algorithm.hash, data, this.#parameters, signature);
  }
}

function refuseWeak(publicKey: KeyObject, where: string, hasPrivateHalf: boolean): void {
  if (publicKey.asymmetricKeyType === 'rsa') refuseWeakRsa(publicKey, where, hasPrivateHalf);
  if (publicKey.asymmetricKeyType === 'ed25519') refuseWeakEd25519(publicKey, where);
}

function publicHalfOrUndefined(...of: Parameters<typeof publicHalfOf>): PublicHalf | undefined {
  try {
    return publicHalfOf(...of);
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

/** The algorithm of a key, and the name of it that its owner chose. */
function algorithmOf(material: KeyMaterial): { algorithm: Algorithm; alg: SigningAlgorithm } {
  const { keyObject, algorithm: wanted, where } = material;
  const algorithm = wanted === undefined ? defaultAlgorithmOf(keyObject) : algorithmNamed(wanted);
  if (!algorithm) {
    const supported = algorithms.map(({ names, keyDescription }) => `${names[0]} by ${keyDescription}`);
    const defect = wanted === undefined ? `is ${kindOf(keyObject)}` : 'is for an algorithm';
    throw new OidcKeyError(
      'OIDC_KEY_UNSUPPORTED',
      `${where} ${defect} that cannot be used here. Supported: ${supported.join(', ')}.`,
    );
  }
  const alg = wanted === undefined ? algorithm.names[0] : (wanted as SigningAlgorithm);
  if (!fits(keyObject, algorithm)) {
    throw new OidcKeyError(
      'OIDC_KEY_UNSUPPORTED',
      `${where} is ${kindOf(keyObject)}, and ${alg} needs ${algorithm.keyDescription}.`,
    );
  }
  return { algorithm, alg };
}

function kindOf(keyObject: KeyObject): string {
  const curve = curveOf(keyObject);
  return `a key of the kind ${keyObject.asymmetricKeyType}${curve ? ` on the curve ${curve}` : ''}`;
}
