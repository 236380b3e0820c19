import { isSigningAlgorithm } from '../algorithms.js';
import type { SigningAlgorithm } from '../algorithms.js';
import { OidcTokenError } from '../errors.js';
import { isObject, isPlain } from '../objects.js';
import { hasOwnMembersOnly, ownMembersOf } from './own-members.js';

/** @inline */
interface HeaderMembers {
  typ?: string | undefined;
  alg?: string | undefined;
  kid?: string | undefined;
  cty?: string | undefined;
}

/**
 * What `JwtService.sign` can be asked to do. Anything else is refused, never ignored; an option that is undefined is
 * not given.
 */
export interface SignOptions {
  /** Members of the JOSE header. `alg` and `kid` are always the key's own; `typ` is taken from here if given. */
  header?: HeaderMembers | undefined;
  /** The current key of this algorithm signs. Default: the option `algorithm`, else RS256, else that of the only key. */
  algorithm?: SigningAlgorithm | undefined;
  /** Sets `exp`, in seconds after `iat`. */
  expiresIn?: number | undefined;
  /** Sets `nbf`, in seconds after `iat`. */
  notBefore?: number | undefined;
  /** Sets `aud`. */
  audience?: string | string[] | undefined;
  /** Sets `iss`. */
  issuer?: string | undefined;
  /** Sets `sub`. */
  subject?: string | undefined;
  /** Sets `jti`. */
  jwtid?: string | undefined;
  /** Leaves `iat` out. */
  noTimestamp?: boolean | undefined;
}

/**
 * What `JwtService.verify` can be asked to require. Anything else is refused, never ignored; so is a requirement that
 * is undefined, since it would switch off a check that was asked for.
 */
export interface VerifyOptions {
  /** Narrows the algorithms that are accepted; it can never widen them, since the key decides. */
  algorithms?: string[];
  /** `typ` of the header, compared as RFC 7515 section 4.1.9 says: `at+jwt` for an access token (RFC 9068). */
  typ?: string;
  /** One of these is `iss`. */
  issuer?: string | string[];
  /** One of these is in `aud`. */
  audience?: string | string[];
  /** `sub`. */
  subject?: string;
  /** `jti`. */
  jwtid?: string;
  /** `nonce` (OpenID Connect Core section 3.1.3.7). */
  nonce?: string;
  /** Claims that have to be there, whatever their value. */
  requiredClaims?: string[];
  /** The oldest `iat` that is accepted, in seconds. */
  maxAge?: number;
  /** How far the clocks of issuer and verifier may differ, in seconds. Default 0. */
  clockTolerance?: number;
  /** The time to compare with, in seconds since 1970. Default: now. */
  clockTimestamp?: number;
  /** Accepts a token whose `exp` has been reached. */
  ignoreExpiration?: boolean | undefined;
  /** Accepts a token whose `nbf` has not been reached. */
  ignoreNotBefore?: boolean | undefined;
}

const headerNames = ['typ', 'alg', 'kid', 'cty'];

type Checks<Options> = Readonly<Record<keyof Options, readonly [(value: unknown) => boolean, string]>>;

const isString = (value: unknown) => typeof value === 'string' && value !== '';
const isStringList = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isString);

const aString = [isString, 'a string'] as const;
const strings = [isStringList, 'a list of strings'] as const;
const stringOrStrings = [
  (value: unknown) => isString(value) || isStringList(value),
  'a string or a list of strings',
] as const;
const seconds = [Number.isFinite, 'a number of seconds'] as const;
const positiveSeconds = [
  (value: unknown) => Number.isFinite(value) && (value as number) >= 0,
  'a number of seconds, 0 or more',
] as const;
const flag = [
  (value: unknown) => value === undefined || typeof value === 'boolean',
  'true or false',
] as const;
const header = [isHeader, `an object of strings named ${headerNames.join(', ')}`] as const;

// An extension announced by "crit" (RFC 7515 section 4.1.11) changes how the token is built, and we build none; a
// "jwk" or "jku" invites a careless verifier to trust it.
function isHeader(value: unknown): boolean {
  return (
    isObject(value) &&
    isPlain(value) &&
    hasOwnMembersOnly(value) &&
    Object.entries(value).every(
      ([name, member]) => headerNames.includes(name) && (member === undefined || typeof member === 'string'),
    )
  );
}

const signChecks: Checks<SignOptions> = {
  header,
  algorithm: [isSigningAlgorithm, 'a supported algorithm'],
  expiresIn: seconds,
  notBefore: seconds,
  audience: stringOrStrings,
  issuer: aString,
  subject: aString,
  jwtid: aString,
  noTimestamp: flag,
};

const verifyChecks: Checks<VerifyOptions> = {
  algorithms: strings,
  typ: aString,
  issuer: stringOrStrings,
  audience: stringOrStrings,
  subject: aString,
  jwtid: aString,
  nonce: aString,
  requiredClaims: strings,
  maxAge: positiveSeconds,
  clockTolerance: positiveSeconds,
  clockTimestamp: seconds,
  ignoreExpiration: flag,
  ignoreNotBefore: flag,
};

const none = Object.freeze(ownMembersOf({}));

/** A copy of the options that nobody can change, or give to every object by its prototype, after they were checked. */
function ownOptions(call: string, options: unknown): Record<string, unknown> {
  if (options === undefined || options === null) return none;
  if (!isObject(options) || !isPlain(options) || !hasOwnMembersOnly(options))
    throw invalid(`the options of ${call} have to be a plain object`);
  const own = ownMembersOf(options);
  for (const name of Object.keys(own)) own[name] = detached(own[name]);
  return own;
}

function detached(value: unknown): unknown {
  // A list may have holes, which `every` skips, and a toJSON of its own; what Array.from makes has neither.
  if (Array.isArray(value)) return Array.from(value as unknown[]);
  return isObject(value) && isPlain(value) && hasOwnMembersOnly(value) ? ownMembersOf(value) : value;
}

function checked<Options extends object>(
  call: string,
  options: Record<string, unknown>,
  checks: Checks<Options>,
): Options {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name))
      throw invalid(`${call} has no such option, or cannot apply it: "${name}"`);
    const [isValid, expected] = checks[name as keyof Options];
    if (!isValid(value)) throw invalid(`the option "${name}" of ${call} has to be ${expected}`);
  }
  return options as Options;
}

function invalid(message: string): OidcTokenError {
  return new OidcTokenError('OIDC_TOKEN_INVALID_OPTION', message);
}

/** @throws OidcTokenError `OIDC_TOKEN_INVALID_OPTION` */
export function checkedSignOptions(options: unknown): SignOptions {
  const own = ownOptions('sign', options);
  for (const name of Object.keys(own)) if (own[name] === undefined) delete own[name];
  return checked('sign', own, signChecks);
}

/**
 * An option that is there but undefined is refused: it would switch a check off that the caller asked for.
 *
 * @throws OidcTokenError `OIDC_TOKEN_INVALID_OPTION`
 */
export function checkedVerifyOptions(options: unknown): VerifyOptions {
  return checked('verify', ownOptions('verify', options), verifyChecks);
}
