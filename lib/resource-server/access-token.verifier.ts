import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey } from 'jose';

import { areWellTyped } from './access-token.claims.js';
import type { AccessTokenClaims } from './access-token.claims.js';
import type { ResolvedResourceServerOptions } from './resource-server.options.js';

/**
 * Verifies access tokens by the issuer's published keys (RFC 9068 section 4). The signature alone proves little,
 * because ID tokens, refresh tokens and codes may be signed with the same key: `typ`, `iss` and `aud` tell them apart.
 */
export class AccessTokenVerifier {
  readonly #expected: ResolvedResourceServerOptions['expected'];
  readonly #keys: JWTVerifyGetKey;

  constructor({ jwksUri, expected }: ResolvedResourceServerOptions) {
    this.#expected = expected;
    this.#keys = createRemoteJWKSet(jwksUri);
  }

  /** Resolves to undefined for a token that is not accepted; rejects where the issuer's keys cannot be had. */
  async verify(token: string): Promise<AccessTokenClaims | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#keys, { ...this.#expected });
      return areWellTyped(payload) ? payload : undefined;
    } catch (error) {
      if (isAboutTheToken(error)) return undefined;
      throw error;
    }
  }
}

// When the keys cannot be had, nothing is known about the token.
function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    error.code !== errors.JOSEError.code
  );
}
