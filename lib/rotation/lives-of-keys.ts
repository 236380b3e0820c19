import type { OidcKeyError } from '../core/errors.js';
import type { VerificationKey } from '../core/key/verification-key.js';
import type { Lives } from '../core/ring/life.js';
import type { RevocationList } from '../core/ring/revocation-list.js';
import type { Moment } from './clock.js';
import type { Change } from './rotation-event.js';
import type { RotationView } from './rotation-view.js';

/** What became of a reading. */
export interface TakenOver {
  readonly changes: readonly Change[];
  /** Why nothing but revocations was taken over. */
  readonly refusal: OidcKeyError | undefined;
}

/** The lives of all keys, wherever their instants come from. */
export interface LivesOfKeys {
  /**
   * Takes over what a source has now. A revocation takes effect whatever else is wrong; the rest does as a whole, or not
   * at all.
   */
  takeOver(revoked: RevocationList, loaded: Lives | OidcKeyError, now: Moment): TakenOver;
  /** Lets time pass: promotions, and keys whose time is over. */
  letPass(now: Moment): readonly Change[];
  /** How all keys are. It changes nothing. */
  view(now: Moment): RotationView;
  /** When each key gets into another slot, or goes, by its kid, where that is known. It changes nothing. */
  changesDue(now: Moment): ReadonlyMap<string, number>;
  readonly isRevoked: (key: VerificationKey) => boolean;
  /** Whether a key of this process was revoked, and its revocation still holds. */
  readonly hasRevoked: boolean;
}
