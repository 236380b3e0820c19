/** The longest delay that setTimeout keeps; a longer one fires at once. */
const longestDelay = 2 ** 31 - 1;

/** One timer that can be set anew. It does not keep the process alive. */
export class Timer {
  #timeout: NodeJS.Timeout | undefined;

  /** Calls back after `delay` milliseconds, or earlier where that is longer than a timer can wait. */
  set(delay: number, call: () => void): void {
    this.clear();
    this.#timeout = setTimeout(call, Math.min(delay, longestDelay));
    this.#timeout.unref();
  }

  clear(): void {
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
  }
}
