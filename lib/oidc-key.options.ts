import type { ConfigurableModuleAsyncOptions } from '@nestjs/common';

import type { JwtServiceOptions } from './core/jwt/jwt.service.js';
import type { LegacyHs256Options } from './core/jwt/legacy/legacy-hs256.js';
import type { KeySource } from './sources/key-source.js';
import type { KeyStore, SignerReference } from './stores/key-store.js';

/**
 * What is about the module and not about keys.
 *
 * @inline
 */
interface CommonOptions extends Pick<JwtServiceOptions, 'algorithm' | 'extraTokenFields'> {
  /**
   * The secret of HS256 that signed before, and until when its tokens are accepted. What is left out of it is read from
   * the settings, whatever the keys come from. Default: none.
   */
  legacyHs256?: Partial<LegacyHs256Options> | undefined;
  /**
   * References of the KMSs and HSMs whose keys a key set may name, or what they begin with, such as
   * `vault-transit:transit/oidc`. It takes the place of the setting `OIDC_SIGNERS`. Default: none.
   */
  signers?: string | readonly (string | SignerReference)[] | undefined;
  /** How long relying parties may cache the JWKS, in seconds. Default 3600. */
  jwksMaxAge?: number | undefined;
  /**
   * How long a key stays published after it stopped signing, in seconds: at least as long as the longest-lived token.
   * Default 30 days.
   */
  keyRetention?: number | undefined;
  /** The longest time until the last replica has taken over a change, in seconds. Default 120. */
  keySpread?: number | undefined;
  /** How far clocks may differ, in seconds. Default 60. */
  clockSkew?: number | undefined;
  /**
   * Where relying parties fetch the JWKS, such as `https://login.example/.well-known/jwks.json`. Every process then
   * asks there once a minute, and says in `KeyRotation.status()`, health and metrics how what it gets differs from
   * what it publishes. It decides nothing. Default: nobody asks.
   */
  publicJwksUri?: string | undefined;
  /**
   * Lowers the 300 seconds that a relying party is taken to cache at least, for a drill in scaled time.
   *
   * @internal
   */
  propagationFloor?: number | undefined;
}

/** Keys that are given as values. They never reload. */
export interface OidcKeyValues extends Omit<JwtServiceOptions, 'legacyHs256'>, CommonOptions {
  /** Keys that are never published, accepted or used. */
  revokedKids?: string[] | undefined;
  /** From then on `nextKeys` sign. */
  nextActivatesAt?: Date | undefined;
  source?: undefined;
  store?: undefined;
}

/** Keys that come from a source, which can be asked again. */
export interface OidcKeySourceOptions extends CommonOptions {
  source: KeySource;
  /** How often to ask the source again, in seconds, for one that cannot be watched. Default: never. */
  reloadInterval?: number | undefined;
  key?: undefined;
  store?: undefined;
}

/** Keys that come from a store, which servers read and commands change. */
export interface OidcKeyStoreOptions extends CommonOptions {
  /**
   * A reference, such as `vault:secret/oidc-keys`, or a store of one's own. It takes the place of the setting
   * `OIDC_KEY_STORE`; previous keys, revoked kids and the passphrase come from the settings.
   */
  store: string | KeyStore;
  /** How often to ask the store again, in seconds; not above the spread. Default: 60, or half of the spread. */
  reloadInterval?: number | undefined;
  key?: undefined;
  source?: undefined;
}

/** What the module can be given as a value or from a factory. */
export type OidcKeyOptions = OidcKeyValues | OidcKeySourceOptions | OidcKeyStoreOptions;

/**
 * What a factory returns. Without a `key`, a `source` and a `store` the keys are read from ConfigService, so a factory may
 * give nothing but `extraTokenFields`.
 */
export type OidcKeyFactoryOptions = OidcKeyOptions | CommonOptions;

/** For `useClass` and `useExisting`. */
export interface OidcKeyOptionsFactory {
  /** Called once, when the application boots. */
  createOidcKeyOptions(): OidcKeyFactoryOptions | Promise<OidcKeyFactoryOptions>;
}

/** The JWKS route. */
export interface JwksRouteOptions {
  /** Absolute, and without parameters. Default `/.well-known/jwks.json`. It ignores the global prefix. */
  path?: string;
  /**
   * The application's own decorators for the route's handler, such as `Public()` for a global guard or
   * `SkipThrottle()`. Default: none.
   */
  decorators?: MethodDecorator[];
}

/** What has to be known when the module is registered, and so cannot be injected. */
export interface OidcKeyExtras {
  /** Makes `JwtService` and `KeyInfo` injectable everywhere. Default `false`. */
  isGlobal?: boolean;
  /** `false` registers no route. */
  jwks?: JwksRouteOptions | false;
  /** What the names of the settings begin with. Default `OIDC_`. */
  envPrefix?: string;
  /**
   * What metrics and traces call this issuer, to tell it from another one of the application. Default: `envPrefix` in small
   * letters and without the `_` at its end, which is `oidc`.
   */
  issuerName?: string | undefined;
}

/** The usual `imports`, `inject` and one of `useFactory`, `useClass`, `useExisting`; none of them is needed. */
export type OidcKeyAsyncOptions = OidcKeyExtras &
  ConfigurableModuleAsyncOptions<OidcKeyFactoryOptions, 'createOidcKeyOptions'>;
