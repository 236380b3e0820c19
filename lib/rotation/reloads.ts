import { Coalesced } from './coalesced.js';
import { Timer } from './timers.js';

const firstRetry = 1_000;
const longestRetry = 60_000;

/** When to reload: on a call, at an interval, and again with growing pauses after a reload that failed. */
export class Reloads {
  readonly #coalesced: Coalesced<boolean>;
  readonly #interval: number | undefined;
  readonly #retryTimer = new Timer();
  readonly #intervalTimer = new Timer();
  #pause = firstRetry;
  #isClosed = false;

  /** @param reload resolves to whether it succeeded; `interval` is in seconds */
  constructor(reload: () => Promise<boolean>, interval: number | undefined) {
    this.#coalesced = new Coalesced(async () => this.#followUp(await reload()));
    this.#interval = interval;
  }

  start(): void {
    if (this.#interval === undefined || this.#isClosed) return;
    // Replicas that started together must not ask together; none asks later than it was told to.
    const delay = this.#interval * 1000 * (1 - Math.random() / 10);
    this.#intervalTimer.set(delay, () => void this.call().finally(() => this.start()));
  }

  /** Calls while a reload is under way are one. */
  call(): Promise<boolean> {
    return this.#isClosed ? Promise.resolve(false) : this.#coalesced.call();
  }

  close(): void {
    this.#isClosed = true;
    this.#retryTimer.clear();
    this.#intervalTimer.clear();
  }

  #followUp(succeeded: boolean): boolean {
    this.#retryTimer.clear();
    if (succeeded) {
      this.#pause = firstRetry;
    } else if (!this.#isClosed) {
      this.#retryTimer.set(this.#pause, () => void this.call());
      this.#pause = Math.min(this.#pause * 2, longestRetry);
    }
    return succeeded;
  }
}
