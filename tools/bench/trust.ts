import type { VerifyOptions } from 'nestjs-oidc-key';

/** Whose tokens a resource server accepts, and of what scope. */
export interface Trust {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly audience: string;
  readonly scope: string;
}

/** What our guard asks of a token, as `JwtService.verify` can be asked for it. */
export function checksOf({ issuer, audience }: Pick<Trust, 'issuer' | 'audience'>): VerifyOptions {
  return {
    typ: 'at+jwt',
    issuer,
    audience,
    requiredClaims: ['exp', 'iat', 'jti', 'sub', 'client_id'],
  };
}
