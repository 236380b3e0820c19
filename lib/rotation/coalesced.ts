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
    this.#waiting ??= this.#afterwards(this.#running);
    return this.#waiting;
  }

  async #afterwards(running: Promise<Result>): Promise<Result> {
    // How it ended is the business of whoever asked for it.
    await running.catch(() => undefined);
    this.#waiting = undefined;
    return this.#start();
  }

  async #start(): Promise<Result> {
    const run = this.#run();
    this.#running = run;
    try {
      return await run;
    } finally {
      if (this.#running === run) this.#running = undefined;
    }
  }
}
