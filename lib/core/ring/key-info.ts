import { createHash } from 'node:crypto';

import type { SigningAlgorithm } from '../algorithms.js';
import type { PublicJwk } from '../key/public-jwk.js';
import type { VerificationKey } from '../key/verification-key.js';
import type { KeyRing } from './key-ring.js';

/** What may be known about the key that signs now. Every member is read from the ring in service when asked. */
export class KeyInfo {
  readonly #ring: () => KeyRing;

  /** @internal */
  constructor(ring: () => KeyRing) {
    this.#ring = ring;
  }

  /** The `kid` of the current key: its RFC 7638 thumbprint unless another one was configured. */
  get kid(): string {
    return this.#key.kid;
  }

  /** The public JWK of the current key, as the JWKS publishes it. */
  get publicJwk(): PublicJwk {
    return { ...this.#key.publicJwk };
  }

  /** The algorithm of the current key. */
  get algorithm(): SigningAlgorithm {
    return this.#key.alg;
  }

  /** Every algorithm that can sign: `id_token_signing_alg_values_supported` of the discovery document. */
  get algorithms(): SigningAlgorithm[] {
    return this.#ring()
      .signingKeys()
      .map(({ key }) => key.alg);
  }

  /**
   * The value of `at_hash` for an access token, or of `c_hash` for a code, in an ID token that the current key signs
   * (OpenID Connect Core section 3.1.3.6): the left half of its hash, base64url.
   *
   * @param algorithm that of the ID token. Default: as for `sign`
   * @throws OidcKeyError `OIDC_KEY_NONE_TO_SIGN` where no key of the algorithm signs
   */
  tokenHash(token: string, algorithm?: SigningAlgorithm): string {
    const { key } = this.#ring().signingKey(algorithm);
    const digest = createHash(key.algorithm.tokenHash).update(token).digest();
    return digest.subarray(0, digest.length / 2).toString('base64url');
  }

  /** The members above as a plain object. */
  toJSON(): {
    kid: string;
    publicJwk: PublicJwk;
    algorithm: SigningAlgorithm;
    algorithms: SigningAlgorithm[];
  } {
    const { kid, publicJwk, algorithm, algorithms } = this;
    return { kid, publicJwk, algorithm, algorithms };
  }

  get #key(): VerificationKey {
    return this.#ring().signingKey().key;
  }
}
