import { createHash } from 'node:crypto';

import type { SigningAlgorithm } from '../core/algorithms.js';
import type { JsonWebKeySet } from '../core/key/public-jwk.js';

/** How the keys of a process are. */
export interface KeyRotationStatus {
  /** `degraded`: the last reload failed, and the last good keys are in service. `down`: an algorithm has no key to sign. */
  readonly state: 'up' | 'degraded' | 'down';
  readonly keys: readonly {
    readonly kid: string;
    readonly slot: 'current' | 'next' | 'previous';
    readonly algorithm: SigningAlgorithm;
    /** Since when it is in this slot, as far as this process knows. */
    readonly since: Date;
  }[];
  /** When a key starts to sign, or goes. */
  readonly nextChangeAt: Date | undefined;
  /** When configuration was last taken over. */
  readonly loadedAt: Date;
  /** Why the last reload failed, and since when reloads fail. */
  readonly failure: { readonly code: string; readonly since: Date } | undefined;
  /** The same in every replica that publishes the same keys, whatever slots they are in. */
  readonly digest: string;
}

export function digestOf({ keys }: JsonWebKeySet): string {
  const sorted = keys.toSorted((a, b) => (a.kid < b.kid ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64url');
}
