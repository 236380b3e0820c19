import type { KeySlots } from '../core/reading/key-slots.js';

/**
 * Where key material comes from, and can be asked again. A source fetches and refuses nothing: what it found is looked
 * at after revocations have been taken over, so that these take effect whatever else is wrong.
 */
export interface KeySource {
  /** The slots as they are now. `signal` is aborted where nobody waits for the answer any more. */
  load(signal: AbortSignal): Promise<KeySlots>;
  /** Calls `changed` whenever asking again may be worth it; returns what ends the watch. */
  watch?(changed: () => void): () => void;
  /** How often to ask again, in seconds, for a source that cannot be watched. Default: never. */
  readonly reloadInterval?: number | undefined;
}
