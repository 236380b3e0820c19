import type { Algorithm } from '../core/algorithms.js';
import type { VerificationKey } from '../core/key/verification-key.js';
import type { KeyInSlot } from '../core/ring/life.js';

/** A key that is to sign and does not yet. */
export interface WaitingKey {
  readonly key: VerificationKey;
  readonly signsFrom: number;
  readonly isScheduled: boolean;
  /** True where configuration wants it to sign earlier, and relying parties may not know it by then. */
  readonly isHeldBack: boolean;
}

/**
 * How the keys are at one moment. Status, events, warnings and metrics are readers of it, and none of them changes
 * anything. Instants are monotonic, in milliseconds, but for those of configuration.
 */
export interface RotationView {
  /** Since when a key is in the slot that it is in, as far as this process knows. */
  readonly keys: readonly (KeyInSlot & { readonly since: number })[];
  /** What signs where no algorithm is asked for; a key of it may be missing. */
  readonly defaultAlgorithm: Algorithm | undefined;
  readonly waiting: readonly WaitingKey[];
  /** Keys that configuration no longer names and that stay published. */
  readonly retained: readonly { readonly key: VerificationKey; readonly publishedUntil: number }[];
  /** Algorithms that configuration names and that no key signs. */
  readonly withoutSigner: readonly Algorithm[];
  /** Keys that signed from the boot on because an instant of configuration had passed, with it (since 1970). */
  readonly trusted: readonly { readonly key: VerificationKey; readonly signsFrom: number }[];
  /** Keys that came back under another kid, with the kid that tokens still carry. */
  readonly renamed: readonly { readonly key: VerificationKey; readonly formerly: string }[];
  /** What configuration holds and cannot be used, and why. */
  readonly skipped: readonly string[];
  /** Entries of the revocations that name no key. */
  readonly unknownRevocations: readonly string[];
  /** When something is due. */
  readonly nextChange: number | undefined;
}
