/** The claims of a JWT access token (RFC 9068 section 2.2), and whatever else the issuer put into it. */
export interface AccessTokenClaims {
  iss: string;
  aud: string | string[];
  /** In seconds since 1970, like `iat` and `nbf`. */
  exp: number;
  iat?: number;
  nbf?: number;
  jti?: string;
  /** The user; for a token that a client got for itself, the client. */
  sub?: string;
  client_id?: string;
  /** The granted scopes, separated by spaces. */
  scope?: string;
  [claim: string]: unknown;
}

/** The scopes that a token was granted (RFC 9068 section 2.2.3). */
export function scopesOf({ scope }: AccessTokenClaims): readonly string[] {
  return scope?.split(' ') ?? [];
}

const textClaims = ['sub', 'client_id', 'jti', 'scope'];

/** False where a claim is not of the type that the standard gives it, so that the type above is true. */
export function areWellTyped(claims: Record<string, unknown>): claims is AccessTokenClaims {
  return textClaims.every((name) => claims[name] === undefined || typeof claims[name] === 'string');
}
