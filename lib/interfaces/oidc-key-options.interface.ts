import type { JwtServiceOptions } from '../core/jwt.service.js';
import type { KeySource } from '../rotation/key-source.js';

/** What is about the module and not about keys. */
interface CommonOptions extends Pick<JwtServiceOptions, 'algorithm' | 'extraTokenFields'> {
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
   * Lowers the 300 seconds that a relying party is taken to cache at least, for a drill in scaled time.
   *
   * @internal
   */
  propagationFloor?: number | undefined;
}

/** Keys that are given as values. They never reload. */
export interface OidcKeyValues extends JwtServiceOptions, CommonOptions {
  /** Keys that are never published, accepted or used. */
  revokedKids?: string[] | undefined;
  /** From then on `nextKeys` sign. */
  nextActivatesAt?: Date | undefined;
  source?: undefined;
}

/** Keys that come from a source, which can be asked again. */
export interface OidcKeySourceOptions extends CommonOptions {
  source: KeySource;
  /** How often to ask the source again, in seconds, for one that cannot be watched. Default: never. */
  reloadInterval?: number | undefined;
  key?: undefined;
}

/** What the module can be given as a value or from a factory. */
export type OidcKeyOptions = OidcKeyValues | OidcKeySourceOptions;

/**
 * What a factory returns. Without a `key` and a `source` the keys are read from ConfigService, so a factory may give
 * nothing but `extraTokenFields`.
 */
export type OidcKeyFactoryOptions = OidcKeyOptions | CommonOptions;

/** For `useClass` and `useExisting`. */
export interface OidcKeyOptionsFactory {
  createOidcKeyOptions(): OidcKeyFactoryOptions | Promise<OidcKeyFactoryOptions>;
}
