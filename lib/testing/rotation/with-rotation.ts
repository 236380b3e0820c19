import type { INestApplication } from '@nestjs/common';

import { RotationUnderTest } from './rotation-under-test.js';
import type { WithRotationOptions } from './with-rotation.options.js';

/**
 * Puts the keys of an application on a clock that the test sets, with relying parties that verify its tokens. Nobody
 * waits, and the timers and the clock of the process stay as they are. The application listens from then on, on a free
 * port of this machine unless it does already; the test closes it.
 *
 * ```ts
 * const rotation = await withRotation(app);
 * await rotation.rotate();
 * await rotation.complete();
 * ```
 *
 * @param app one application, or several that are replicas of one
 * @throws BrokenRotationError what is wrong with the keys as they are
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` where there is nothing to test, `OIDC_KEY_MISSING` where it has no OidcKeyModule
 */
export function withRotation(
  app: INestApplication | readonly INestApplication[],
  options: WithRotationOptions = {},
): Promise<RotationUnderTest> {
  return RotationUnderTest.of(Array.isArray(app) ? app : [app], options);
}
