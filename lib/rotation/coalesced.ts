/**
 * Runs one thing at a time: whoever asks while it runs gets the next run, which all who asked share, so that a burst
 * ends on the newest.
 */
export class Coalesced<Result> {
  readonly #run: () => Promise<Result>;
  #running: Promise<Result> | undefined;
  #waiting: Promise<Result> | undefined;

  constructor(run: () => Promise<Result>) {
    this.#run = run;
  }

  call(): Promise<Result> {
    if (!this.#running) return this.#start();
    const again = () => this.#start();
    this.#waiting ??= this.#running.then(again, again);
    return this.#waiting;
  }

  #start(): Promise<Result> {
    this.#waiting = undefined;
    // It counts as running until the one that waits has begun, or a third call would start beside that one.
    this.#running = this.#run().finally(() => {
      if (!this.#waiting) this.#running = undefined;
    });
    return this.#running;
  }
}
