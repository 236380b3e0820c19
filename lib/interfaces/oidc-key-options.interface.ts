import type { JwtServiceOptions } from '../core/jwt.service.js';

/** What the module can be given as a value or from a factory. */
export interface OidcKeyOptions extends JwtServiceOptions {
  /** How long relying parties may cache the JWKS, in seconds. Default 3600. */
  jwksMaxAge?: number | undefined;
}

/**
 * What a factory returns. Whatever it leaves out is read from ConfigService, so a factory may give nothing but
 * `extraTokenFields` and leave the key to the environment.
 */
export type OidcKeyFactoryOptions = Partial<OidcKeyOptions>;

/** For `useClass` and `useExisting`. */
export interface OidcKeyOptionsFactory {
  createOidcKeyOptions(): OidcKeyFactoryOptions | Promise<OidcKeyFactoryOptions>;
}
