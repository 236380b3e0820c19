import { compactVerify, decodeJwt, decodeProtectedHeader, errors } from 'jose';
import type { CompactVerifyResult, ProtectedHeaderParameters } from 'jose';

import { algorithm } from './algorithms.js';
import { OidcTokenError } from './errors.js';
import { withoutReservedFields } from './extra-token-fields.js';
import type {
  ExtraTokenFields,
  ExtraTokenFieldsArguments,
  ExtraTokenFieldsFunction,
} from './extra-token-fields.js';
import { checkClaims } from './jwt-claims.js';
import { checkedSignOptions, checkedVerifyOptions } from './jwt-options.js';
import type { SignOptions, VerifyOptions } from './jwt-options.js';
import { checkServiceOptions, serviceOptionNames } from './service-options.js';
import { preparePayload } from './jwt-payload.js';
import { KeyRing } from './key-ring.js';
import { settingsFromOptions } from './key-settings.js';
import type { KeyOptions } from './key-settings.js';
import { isObject } from './objects.js';
import type { JsonWebKeySet } from './public-jwk.js';
import { RetentionGuard } from './retention-guard.js';
import type { Retention } from './retention-guard.js';
import type { VerificationKey } from './signing-key.js';
import { loadSlotsNow } from './slots.js';

/** What a {@link JwtService} that is made without Nest needs. */
export interface JwtServiceOptions extends KeyOptions {
  /** Claims to add to every access token that `@jmondi/oauth2-server` makes. */
  extraTokenFields?: ExtraTokenFieldsFunction | undefined;
}

/** RFC 7515 section 7.1. */
const compactSerialization = /^[\w-]+\.[\w-]*\.[\w-]*$/;

/**
 * A service over a ring that somebody else keeps. A class, so that no plain object can be taken for one.
 *
 * @internal
 */
export class LiveRing {
  constructor(
    readonly ring: () => KeyRing,
    readonly extraTokenFields?: ExtraTokenFieldsFunction,
    readonly retention?: Retention,
  ) {}
}

/**
 * Signs and verifies the JWTs of an OpenID Connect issuer. It is what `@jmondi/oauth2-server` (4.3.7 and 5) calls a
 * `JwtInterface`; the module provides it as a singleton, and it works without Nest too.
 */
export class JwtService {
  readonly #ring: () => KeyRing;
  readonly #retention: RetentionGuard | undefined;

  /**
   * The hook of `@jmondi/oauth2-server`, there only if the option of the same name was given.
   * Rejects with `OIDC_TOKEN_RESERVED_CLAIM` where the hook returns a claim that would turn an access token into
   * another kind of token.
   */
  declare readonly extraTokenFields?: (args: ExtraTokenFieldsArguments) => Promise<ExtraTokenFields>;

  /** @throws OidcKeyError with the code and remedy for whatever is wrong with a key. */
  constructor(options: JwtServiceOptions);
  /** @internal */
  constructor(live: LiveRing);
  constructor(options: JwtServiceOptions | LiveRing) {
    const live = options instanceof LiveRing ? options : liveRingOf(options);
    this.#ring = live.ring;
    this.#retention = live.retention && new RetentionGuard(live.retention);
    if (live.extraTokenFields) this.extraTokenFields = withoutReservedFields(live.extraTokenFields);
  }

  /**
   * Signs a JWT (RFC 7515 section 7.1) on the thread pool.
   *
   * An object gets `iat` unless it has one, and a numeric `sub` becomes a string; the argument is not changed. A
   * string or Buffer is signed as it is. `alg` and `kid` are the key's. `typ` is `at+jwt` for an access token of
   * `@jmondi/oauth2-server` (RFC 9068), `code+jwt` and `refresh+jwt` for its codes and refresh tokens, else `JWT`.
   *
   * @throws OidcTokenError `OIDC_TOKEN_INVALID_OPTION`, `OIDC_TOKEN_INVALID_PAYLOAD`; OidcKeyError
   * `OIDC_KEY_NONE_TO_SIGN`. Always from the returned promise.
   */
  sign(payload: string | Buffer | Record<string, unknown>, options?: SignOptions): Promise<string>;
  /** The form in which the declarations of jsonwebtoken, and so of `@jmondi/oauth2-server`, accept this class. */
  sign(
    payload: string | Buffer | Record<string, unknown>,
    options?: Pick<SignOptions, 'header'>,
  ): Promise<string>;
  async sign(payload: string | Buffer | Record<string, unknown>, options?: SignOptions): Promise<string> {
    const checked = checkedSignOptions(options);
    const { bytes, typ, expiresAt } = preparePayload(payload, checked);
    this.#retention?.check(typ, expiresAt);
    const key = this.#ring().signer(checked.algorithm);
    const header = { ...checked.header, typ: checked.header?.typ ?? typ, alg: key.algorithm, kid: key.kid };
    const signingInput = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${bytes.toString('base64url')}`;
    const signature = await key.sign(Buffer.from(signingInput));
    return `${signingInput}.${signature.toString('base64url')}`;
  }

  /**
   * Verifies a JWT against the keys that are published, and resolves to its claims.
   *
   * The key decides the algorithm (RFC 8725 section 3.1). **A bare `verify(token)` accepts every kind of token that
   * this issuer signs, authorization codes and refresh tokens included, and tokens without `exp`**: whoever guards
   * a resource asks for `{ typ: 'at+jwt', issuer, audience, requiredClaims: ['exp'] }`.
   *
   * @throws OidcTokenError `OIDC_TOKEN_INVALID_SIGNATURE` (message `invalid signature`), `OIDC_TOKEN_EXPIRED`
   * (message `jwt expired`), `OIDC_TOKEN_MALFORMED`, `OIDC_TOKEN_INVALID_ALGORITHM`, `OIDC_TOKEN_NOT_ACTIVE`,
   * `OIDC_TOKEN_CLAIM_MISMATCH`, `OIDC_TOKEN_INVALID_OPTION`. Always from the returned promise.
   */
  verify(token: string, options?: VerifyOptions): Promise<Record<string, unknown>>;
  /** The form in which the declarations of jsonwebtoken, and so of `@jmondi/oauth2-server`, accept this class. */
  verify(
    token: string,
    options?: Pick<VerifyOptions, 'ignoreExpiration' | 'ignoreNotBefore'>,
  ): Promise<Record<string, unknown>>;
  async verify(token: string, options?: VerifyOptions): Promise<Record<string, unknown>> {
    const checked = checkedVerifyOptions(options);
    const header = headerOf(token);
    const { payload, protectedHeader } = await verifyUnderOneOf(
      this.#candidates(header),
      token,
      header,
      checked,
    );
    const claims = parseClaims(payload);
    checkClaims(claims, protectedHeader.typ, checked);
    return claims;
  }

  /** The claims of a JWT, **not verified**; `null` for anything that is no JWT. Never throws. */
  decode(token: string): Record<string, unknown> | null {
    try {
      headerOf(token);
      return decodeJwt(token);
    } catch {
      // That it is no JWT is the answer.
      return null;
    }
  }

  /** A copy of the JWKS (RFC 7517 section 5) that the route serves. Synchronous, and never throws. */
  getKeySet(): JsonWebKeySet {
    return this.#ring().toKeySet();
  }

  #candidates(header: ProtectedHeaderParameters): readonly VerificationKey[] {
    const ring = this.#ring();
    if (!Object.hasOwn(header, 'kid')) return ring.candidatesFor(header.alg);
    // The kid is untrusted (RFC 8725 section 3.10): it can only pick a key that is published.
    const key = typeof header.kid === 'string' ? ring.find(header.kid) : undefined;
    if (!key) throw invalidSignature();
    return [key];
  }
}

function liveRingOf(options: JwtServiceOptions): LiveRing {
  checkServiceOptions(options, serviceOptionNames, 'JwtService');
  const ring = new KeyRing(loadSlotsNow(settingsFromOptions(options)), options.algorithm);
  return new LiveRing(() => ring, options.extraTokenFields);
}

function headerOf(token: string): ProtectedHeaderParameters {
  try {
    if (typeof token === 'string' && isCompact(token)) return decodeProtectedHeader(token);
  } catch {
    // jose's reason adds nothing to ours, and a caller must not learn how far a forged token got.
  }
  throw malformed();
}

/**
 * One token can be written in one way only: jose would skip white space and padding, and bits that base64url leaves
 * unused at the end of the signature, which is the one part that is not signed.
 */
function isCompact(token: string): boolean {
  if (!compactSerialization.test(token)) return false;
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

async function verifyUnderOneOf(
  candidates: readonly VerificationKey[],
  token: string,
  header: ProtectedHeaderParameters,
  { algorithms }: VerifyOptions,
): Promise<CompactVerifyResult> {
  // RFC 7797 changes what is signed; none of our tokens does that.
  if ('b64' in header) throw malformed();
  const accepted = candidates.filter((key) => isAccepted(key, header.alg, algorithms));
  if (accepted.length === 0) throw new OidcTokenError('OIDC_TOKEN_INVALID_ALGORITHM', 'invalid algorithm');
  for (const { publicKey } of accepted) {
    try {
      return await compactVerify(token, publicKey);
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue;
      throw error instanceof errors.JOSEError ? malformed() : error;
    }
  }
  throw invalidSignature();
}

/** The key decides which names of an algorithm it is verified under; the caller can only narrow. */
function isAccepted(key: VerificationKey, alg: unknown, callers: string[] | undefined): boolean {
  const { acceptedNames } = algorithm(key.algorithm);
  const includes = (name: unknown) => acceptedNames.some((each) => each === name);
  return includes(alg) && (callers === undefined || callers.some(includes));
}

function parseClaims(payload: Uint8Array): Record<string, unknown> {
  try {
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    if (isObject(claims)) return claims;
  } catch {
    // The parser's message would quote the token.
  }
  throw malformed();
}

function malformed(): OidcTokenError {
  return new OidcTokenError('OIDC_TOKEN_MALFORMED', 'jwt malformed');
}

function invalidSignature(): OidcTokenError {
  return new OidcTokenError('OIDC_TOKEN_INVALID_SIGNATURE', 'invalid signature');
}
