import type { KeySet } from './key-set.js';

/** Why a command wrote nothing. Stable: scripts may rely on it. */
export type RefusalCode =
  /** There are keys, and `init` makes the first one. */
  | 'KEY_SET_EXISTS'
  /** There are no keys. */
  | 'KEY_SET_MISSING'
  /** A new key of the algorithm waits already. */
  | 'KEY_WAITS'
  /** No key has this kid or thumbprint. */
  | 'KEY_UNKNOWN'
  /** The key cannot go without leaving something unsigned. */
  | 'KEY_NEEDED'
  /** The clock of this machine is further from that of the store than the clock skew. */
  | 'CLOCK_DIFFERS';

/** What a command came to. */
export type Outcome =
  | {
      /** The key set is to be written. */
      readonly type: 'write';
      readonly keySet: KeySet;
      /** What was done, and for each key what will happen when. */
      readonly sentences: readonly string[];
    }
  | {
      /** There is nothing to write. */
      readonly type: 'nothing due';
      readonly sentences: readonly string[];
    }
  | { readonly type: 'refused'; readonly code: RefusalCode; readonly sentence: string };

export function refused(code: RefusalCode, sentence: string): Outcome {
  return { type: 'refused', code, sentence };
}
