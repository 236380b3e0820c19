import { setMaxListeners } from 'node:events';

/** What begins within so many milliseconds ends together. */
const together = 20;

/**
 * Ends what takes too long. An `AbortController` and a timer for each signature would cost more than anything else that
 * is done for it here but its check, so that those which begin at about the same time share them.
 */
export class Deadlines {
  readonly #milliseconds: number;
  readonly #reason: () => Error;
  #last: Deadline | undefined;

  /**
   * @param milliseconds from when somebody begins; up to 20 less, and never more
   * @param reason what those are rejected with who wait in vain
   */
  constructor(milliseconds: number, reason: () => Error) {
    this.#milliseconds = milliseconds;
    this.#reason = reason;
  }

  begin(): Deadline {
    if (!this.#last || performance.now() - this.#last.begunAt >= together) {
      this.#last = new Deadline(this.#milliseconds, this.#reason);
    }
    return this.#last;
  }
}

/** One deadline, and who waits until then. */
export class Deadline {
  readonly begunAt = performance.now();
  readonly #ended = new AbortController();
  readonly #waiting = new Set<(reason: Error) => void>();
  readonly #timer: NodeJS.Timeout;

  constructor(milliseconds: number, reason: () => Error) {
    this.#timer = setTimeout(() => this.#end(reason()), milliseconds).unref();
    // As many wait for it as there are signatures under way, and Node would warn of the eleventh.
    setMaxListeners(0, this.#ended.signal);
  }

  /** Aborted when it is over. Others have it, too. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** What `work` comes to, if it does so in time. */
  async race<Result>(work: Promise<Result>): Promise<Result> {
    let late: ((reason: Error) => void) | undefined;
    const tooLate = new Promise<never>((_, reject) => (late = reject));
    this.#add(late!);
    try {
      return await Promise.race([work, tooLate]);
    } finally {
      this.#delete(late!);
    }
  }

  #add(late: (reason: Error) => void): void {
    if (this.signal.aborted) late(this.signal.reason as Error);
    // A process does not end while somebody waits.
    if (this.#waiting.size === 0) this.#timer.ref();
    this.#waiting.add(late);
  }

  #delete(late: (reason: Error) => void): void {
    this.#waiting.delete(late);
    if (this.#waiting.size === 0) this.#timer.unref();
  }

  #end(reason: Error): void {
    this.#ended.abort(reason);
    for (const late of this.#waiting) late(reason);
  }
}
