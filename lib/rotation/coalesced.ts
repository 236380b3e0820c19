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
    const afterwards = () => {
      this.#waiting = undefined;
      return this.#start();
    };
    this.#waiting ??= this.#running.then(afterwards, afterwards);
    return this.#waiting;
  }

  #start(): Promise<Result> {
    const done = () => {
      if (this.#running === run) this.#running = undefined;
    };
    const run = this.#run();
    this.#running = run;
    run.then(done, done);
    return run;
  }
}
