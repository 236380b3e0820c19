import type { SigningAlgorithm } from '../algorithms.js';
import type { KeyRing } from './key-ring.js';
import type { PublicJwk } from '../key/public-jwk.js';

/** What may be known about the key that signs now. Every member is read from the ring in service when asked. */
export class KeyInfo {
  readonly #ring: () => KeyRing;

  /** @internal */
  constructor(ring: () => KeyRing) {
    this.#ring = ring;
  }

  /** The `kid` of the current key: its RFC 7638 thumbprint unless another one was configured. */
  get kid(): string {
    return this.#ring().signer().kid;
  }

  /** The public JWK of the current key, as the JWKS publishes it. */
  get publicJwk(): PublicJwk {
    return { ...this.#ring().signer().publicJwk };
  }

  /** The algorithm of the current key. */
  get algorithm(): SigningAlgorithm {
    return this.#ring().signer().algorithm;
  }

  /** Every algorithm that can sign: `id_token_signing_alg_values_supported` of the discovery document. */
  get algorithms(): SigningAlgorithm[] {
    return this.#ring().current.map(({ algorithm }) => algorithm);
  }

  /** The four members above as a plain object. */
  toJSON(): {
    kid: string;
    publicJwk: PublicJwk;
    algorithm: SigningAlgorithm;
    algorithms: SigningAlgorithm[];
  } {
    const { kid, publicJwk, algorithm, algorithms } = this;
    return { kid, publicJwk, algorithm, algorithms };
  }
}
