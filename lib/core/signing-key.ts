import { createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject, SignKeyObjectInput } from 'node:crypto';
import { promisify } from 'node:util';

import { algorithm, algorithmNamed, defaultAlgorithmOf, fits, signingAlgorithms } from './algorithms.js';
import type { Algorithm, SigningAlgorithm } from './algorithms.js';
import { OidcKeyError } from './errors.js';
import { makeOne } from './key-material.js';
import type { KeyMaterial } from './key-material.js';
import { publicJwkOf } from './public-jwk.js';
import type { PublicJwk } from './public-jwk.js';
import { isConsistentRsaKey } from './rsa.js';
import { refuseWeakFactors, refuseWeakRsa } from './rsa-strength.js';

// With a callback node:crypto works on libuv's thread pool, off the event loop.
const signOnThreadPool = promisify(sign);

const proof = Buffer.from('nestjs-oidc-key');

/** The public half of a key: what the JWKS publishes and tokens are verified with. */
export class VerificationKey {
  readonly algorithm: SigningAlgorithm;
  readonly publicKey: KeyObject;
  readonly publicJwk: Readonly<PublicJwk>;
  /** The public JWK as it stands in a JWKS: written once, since a ring may hold a thousand of them. */
  readonly publicJson: string;
  /** The setting that the key came from, for messages. */
  readonly where: string;

  /**
   * @throws OidcKeyError `OIDC_KEY_NOT_PRIVATE` (a shared secret), `OIDC_KEY_UNSUPPORTED`, `OIDC_KEY_TOO_WEAK`,
   * `OIDC_KEY_INVALID_OPTION` (a `kid` that is no string).
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
    this.where = where;
    this.algorithm = algorithmOf(material).name;
    this.publicKey = keyObject.type === 'public' ? keyObject : createPublicKey(keyObject);
    if (keyObject.asymmetricKeyType === 'rsa') refuseWeakRsa(this.publicKey, where);
    this.publicJwk = publicJwkOf(this.publicKey, this.algorithm, kid);
    this.publicJson = JSON.stringify(this.publicJwk);
  }

  get kid(): string {
    return this.publicJwk.kid;
  }
}

/** A private key. Nothing but `sign` can reach the private half. */
export class SigningKey extends VerificationKey {
  readonly #hash: string | null;
  readonly #parameters: SignKeyObjectInput;

  /**
   * Checks everything but that the key signs what its public half verifies, which `prove` and `proveNow` do.
   *
   * @throws OidcKeyError `OIDC_KEY_NOT_PRIVATE`, `OIDC_KEY_MISMATCH`, and what {@link VerificationKey} throws.
   */
  constructor(material: KeyMaterial) {
    if (material.keyObject.type === 'public') {
      throw new OidcKeyError(
        'OIDC_KEY_NOT_PRIVATE',
        `${material.where} is a public key, which cannot sign. Put the private key there; ${makeOne}.`,
      );
    }
    super(material);
    const { hash, signParameters } = algorithm(this.algorithm);
    this.#hash = hash;
    this.#parameters = signParameters(material.keyObject);
    if (material.keyObject.asymmetricKeyType !== 'rsa') return;
    if (!isConsistentRsaKey(material.keyObject)) throw this.#mismatch();
    refuseWeakFactors(material.keyObject, this.where);
  }

  /** The signature over `data`, made on the thread pool. */
  sign(data: Buffer): Promise<Buffer> {
    return signOnThreadPool(this.#hash, data, this.#parameters);
  }

  /** What is left of the key when it signs no more. */
  publicHalf(): VerificationKey {
    const { publicKey: keyObject, kid, algorithm: name, where } = this;
    return new VerificationKey({ keyObject, kid, algorithm: name, where });
  }

  /** Signs once on the thread pool. Rejects with `OIDC_KEY_MISMATCH` unless the public half verifies it. */
  async prove(): Promise<this> {
    // OpenSSL refuses to sign with some broken keys instead of signing wrongly.
    const signature = await this.sign(proof).catch(() => undefined);
    return this.#provenBy(signature);
  }

  /** Like {@link prove}, for a constructor, which cannot wait. */
  proveNow(): this {
    try {
      return this.#provenBy(sign(this.#hash, proof, this.#parameters));
    } catch {
      // As above.
      throw this.#mismatch();
    }
  }

  #provenBy(signature: Buffer | undefined): this {
    const key = { ...this.#parameters, key: this.publicKey };
    if (signature && verify(this.#hash, proof, key, signature)) return this;
    throw this.#mismatch();
  }

  #mismatch(): OidcKeyError {
    return new OidcKeyError(
      'OIDC_KEY_MISMATCH',
      `${this.where} is a private key whose halves do not belong together. Export the key again; ${makeOne}.`,
    );
  }
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

function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const curve = asymmetricKeyDetails?.namedCurve;
  return `a key of the kind ${asymmetricKeyType}${curve ? ` on the curve ${curve}` : ''}`;
}
