import type { KeyInput } from '../core/reading/key-material.js';

/** The keys of all slots, as a source has them at one moment. */
export interface KeySlots {
  /** The keys that sign, at most one for each algorithm. */
  current: KeyInput | KeyInput[];
  /** Published and accepted already, for the time when they sign. */
  next?: KeyInput | KeyInput[] | undefined;
  /** Still published and accepted, newest first. A public key is enough. */
  previous?: KeyInput | KeyInput[] | undefined;
  /** Keys that are never published, accepted or used. */
  revokedKids?: string[] | undefined;
  /** From then on `next` signs. */
  nextActivatesAt?: Date | undefined;
}

/** Where key material comes from, and can be asked again. */
export interface KeySource {
  /** The slots as they are now. `signal` is aborted where nobody waits for the answer any more. */
  load(signal: AbortSignal): Promise<KeySlots>;
  /** Calls `changed` whenever asking again may be worth it; returns what ends the watch. */
  watch?(changed: () => void): () => void;
}
