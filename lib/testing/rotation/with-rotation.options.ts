import type { INestApplication } from '@nestjs/common';

import { checkGivenOptions } from '../../options/given-options.js';
import type { OptionChecks } from '../../options/given-options.js';
import { isStretch } from './durations.js';

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

const checks: OptionChecks<WithRotationOptions> = {
  tokenLifetime: [
    (value) => typeof value === 'number' && isStretch(value * 1000),
    'a number of seconds above 0, and at most 100 years',
  ],
  sign: [(value) => typeof value === 'function', 'a function that takes the application and returns a token'],
  jwksPath: [
    (value) => typeof value === 'string' && /^\/(?!\/)/.test(value),
    'a path that begins with "/", such as "/keys"',
  ],
};

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function checkWithRotationOptions(options: unknown): asserts options is WithRotationOptions {
  checkGivenOptions<WithRotationOptions>(options, checks, {
    owner: 'withRotation',
    example: '{ tokenLifetime: 3600 }',
    mayBeUndefined: true,
  });
}
