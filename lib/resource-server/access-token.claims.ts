import { OidcTokenError } from '../core/errors.js';
import type { Claims } from '../core/jwt/jwt-claims.js';
import { isScope } from './scopes.js';

/** The claims of a JWT access token (RFC 9068 section 2.2), and whatever else the issuer put into it. */
export interface AccessTokenClaims {
  iss: string;
  /** Missing where the option `audience` is false and the issuer writes none. */
  aud?: string | string[];
  /** In seconds since 1970, like `iat` and `nbf`. */
  exp: number;
  iat?: number;
  nbf?: number;
  jti?: string;
  /** The user; for a token that a client got for itself, the client. */
  sub?: string;
  client_id?: string;
  /** The granted scopes, separated by spaces, in whatever claim and form the issuer has them. */
  scope?: string;
  [claim: string]: unknown;
}

const textClaims = ['sub', 'client_id', 'jti'];

/**
 * The claims of a token that was verified, each of the type that the standard gives it, so that the type above is true.
 *
 * @throws OidcTokenError `OIDC_TOKEN_MALFORMED`
 */
export function accessTokenClaimsOf(claims: Claims, scopeClaim: string): AccessTokenClaims {
  for (const name of textClaims) {
    if (claims[name] !== undefined && typeof claims[name] !== 'string') throw malformed(name, 'a string');
  }
  const scopes = scopesIn(claims[scopeClaim], scopeClaim);
  if (scopes === undefined) {
    if (scopeClaim === 'scope') return claims as AccessTokenClaims;
    const { scope: _, ...others } = claims;
    return others as AccessTokenClaims;
  }
  return { ...claims, scope: scopes } as AccessTokenClaims;
}

function scopesIn(value: unknown, claim: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  // Two scopes in one member would be granted as two.
  if (Array.isArray(value) && Array.from(value as unknown[]).every(isScope)) return value.join(' ');
  throw malformed(claim, 'a string, or a list of scopes');
}

function malformed(claim: string, expected: string): OidcTokenError {
  return new OidcTokenError('OIDC_TOKEN_MALFORMED', `invalid ${claim} value`, claim, expected);
}
