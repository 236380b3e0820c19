import type { SigningAlgorithm } from '../core/algorithms.js';
import type { Slot } from '../core/ring/life.js';
import { dateOf } from './clock.js';
import type { Moment } from './clock.js';
import type { WaitingKey } from './rotation-view.js';

/**
 * What happens to a key.
 *
 * @inline
 */
export type Change =
  | /** A key is published and accepted from now on. */ {
      readonly type: 'published';
      readonly kid: string;
      readonly algorithm: SigningAlgorithm;
      readonly slot: Slot;
    }
  | /** A key started to sign. */ {
      readonly type: 'promoted';
      readonly kid: string;
      readonly algorithm: SigningAlgorithm;
      /** The key that signed before, if there was one. */
      readonly replaced: string | undefined;
    }
  | /** A key is no longer published or accepted, because its retention has passed. */ {
      readonly type: 'retired';
      readonly kid: string;
    }
  | /** A key is no longer published or accepted, because it was revoked. */ {
      readonly type: 'revoked';
      readonly kid: string;
    };

/**
 * A key is to sign, and relying parties may not know it yet: it waits. Told again where the instant changes.
 *
 * @inline
 */
interface Waiting {
  readonly type: 'waiting';
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly until: Date;
}

/** What happened to the keys, as `KeyRotation.events$` tells it. */
export type KeyRotationEvent = { readonly at: Date } & (
  | Change
  | /** Configuration was read and taken over. */ {
      readonly type: 'loaded';
      readonly kids: readonly string[];
    }
  | Waiting
  | /** A reload changed nothing but what was revoked. */ {
      readonly type: 'reload-failed';
      readonly code: string;
      readonly message: string;
    }
);

export function waitingEvent({ key, signsFrom }: WaitingKey, now: Moment): Waiting {
  return { type: 'waiting', kid: key.kid, algorithm: key.alg, until: dateOf(signsFrom, now) };
}
