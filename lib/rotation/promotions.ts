import type { Algorithm } from '../core/algorithms.js';
import type { KeyOfSet } from '../core/key-set/key-of-set.js';
import type { StateAt } from '../core/key-set/state-at.js';

/** What has signed at the latest instant that the clock has shown: a clock that is set back undoes no promotion. */
export class Promotions {
  /** In seconds since 1970. */
  #latest = -Infinity;
  #signing: ReadonlyMap<Algorithm, string> = new Map();

  /** The state with the keys that go on to sign although their instant lies ahead again. */
  keptIn(state: StateAt, keys: readonly KeyOfSet[], now: number): StateAt {
    if (now >= this.#latest) return state;
    const signing = new Map(state.signing);
    for (const key of keys) {
      const isPromoted = this.#signing.get(key.algorithm) === key.thumbprint;
      if (!isPromoted || !key.canSign || state.revoked.has(key)) continue;
      const other = signing.get(key.algorithm);
      if (!other || other.order < key.order) signing.set(key.algorithm, key);
    }
    return { ...state, signing, published: new Set([...state.published, ...signing.values()]) };
  }

  remember({ signing }: StateAt, now: number): void {
    this.#latest = Math.max(this.#latest, now);
    this.#signing = new Map([...signing].map(([algorithm, { thumbprint }]) => [algorithm, thumbprint]));
  }
}
