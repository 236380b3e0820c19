import { createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject, SignKeyObjectInput } from 'node:crypto';
import { promisify } from 'node:util';

import { algorithmNamed, defaultAlgorithmOf, isSigningAlgorithm, signingAlgorithms } from './algorithms.js';
import type { Algorithm, SigningAlgorithm } from './algorithms.js';
import { OidcKeyError } from './errors.js';
import { makeOne } from './key-material.js';
import type { KeyMaterial } from './key-material.js';
import { publicJwkOf } from './public-jwk.js';
import type { PublicJwk } from './public-jwk.js';
import { isConsistentRsaKey, isRocaModulus, modulusOf } from './rsa.js';

// With a callback node:crypto signs on libuv's thread pool, off the event loop.
const signOnThreadPool = promisify(sign);

/** The public half of a key: what the JWKS publishes and tokens are verified with. */
export class VerificationKey {
  readonly algorithm: SigningAlgorithm;
  readonly publicKey: KeyObject;
  readonly publicJwk: Readonly<PublicJwk>;
  /** The setting that the key came from, for messages. */
  readonly where: string;

  /**
   * @throws OidcKeyError `OIDC_KEY_UNSUPPORTED`, `OIDC_KEY_TOO_WEAK`, `OIDC_KEY_INVALID_OPTION` (a `kid` that is
   * no string).
   */
  constructor(material: KeyMaterial) {
    if (material.keyObject.type === 'secret') {
      throw new OidcKeyError(
        'OIDC_KEY_NOT_PRIVATE',
        `${material.where} is a shared secret. Use an RSA private key; ${makeOne}.`,
      );
    }
    const { kid, where, keyObject } = material;
    if (kid !== undefined && (typeof kid !== 'string' || kid === '')) {
      throw new OidcKeyError(
        'OIDC_KEY_INVALID_OPTION',
        `${where} has a kid that is not a string with something in it.`,
      );
    }
    this.where = where;
    this.algorithm = algorithmOf(material).name;
    this.publicKey = keyObject.type === 'public' ? keyObject : createPublicKey(keyObject);
    refuseWeakRsa(this.publicKey, algorithmNamed(this.algorithm), where);
    this.publicJwk = publicJwkOf(this.publicKey, this.algorithm, kid);
  }

  get kid(): string {
    return this.publicJwk.kid;
  }
}

/** A validated private key. Nothing but `sign` can reach the private half. */
export class SigningKey extends VerificationKey {
  readonly #hash: string;
  readonly #parameters: SignKeyObjectInput;

  /**
   * Checks the key whole: kind, size, exponent, halves that belong together, and one signature that its own public
   * half verifies.
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
    const { hash, signParameters } = algorithmNamed(this.algorithm);
    this.#hash = hash;
    this.#parameters = signParameters(material.keyObject);
    if (!isConsistentRsaKey(material.keyObject) || !this.#signsWhatItVerifies()) {
      throw new OidcKeyError(
        'OIDC_KEY_MISMATCH',
        `${this.where} is a private key whose halves do not belong together. Export the key again; ${makeOne}.`,
      );
    }
  }

  /** The signature over `data`, made on the thread pool. */
  sign(data: Buffer): Promise<Buffer> {
    return signOnThreadPool(this.#hash, data, this.#parameters);
  }

  #signsWhatItVerifies(): boolean {
    const data = Buffer.from('nestjs-oidc-key');
    try {
      return verify(
        this.#hash,
        data,
        { ...this.#parameters, key: this.publicKey },
        sign(this.#hash, data, this.#parameters),
      );
    } catch {
      // OpenSSL refuses to sign with some broken keys instead of signing wrongly.
      return false;
    }
  }
}

function algorithmOf({ keyObject, algorithm: wanted, where }: KeyMaterial): Algorithm {
  const keyType = keyObject.asymmetricKeyType;
  if (wanted !== undefined && !isSigningAlgorithm(wanted)) {
    throw new OidcKeyError(
      'OIDC_KEY_UNSUPPORTED',
      `${where} is for an algorithm that cannot be used here. Supported: ${signingAlgorithms.join(', ')}.`,
    );
  }
  const algorithm = wanted === undefined ? defaultAlgorithmOf(keyType) : algorithmNamed(wanted);
  if (!algorithm || algorithm.keyType !== keyType) {
    const curve = keyObject.asymmetricKeyDetails?.namedCurve;
    const kind = curve ? `${keyType} key on ${curve}` : `${keyType} key`;
    throw new OidcKeyError(
      'OIDC_KEY_UNSUPPORTED',
      `${where} is an ${kind}, which cannot sign ${algorithm?.name ?? signingAlgorithms.join(', ')}. ` +
        'Use an RSA key (`openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`).',
    );
  }
  return algorithm;
}

function refuseWeakRsa(publicKey: KeyObject, algorithm: Algorithm, where: string): void {
  const { modulusLength = 0, publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {};
  if (modulusLength < algorithm.minimumBits) {
    throw new OidcKeyError(
      'OIDC_KEY_TOO_WEAK',
      `${where} has ${modulusLength} bits; ${algorithm.name} needs at least ${algorithm.minimumBits} ` +
        `(RFC 7518 section 3.3). ${makeOne}.`,
    );
  }
  if (modulusLength > algorithm.maximumBits) {
    throw new OidcKeyError(
      'OIDC_KEY_UNSUPPORTED',
      `${where} has ${modulusLength} bits; more than ${algorithm.maximumBits} are too slow to sign and verify with. ` +
        'Use 2048 to 4096 bits.',
    );
  }
  if (publicExponent < 65537n || publicExponent % 2n === 0n) {
    throw new OidcKeyError(
      'OIDC_KEY_TOO_WEAK',
      `${where} has a public exponent below 65537 or an even one (FIPS 186-5 section 5.1). ${makeOne}.`,
    );
  }
  if (isRocaModulus(modulusOf(publicKey))) {
    throw new OidcKeyError(
      'OIDC_KEY_TOO_WEAK',
      `${where} has a modulus that can be factored (ROCA, CVE-2017-15361): the chip that made it is flawed. ${makeOne}.`,
    );
  }
}
