import { sign } from 'node:crypto';
import type { SignKeyObjectInput } from 'node:crypto';
import { promisify } from 'node:util';

import { algorithm } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import { makeOne } from '../reading/missing-key.js';
import type { KeyMaterial } from '../reading/key-material.js';
import { isConsistentRsaKey } from './rsa.js';
import { refuseWeakFactors } from './rsa-strength.js';
import { SigningQueue } from './signing-queue.js';
import { VerificationKey } from './verification-key.js';

// With a callback node:crypto works on libuv's thread pool, off the event loop.
const signOnThreadPool = promisify(sign);

/** One for the process, as the pool is. */
const queue = new SigningQueue();

const proof = Buffer.from('nestjs-oidc-key');

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
    const { hash, parameters } = algorithm(this.algorithm);
    this.#hash = hash;
    this.#parameters = { ...parameters, key: material.keyObject };
    if (material.keyObject.asymmetricKeyType !== 'rsa') return;
    if (!isConsistentRsaKey(material.keyObject)) throw this.#mismatch();
    refuseWeakFactors(material.keyObject, this.where);
  }

  /** The signature over `data`, made on the thread pool. */
  sign(data: Buffer): Promise<Buffer> {
    return queue.run(() => signOnThreadPool(this.#hash, data, this.#parameters));
  }

  /** What is left of the key when it signs no more. */
  publicHalf(): VerificationKey {
    return new VerificationKey(this);
  }

  /** Signs once on the thread pool. Rejects with `OIDC_KEY_MISMATCH` unless the public half verifies it. */
  override async prove(): Promise<this> {
    // OpenSSL refuses to sign with some broken keys instead of signing wrongly.
    const signature = await this.sign(proof).catch(() => undefined);
    return this.#provenBy(signature);
  }

  /** Like {@link prove}, for a constructor, which cannot wait. */
  override proveNow(): this {
    try {
      return this.#provenBy(sign(this.#hash, proof, this.#parameters));
    } catch {
      // As above.
      throw this.#mismatch();
    }
  }

  #provenBy(signature: Buffer | undefined): this {
    if (signature && this.verifies(proof, signature)) return this;
    throw this.#mismatch();
  }

  #mismatch(): OidcKeyError {
    return new OidcKeyError(
      'OIDC_KEY_MISMATCH',
      `${this.where} is a private key whose halves do not belong together. Export the key again; ${makeOne}.`,
    );
  }
}
