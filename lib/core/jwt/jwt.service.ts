import type { SigningAlgorithm } from '../algorithms.js';
import type { JsonWebKeySet } from '../key/public-jwk.js';
import type { KeyInput } from '../reading/key-material.js';
import { KeyLoader } from '../ring/key-loader.js';
import { KeyRing } from '../ring/key-ring.js';
import { KeySetRing } from '../ring/key-set-ring.js';
import type { Lives } from '../ring/life.js';
import type { SigningKey } from '../key/signing-key.js';
import type { VerificationKey } from '../key/verification-key.js';
import type { Usage } from '../usage/usage.js';
import { extraTokenFieldsHook } from './extra-token-fields.js';
import type {
  ExtraTokenFields,
  ExtraTokenFieldsArguments,
  ExtraTokenFieldsFunction,
} from './extra-token-fields.js';
import { checkClaims } from './jwt-claims.js';
import { checkedSignOptions, checkedVerifyOptions } from './jwt-options.js';
import type { SignOptions, VerifyOptions } from './jwt-options.js';
import { preparePayload } from './jwt-payload.js';
import { legacyOf } from './legacy/legacy-options.js';
import type { LegacyHs256, LegacyHs256Options } from './legacy/legacy-hs256.js';
import { RetentionGuard } from './retention-guard.js';
import type { Retention } from './retention-guard.js';
import { checkServiceOptions, serviceOptionNames, slotsOfOptions } from './service-options.js';
import { unverifiedClaimsOf, unverifiedKidOf, verifySignature } from './verify-signature.js';

/**
 * The only kind of key that `@jmondi/oauth2-server` 5 knows of in a key set.
 *
 * @inline
 */
interface Rs256Jwk {
  kty: 'RSA';
  n: string;
  e: string;
  use: 'sig';
  alg: 'RS256';
  kid: string;
}

/** What a {@link JwtService} that is made without Nest needs. */
export interface JwtServiceOptions {
  /** The key that signs, or several for several algorithms. */
  key: KeyInput | KeyInput[];
  /** Published and accepted already, for the time when they sign. */
  nextKeys?: KeyInput | KeyInput[] | undefined;
  /** Still published and accepted, newest first. A public key is enough. */
  previousKeys?: KeyInput | KeyInput[] | undefined;
  /** The algorithm that signs where `sign` is not asked for one. Default: RS256, or that of the only key. */
  algorithm?: SigningAlgorithm | undefined;
  /** Claims to add to every access token that `@jmondi/oauth2-server` makes. */
  extraTokenFields?: ExtraTokenFieldsFunction | undefined;
  /** The secret of HS256 that signed before, and until when `verify` accepts its tokens. Default: none. */
  legacyHs256?: LegacyHs256Options | undefined;
}

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
    readonly legacyHs256?: LegacyHs256,
    readonly usage?: Usage,
  ) {}
}

/**
 * Signs and verifies the JWTs of an OpenID Connect issuer. It is what `@jmondi/oauth2-server` (4.3.7 and 5) calls a
 * `JwtInterface`; the module provides it as a singleton, and it works without Nest too.
 */
export class JwtService {
  readonly #ring: () => KeyRing;
  readonly #retention: RetentionGuard | undefined;
  readonly #legacyHs256: LegacyHs256 | undefined;
  readonly #usage: Usage | undefined;

  /**
   * The hook of `@jmondi/oauth2-server`, there only if the option of the same name was given, or a subclass has a
   * method of this name. Either way it returns a promise, which rejects with OidcTokenError
   * `OIDC_TOKEN_RESERVED_CLAIM` where the hook returns a claim that would turn an access token into another kind of
   * token. A class field of this name is not checked: write a method.
   */
  extraTokenFields?(args: ExtraTokenFieldsArguments): ExtraTokenFields | Promise<ExtraTokenFields>;

  /**
   * @throws OidcKeyError with the code and remedy for whatever is wrong with a key; `OIDC_KEY_CONFLICT` where a
   * subclass has a method `extraTokenFields` and the option is given too.
   */
  constructor(options: JwtServiceOptions);
  /** @internal */
  constructor(live: LiveRing);
  constructor(options: JwtServiceOptions | LiveRing) {
    const live = options instanceof LiveRing ? options : liveRingOf(options);
    this.#ring = live.ring;
    this.#retention = live.retention && new RetentionGuard(live.retention);
    this.#legacyHs256 = live.legacyHs256;
    this.#usage = live.usage;
    this.#legacyHs256?.refusePublished(live.ring().keys.map(({ key }) => key));
    const hook = extraTokenFieldsHook(live.extraTokenFields, this.extraTokenFields?.bind(this));
    if (hook) this.extraTokenFields = hook;
  }

  /**
   * Signs a JWT (RFC 7515 section 7.1), off the event loop unless that costs more than the signature.
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
    const signing = this.#signingKey(checked.algorithm);
    const { key } = signing;
    const header = { ...checked.header, typ: checked.header?.typ ?? typ, alg: key.alg, kid: key.kid };
    const signingInput = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${bytes.toString('base64url')}`;
    const signature = await this.#signed(Buffer.from(signingInput), signing);
    return `${signingInput}.${signature.toString('base64url')}`;
  }

  #signingKey(algorithm: SigningAlgorithm | undefined): SigningKey {
    try {
      return this.#ring().signingKey(algorithm);
    } catch (error) {
      this.#usage?.cannotSign(error);
      throw error;
    }
  }

  #signed(data: Buffer, { key, signer }: SigningKey): Promise<Buffer> {
    if (!this.#usage) return signer.sign(data);
    return this.#usage.of(key).sign((begun) => signer.sign(data, undefined, begun));
  }

  /**
   * Verifies a JWT against the keys that are published, and resolves to its claims.
   *
   * The key decides the algorithm (RFC 8725 section 3.1). **A bare `verify(token)` accepts every kind of token that
   * this issuer signs, authorization codes and refresh tokens included, and tokens without `exp`**: whoever guards
   * a resource asks for `{ typ: 'at+jwt', issuer, audience, requiredClaims: ['exp'] }`.
   *
   * With the option `legacyHs256`, tokens of that secret are accepted too until its time is over: those of the kinds
   * that it names, each as if its header had the `typ` of its kind.
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
    const ring = this.#ring();
    let signedBy: VerificationKey | 'legacy' | undefined;
    try {
      const verified = verifySignature(token, ring, checked.algorithms, this.#legacyHs256);
      const { claims, typ, key, legacyKind } = 'then' in verified ? await verified : verified;
      signedBy = key ?? 'legacy';
      checkClaims(claims, typ, checked);
      if (legacyKind) this.#legacyHs256?.count(legacyKind);
      this.#usage?.verified(signedBy);
      return claims;
    } catch (error) {
      this.#usage?.refused(signedBy ?? keyNamedBy(token, ring), error);
      throw error;
    }
  }

  /** The claims of a JWT, **not verified**; `null` for anything that is no JWT. Never throws. */
  decode(token: string): Record<string, unknown> | null {
    return unverifiedClaimsOf(token);
  }

  /**
   * A copy of the JWKS (RFC 7517 section 5) that the route serves. Synchronous, and never throws.
   *
   * `@jmondi/oauth2-server` 5 with `oidc` understands RS256 alone: give the option `algorithm: 'RS256'`, and the boot
   * stops where there is no such key. Otherwise the application starts without one, and every login fails.
   */
  getKeySet(): JsonWebKeySet;
  /** The form in which the declarations of `@jmondi/oauth2-server` 5 accept this class. */
  getKeySet(): { keys: Rs256Jwk[] };
  // The compiler takes the first overload for a call, the last one for ReturnType, and any for a JwtInterface: users
  // are to see keys of every kind, so the general form stands at both ends.
  getKeySet(): JsonWebKeySet;
  getKeySet(): JsonWebKeySet {
    return this.#ring().toKeySet();
  }
}

function keyNamedBy(token: string, ring: KeyRing): VerificationKey | undefined {
  const kid = unverifiedKidOf(token);
  return kid === undefined ? undefined : ring.find(kid);
}

function liveRingOf(options: JwtServiceOptions): LiveRing {
  checkServiceOptions(options, serviceOptionNames, 'JwtService');
  const ring = ringOf(new KeyLoader().loadNow(slotsOfOptions(options), options), options.algorithm);
  return new LiveRing(ring, options.extraTokenFields, undefined, legacyOf(options.legacyHs256));
}

function ringOf(
  { lives, keySet, defaultAlgorithm }: Lives,
  algorithm: SigningAlgorithm | undefined,
): () => KeyRing {
  if (keySet) {
    const ofKeySet = new KeySetRing(keySet, lives, algorithm);
    return () => ofKeySet.at(Math.floor(Date.now() / 1000));
  }
  const ring = new KeyRing(lives, defaultAlgorithm);
  return () => ring;
}
