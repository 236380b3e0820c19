import type { Moment } from './clock.js';
import type { PublicJwksStatus } from './public-jwks/public-jwks.js';
import type { RotationView } from './rotation-view.js';

/**
 * How the keys are at a moment, for whoever reads them as numbers.
 *
 * @internal
 */
export interface RotationReading {
  readonly now: Moment;
  readonly view: RotationView;
  /** When each key gets into another slot, or goes, by its kid; on the monotonic clock, in milliseconds. */
  readonly changesDue: ReadonlyMap<string, number>;
  /** When what is in service was last confirmed by its source, in milliseconds since 1970. */
  readonly loadedAt: number;
  /** What was last seen of the JWKS at its public address, where somebody looks. */
  readonly publicJwks: PublicJwksStatus | undefined;
}
