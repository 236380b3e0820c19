import { AsyncResource } from 'node:async_hooks';

/** Where nobody's request is: a timer that is set within one would stay in its trace, and keep it in memory. */
const outside = new AsyncResource('nestjs-oidc-key:breaker');

/** What a breaker is made with. */
export interface BreakerOptions {
  /** Tries once whether it works again. */
  readonly attempt: () => Promise<unknown>;
  /** Told when it stops to work, and with undefined when it works again. */
  readonly changed: (error: Error | undefined) => void;
}

/** So many in a row, and whoever asks is told at once. */
const mostFailures = 5;
/** In milliseconds; the pause doubles from the one to the other. */
const firstPause = 1_000;
const longestPause = 30_000;
/** An hour: then nobody seems to need it, and whoever does finds out. */
const mostTries = 120;
/** From then on, so that it is known all the same when it works again. */
const pauseOfPatience = 600_000;

/**
 * Watches something that may fail. After some failures in a row it is open: whoever asks is refused at once, so that
 * requests do not pile up before a server that is down. From the first failure on it tries by itself, until it works.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #tries = 0;
  #failure: { readonly error: Error; readonly since: Date } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** The last failure, and since when it fails; undefined while it works. */
  get failure(): { readonly error: Error; readonly since: Date } | undefined {
    return this.#failure;
  }

  get isOpen(): boolean {
    // Where nobody tries, or seldom, whoever asks does.
    return this.#failures >= mostFailures && this.#timer !== undefined && !this.#triesSeldom;
  }

  succeeded(): void {
    const hasFailed = this.#failure !== undefined;
    this.rest();
    if (hasFailed) this.#options.changed(undefined);
  }

  /** @param counts whether asking less may help */
  failed(error: Error, counts: boolean): void {
    if (this.#triesSeldom) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.#tries = 0;
    if (counts) this.#failures += 1;
    const isNew = !this.#failure;
    this.#failure = { error, since: this.#failure?.since ?? new Date() };
    if (isNew) this.#options.changed(error);
    if (!this.#timer) this.#tryAfter(firstPause);
  }

  /** Tries no more by itself, and forgets what failed. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#tries = 0;
    this.#failures = 0;
    this.#failure = undefined;
  }

  get #triesSeldom(): boolean {
    return this.#tries >= mostTries;
  }

  #tryAfter(pause: number): void {
    // Replicas must not come back together.
    const spread = pause * (0.5 + Math.random() / 2);
    this.#timer = outside.runInAsyncScope(() => setTimeout(() => void this.#try(pause), spread));
    this.#timer.unref();
  }

  async #try(pause: number): Promise<void> {
    const timer = this.#timer;
    try {
      await this.#options.attempt();
      this.succeeded();
    } catch (error) {
      if (this.#failure) this.#failure = { ...this.#failure, error: error as Error };
    }
    // Somebody may have succeeded meanwhile, or nobody waits any more.
    if (!this.#failure || this.#timer !== timer) return;
    this.#tries += 1;
    this.#tryAfter(this.#triesSeldom ? pauseOfPatience : Math.min(pause * 2, longestPause));
  }
}
