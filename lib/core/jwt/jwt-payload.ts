import { OidcTokenError } from '../errors.js';
import { nowInSeconds } from './jwt-claims.js';
import type { Claims } from './jwt-claims.js';
import type { SignOptions } from './jwt-options.js';
import { isObject, isPlain } from '../objects.js';
import { ownMembersOf } from './own-members.js';

/** What is signed: the payload's bytes, and the `typ` that keeps one kind of token from passing for another. */
export interface PreparedPayload {
  readonly bytes: Buffer;
  readonly typ: string;
  /** `exp`, or `expire_time` of a code or refresh token of `@jmondi/oauth2-server`; seconds since 1970. */
  readonly expiresAt: unknown;
}

/** The options that set a claim, and the claim that each sets. */
const claimOptions = [
  ['audience', 'aud'],
  ['issuer', 'iss'],
  ['subject', 'sub'],
  ['jwtid', 'jti'],
] as const;

/**
 * A string or Buffer is kept to the byte, since it is somebody else's document; an object becomes a claims set.
 *
 * @throws OidcTokenError `OIDC_TOKEN_INVALID_PAYLOAD`, `OIDC_TOKEN_INVALID_OPTION`.
 */
export function preparePayload(payload: unknown, options: SignOptions): PreparedPayload {
  if (typeof payload === 'string' || Buffer.isBuffer(payload)) {
    refuseClaimOptions(options);
    const bytes = Buffer.from(payload as string);
    const document = parse(bytes);
    return {
      bytes,
      typ: document?.auth_code_id === undefined ? 'JWT' : 'code+jwt',
      expiresAt: expiryOf(document),
    };
  }
  if (!isObject(payload) || !isPlain(payload)) throw notAPayload();
  const claims = claimsOf(payload, options);
  return { bytes: encode(claims), typ: typOfClaims(claims), expiresAt: expiryOf(claims) };
}

function refuseClaimOptions({
  header: _header,
  algorithm: _algorithm,
  ...claimOptionsGiven
}: SignOptions): void {
  const [name] = Object.keys(claimOptionsGiven);
  if (name !== undefined) {
    throw new OidcTokenError(
      'OIDC_TOKEN_INVALID_OPTION',
      `sign cannot apply the option "${name}" to a string or a Buffer, which is signed as it is`,
    );
  }
}

function claimsOf(payload: Claims, options: SignOptions): Claims {
  const claims = ownMembersOf(payload);
  if (typeof claims.toJSON === 'function') throw notAPayload();
  const iat = (claims.iat ??= nowInSeconds());
  // A list may have holes, which `every` skips, and a toJSON of its own; what Array.from makes has neither.
  if (Array.isArray(claims.aud)) claims.aud = Array.from(claims.aud as unknown[]);
  if (Number.isFinite(claims.sub) || typeof claims.sub === 'bigint') claims.sub = String(claims.sub);
  for (const claim of registeredClaims) checkType(claims, claim);
  if (options.noTimestamp) delete claims.iat;

  const set = (claim: RegisteredClaim, value: unknown, option: string) => {
    if (claims[claim] !== undefined) {
      throw new OidcTokenError(
        'OIDC_TOKEN_INVALID_OPTION',
        `"${option}" would replace the claim "${claim}" of the payload`,
      );
    }
    claims[claim] = value;
    checkType(claims, claim);
  };
  for (const [option, claim] of claimOptions) {
    if (options[option] !== undefined) set(claim, options[option], option);
  }
  if (options.expiresIn !== undefined) set('exp', Number(iat) + options.expiresIn, 'expiresIn');
  if (options.notBefore !== undefined) set('nbf', Number(iat) + options.notBefore, 'notBefore');
  return claims;
}

const isString = (value: unknown) => typeof value === 'string';

/** The registered claims and their types (RFC 7519 section 4.1). */
const claimTypes = {
  iss: [isString, 'a string'],
  sub: [isString, 'a string or a number'],
  aud: [
    (value) => isString(value) || (Array.isArray(value) && value.every(isString)),
    'a string or a list of strings',
  ],
  exp: [Number.isFinite, 'a number'],
  nbf: [Number.isFinite, 'a number'],
  iat: [Number.isFinite, 'a number'],
  jti: [isString, 'a string'],
} as const satisfies Readonly<Record<string, readonly [(value: unknown) => boolean, string]>>;

type RegisteredClaim = keyof typeof claimTypes;

// Listed once, and not for each token.
const registeredClaims = Object.keys(claimTypes) as RegisteredClaim[];

function checkType(claims: Claims, claim: RegisteredClaim): void {
  const value = claims[claim];
  const [isValid, expected] = claimTypes[claim];
  if (value !== undefined && !isValid(value))
    throw invalidPayload(`the claim "${claim}" has to be ${expected}`);
}

function encode(claims: Claims): Buffer {
  try {
    return Buffer.from(JSON.stringify(claims));
  } catch {
    // The engine's message walks through the payload's own property names.
    throw invalidPayload('the payload cannot be written as JSON: it holds a cycle or a bigint');
  }
}

function notAPayload(): OidcTokenError {
  return invalidPayload('the payload has to be a plain object, a string or a Buffer');
}

function invalidPayload(message: string): OidcTokenError {
  return new OidcTokenError('OIDC_TOKEN_INVALID_PAYLOAD', message);
}

/** RFC 9068 section 2.1 for access tokens; names of our own for what never leaves the issuer. */
function typOfClaims(claims: Claims): string {
  if (claims.refresh_token_id !== undefined) return 'refresh+jwt';
  const isAccessToken =
    [claims.jti, claims.cid, claims.scope].every(isString) &&
    claims.at_hash === undefined &&
    claims.nonce === undefined;
  return isAccessToken ? 'at+jwt' : 'JWT';
}

function expiryOf(claims: Claims | undefined): unknown {
  return claims?.exp ?? claims?.expire_time;
}

function parse(bytes: Buffer): Claims | undefined {
  try {
    const document: unknown = JSON.parse(bytes.toString());
    return isObject(document) ? ownMembersOf(document) : undefined;
  } catch {
    // Any text may be signed; only an authorization code is told apart.
    return undefined;
  }
}
