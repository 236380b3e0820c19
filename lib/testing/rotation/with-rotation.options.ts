import type { INestApplication } from '@nestjs/common';

/** How a rotation is tested. */
export interface WithRotationOptions {
  /**
   * How long the longest-lived token of the application lives, in seconds. Default: as long as a key stays published after
   * it stopped signing (`OIDC_KEY_RETENTION`).
   */
  readonly tokenLifetime?: number | undefined;
  /** A token as the application makes it. Default: `JwtService` signs one in each algorithm. */
  readonly sign?: ((app: INestApplication) => Promise<string> | string) | undefined;
  /** Where the JWKS is, for an application that serves it itself. Default: where `OidcKeyModule` serves it. */
  readonly jwksPath?: string | undefined;
}
