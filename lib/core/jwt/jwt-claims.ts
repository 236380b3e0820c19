import { OidcTokenError } from '../errors.js';
import type { VerifyOptions } from './jwt-options.js';

export type Claims = Record<string, unknown>;

export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/**
 * Checks the claims of a token whose signature is good (RFC 7519 section 4.1), and its `typ`.
 *
 * @throws OidcTokenError `OIDC_TOKEN_MALFORMED`, `OIDC_TOKEN_EXPIRED`, `OIDC_TOKEN_NOT_ACTIVE`,
 * `OIDC_TOKEN_CLAIM_MISMATCH`.
 */
export function checkClaims(claims: Claims, typ: unknown, options: VerifyOptions): void {
  checkTimes(claims, options);
  if (options.typ !== undefined && !isTyp(typ, options.typ)) {
    throw mismatch('jwt typ invalid', 'header.typ');
  }
  for (const claim of options.requiredClaims ?? []) {
    if (!Object.hasOwn(claims, claim)) throw missing(claim);
  }
  requireOneOf(claims.iss, options.issuer, 'jwt issuer invalid', 'iss');
  requireOneOf(claims.sub, options.subject, 'jwt subject invalid', 'sub');
  requireOneOf(claims.jti, options.jwtid, 'jwt id invalid', 'jti');
  requireOneOf(claims.nonce, options.nonce, 'jwt nonce invalid', 'nonce');
  requireAudience(claims.aud, options.audience);
}

/** Whether a header's `typ` is this media type (RFC 7515 section 4.1.9). */
export function isTyp(actual: unknown, expected: string): boolean {
  return typeof actual === 'string' && mediaTypeOf(actual) === mediaTypeOf(expected);
}

/** How messages say what is required. */
export function oneOf(expected: string | readonly string[]): string {
  const values = [expected].flat().map((value) => JSON.stringify(value));
  return values.length > 1 ? `one of ${values.join(', ')}` : values.join();
}

function checkTimes(claims: Claims, options: VerifyOptions): void {
  const exp = numericDate(claims, 'exp');
  const nbf = numericDate(claims, 'nbf');
  const iat = numericDate(claims, 'iat');
  const { clockTimestamp: now = nowInSeconds(), clockTolerance: tolerance = 0, maxAge } = options;
  if (nbf !== undefined && !options.ignoreNotBefore && nbf > now + tolerance) {
    throw new OidcTokenError(
      'OIDC_TOKEN_NOT_ACTIVE',
      'jwt not active',
      'nbf',
      `${now + tolerance} or earlier`,
    );
  }
  if (exp !== undefined && !options.ignoreExpiration && exp <= now - tolerance) {
    throw expired('jwt expired', 'exp', `later than ${now - tolerance}`);
  }
  if (maxAge === undefined) return;
  if (iat === undefined) throw missing('iat');
  if (iat > now + tolerance) {
    throw mismatch('jwt iat lies in the future', 'iat', `${now + tolerance} or earlier`);
  }
  if (now - iat - tolerance > maxAge) {
    throw expired('maxAge exceeded', 'iat', `${now - tolerance - maxAge} or later`);
  }
}

function numericDate(claims: Claims, claim: 'exp' | 'nbf' | 'iat'): number | undefined {
  const value = claims[claim];
  if (value === undefined || Number.isFinite(value)) return value as number | undefined;
  throw new OidcTokenError('OIDC_TOKEN_MALFORMED', `invalid ${claim} value`, claim, 'a number');
}

/** RFC 7515 section 4.1.9: a `typ` without a slash is short for `application/...`, and case does not matter. */
function mediaTypeOf(typ: string): string {
  return (typ.includes('/') ? typ : `application/${typ}`).toLowerCase();
}

function requireOneOf(
  actual: unknown,
  expected: string | string[] | undefined,
  message: string,
  claim: string,
): void {
  if (expected !== undefined && ![expected].flat().includes(actual as string)) {
    throw mismatch(message, claim);
  }
}

function requireAudience(actual: unknown, expected: string | string[] | undefined): void {
  if (expected === undefined) return;
  const audiences: unknown[] = Array.isArray(actual) ? actual : [actual];
  if (![expected].flat().some((audience) => audiences.includes(audience)))
    throw mismatch('jwt audience invalid', 'aud');
}

function expired(...about: [message: string, claim: string, expected: string]): OidcTokenError {
  return new OidcTokenError('OIDC_TOKEN_EXPIRED', ...about);
}

function missing(claim: string): OidcTokenError {
  return mismatch(`jwt claim missing: ${claim}`, claim, 'there');
}

/** A claim that is not what the caller requires. What that is may be a secret of the caller, such as a nonce. */
export function mismatch(...about: [message: string, claim: string, expected?: string]): OidcTokenError {
  return new OidcTokenError('OIDC_TOKEN_CLAIM_MISMATCH', ...about);
}
