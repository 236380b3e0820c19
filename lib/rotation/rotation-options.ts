import type { SigningAlgorithm } from '../core/algorithms.js';
import type { LegacyHs256 } from '../core/jwt/legacy/legacy-hs256.js';
import type { OpenSigners } from '../core/key/remote-signers.js';
import type { Usage } from '../core/usage/usage.js';
import type { KeySource } from '../sources/key-source.js';
import type { Workplace } from '../stores/run-command.js';
import type { RotationLog } from './announcements.js';
import type { Clock } from './clock.js';
import type { RotationTiming } from './timing.js';

/** @internal */
export interface RotationOptions {
  readonly source: KeySource;
  readonly timing: RotationTiming;
  readonly algorithm: SigningAlgorithm | undefined;
  readonly log: RotationLog;
  /** In seconds; default: what the source says. */
  readonly reloadInterval?: number | undefined;
  /** For the status alone. */
  readonly legacyHs256?: LegacyHs256 | undefined;
  /** Where relying parties fetch the JWKS. */
  readonly publicJwksUri?: string | undefined;
  readonly clock?: Clock;
  /** What opens keys that a key set says are held elsewhere. */
  readonly signers?: { readonly open: OpenSigners; close(): void } | undefined;
  /** What a rotation by this process is run on, where the keys come from a store. */
  readonly workplace?: (() => Promise<Workplace>) | undefined;
  /** Counts what the keys do. Default: one of its own. */
  readonly usage?: Usage | undefined;
}

/** What a server rotates, and when. */
export interface KeyRotationOptions {
  /** Default: every algorithm there is. The first key of a further one is made by naming it. */
  readonly algorithm?: SigningAlgorithm | undefined;
  /** How old the newest key has to be, in seconds; until then nothing is done. Default: no matter. */
  readonly every?: number | undefined;
}
