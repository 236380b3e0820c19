import { nowInSeconds } from './jwt-claims.js';

/** How long a key stays published after it stopped signing, and whom to tell of a token that outlives it. */
export interface Retention {
  readonly seconds: number;
  /** How messages call it: the setting or the option. */
  readonly where: string;
  readonly warn: (message: string) => void;
}

// A life of thirty days, reckoned a moment later and rounded up, is no second longer.
const tolerance = 60;

/** Notices tokens that will outlive the key that signs them; once for each kind of token. */
export class RetentionGuard {
  readonly #retention: Retention;
  readonly #told = new Set<string>();

  constructor(retention: Retention) {
    this.#retention = retention;
  }

  check(typ: string, expiresAt: unknown): void {
    if (typeof expiresAt !== 'number' || expiresAt - nowInSeconds() <= this.#retention.seconds + tolerance)
      return;
    if (this.#told.has(typ)) return;
    this.#told.add(typ);
    this.#retention.warn(
      `A token of the type ${typ} was signed that lives longer than its key stays published after a rotation ` +
        `(${this.#retention.seconds} seconds). Raise ${this.#retention.where}.`,
    );
  }
}
