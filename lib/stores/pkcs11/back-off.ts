import type { KeyStoreError } from '../key-store.js';

/** In milliseconds. */
const first = 100;
const longest = 2_000;

/** Keeps what fails again and again from being tried at every request. The first time is tried again at once. */
export class BackOff {
  #failures = 0;
  #until = 0;
  #last: KeyStoreError | undefined;

  /** @throws KeyStoreError the last one, until it is time to try again */
  check(): void {
    if (this.#last && performance.now() < this.#until) throw this.#last;
  }

  failed(error: KeyStoreError): void {
    const pause = this.#failures === 0 ? 0 : Math.min(first * 2 ** (this.#failures - 1), longest);
    this.#failures++;
    this.#until = performance.now() + pause;
    this.#last = error;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#last = undefined;
  }
}
