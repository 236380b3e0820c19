import type { SigningAlgorithm } from '../algorithms.js';
import type { Figures } from '../key-set/figures.js';
import type { KeySet } from '../key-set/key-set.js';
import { nextChangeAfter } from '../key-set/lifeline.js';
import { stateAt } from '../key-set/state-at.js';
import { defaultAlgorithmOf, lostAlgorithms, slotsOfKeySet } from './key-set-slots.js';
import { KeyRing } from './key-ring.js';
import type { Life } from './life.js';

/** The figures of a server that is told nothing, in seconds. */
export const defaultFigures = Object.freeze({
  jwksMaxAge: 3600,
  keyRetention: 30 * 24 * 3600,
  keySpread: 120,
  clockSkew: 60,
}) satisfies Figures;

/** The ring of a key set that nobody reads again: as the clock has it, whenever somebody asks. */
export class KeySetRing {
  readonly #set: KeySet;
  readonly #previous: readonly Life[];
  readonly #algorithm: SigningAlgorithm | undefined;
  #ring: KeyRing | undefined;
  #from = Infinity;
  #until = -Infinity;

  /** @param previous the keys beside the set, `algorithm` what signs where none is asked for */
  constructor(set: KeySet, previous: readonly Life[], algorithm: SigningAlgorithm | undefined) {
    this.#set = set;
    this.#previous = previous;
    this.#algorithm = algorithm;
  }

  /** @param now in seconds since 1970 */
  at(now: number): KeyRing {
    if (!this.#ring || now < this.#from || now >= this.#until) this.#ring = this.#ringAt(now);
    return this.#ring;
  }

  #ringAt(now: number): KeyRing {
    const derivation = { set: this.#set, figures: defaultFigures };
    const state = stateAt(derivation, now);
    const lost = lostAlgorithms(derivation, state, now);
    const keys = slotsOfKeySet(derivation, state, now);
    const kids = new Set(keys.map(({ key }) => key.kid));
    const revoked = new Set([...state.revoked].map(({ thumbprint }) => thumbprint));
    const previous = this.#previous.filter(({ key }) => !kids.has(key.kid) && !revoked.has(key.thumbprint));
    const ends = [nextChangeAfter(derivation, now) ?? Infinity, ...lost.map(({ until }) => until)];
    this.#from = now;
    this.#until = Math.min(...ends);
    return new KeyRing(
      [...keys, ...previous],
      defaultAlgorithmOf(
        state,
        lost.map(({ algorithm }) => algorithm),
        this.#algorithm,
      ),
    );
  }
}
