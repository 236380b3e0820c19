import type { SigningAlgorithm } from '../core/algorithms.js';

/** What happened to the keys, as `KeyRotation.events$` tells it. */
export type KeyRotationEvent = { readonly at: Date } & (
  | /** Configuration was read and taken over. */ {
      readonly type: 'loaded';
      readonly kids: readonly string[];
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
    }
  | /** A reload changed nothing. */ {
      readonly type: 'reload-failed';
      readonly code: string;
      readonly message: string;
    }
);

/** What the state of a rotation tells, before it gets its time. */
export type Change =
  | {
      readonly type: 'promoted';
      readonly kid: string;
      readonly algorithm: SigningAlgorithm;
      readonly replaced: string | undefined;
    }
  | { readonly type: 'retired' | 'revoked'; readonly kid: string };
