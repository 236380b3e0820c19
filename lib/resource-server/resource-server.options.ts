import type { ConfigurableModuleAsyncOptions, ExecutionContext } from '@nestjs/common';

import type { SigningAlgorithm } from '../core/algorithms.js';
import type { KeyRotation } from '../rotation/key-rotation.js';

/** What a resource server knows of one issuer, and of the access tokens that it accepts from it. */
export interface IssuerOptions {
  /** The `iss` of the tokens, to the letter: an address that begins with `https://`, without query and fragment. */
  issuer: string;
  /**
   * The identifier of this resource server: one of these has to be in the `aud` of a token. `false` where the issuer's
   * access tokens have no `aud`; then `expectedClaims` has to say for whom a token is.
   */
  audience: string | string[] | false;
  /** Where the issuer publishes its keys. Default: `/.well-known/jwks.json` below the issuer. */
  jwksUri?: string | undefined;
  /** In place of `jwksUri`, where this process is the issuer itself: the keys are taken from there, without HTTP. */
  keys?: KeyRotation | undefined;
  /**
   * The algorithms that are accepted. A key whose JWK has no `alg` is taken for each of these that it can be used with.
   * Default: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 and EdDSA (Ed25519).
   */
  algorithms?: SigningAlgorithm[] | undefined;
  /**
   * The `typ` of the token's header, as RFC 7515 section 4.1.9 compares it; or several, of which it has to be one.
   * `false` where the issuer writes none that could be relied on; then `requiredClaims` or `expectedClaims` have to
   * tell its access tokens from its ID tokens. Default: `at+jwt` (RFC 9068 section 2.1).
   */
  typ?: string | string[] | false | undefined;
  /** The claims that a token must have, whatever their value, beside `iss` and `aud`. Default: `exp`, `iat`, `jti`, `sub` and `client_id` (RFC 9068 section 2.2); never without `exp`. */
  requiredClaims?: string[] | undefined;
  /** The claims that must have one of these values, or hold one where they are lists: `{ token_use: 'access' }`. */
  expectedClaims?: Record<string, string | string[]> | undefined;
  /** The claim that holds the scopes, as a list or as text with spaces between them. Default: `scope`. */
  scopeClaim?: string | undefined;
  /** How far the clocks of issuer and resource server may differ, in seconds, 0 to 300. Default: 0. */
  clockTolerance?: number | undefined;
  /**
   * How long the keys that are known go on serving where the issuer cannot be reached, in seconds since they were
   * fetched, 600 to 86,400. A key that is revoked meanwhile is accepted for as long. Default: 3600.
   */
  keepKeysFor?: number | undefined;
  /**
   * Accepts tokens that are bound to a key of their client (`cnf`: DPoP, RFC 9449; mutual TLS, RFC 8705) although the
   * guard does not ask for the proof. True only where something in front of this server checks it. Default: false,
   * and such a token is refused.
   */
  cnfIsCheckedInFront?: boolean | undefined;
  /**
   * Allows `http` for `issuer` and `jwksUri` beyond the machine itself, as in a network of containers. Whoever can
   * change what passes on that network can make tokens that are accepted. Default: false.
   */
  trustNetworkWithoutTls?: boolean | undefined;
}

/** Several issuers: the `iss` of a token picks one of them, and is never fetched from. */
export interface SeveralIssuersOptions {
  issuers: IssuerOptions[];
}

/** What holds whatever the issuer is. */
export interface TokenLocationOptions {
  /**
   * Where a call carries its token; undefined where it carries none. Default: `bearerTokenOf`. Whatever it throws is
   * thrown on.
   */
  getToken?: ((context: ExecutionContext) => string | undefined | Promise<string | undefined>) | undefined;
}

/** What a resource server knows of the tokens that it accepts. */
export type ResourceServerOptions = (IssuerOptions | SeveralIssuersOptions) & TokenLocationOptions;

/** What is known when the module is registered. */
export interface ResourceServerExtras {
  /** Makes the guard available in every module. Default: false. */
  isGlobal?: boolean | undefined;
}

/** The usual ways of Nest to make the options. */
export type ResourceServerAsyncOptions = ConfigurableModuleAsyncOptions<
  ResourceServerOptions,
  'createResourceServerOptions'
> &
  ResourceServerExtras;
