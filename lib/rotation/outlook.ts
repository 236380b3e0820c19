import type { KeyOfSet } from '../core/key-set/key-of-set.js';
import { instantsOf, nextChangeAfter, nextChangesAfter } from '../core/key-set/lifeline.js';
import { warningsAbout } from '../core/key-set/small-distances.js';
import type { Derivation, StateAt } from '../core/key-set/state-at.js';

/**
 * What is to be said of a key set that is served, and what comes. Only an instant of the document changes it: reckoned
 * anew for everyone who looks, a long document would hold the event loop for as long as many signatures take.
 */
export class Outlook {
  readonly #derivation: Derivation;
  readonly #from: number;
  readonly #until: number;
  #changes: ReadonlyMap<KeyOfSet, number> | undefined;
  readonly warnings: readonly string[];
  /** When the next change is due that the clock alone brings, in seconds since 1970; undefined where none is. */
  readonly nextChange: number | undefined;

  /**
   * @param served what was derived at the instant `servedSince`, in seconds since 1970
   * @param now in seconds since 1970
   */
  constructor(derivation: Derivation, served: StateAt, servedSince: number, now: number) {
    this.#derivation = derivation;
    this.#from = now;
    this.#until = instantsOf(derivation).find((instant) => instant > now) ?? Infinity;
    this.warnings = warningsAbout(derivation, served, now);
    // What became due since the state was worked out is still to be done. A clock that was set back does more again.
    this.nextChange = nextChangeAfter(derivation, Math.min(servedSince, now));
  }

  /** Whether it holds at this instant, too. It does not before its own, where a clock was set back. */
  holdsAt(now: number): boolean {
    return this.#from <= now && now < this.#until;
  }

  /** The same as `nextChange` for each key by itself. */
  get changes(): ReadonlyMap<KeyOfSet, number> {
    this.#changes ??= nextChangesAfter(this.#derivation, this.#from);
    return this.#changes;
  }
}
