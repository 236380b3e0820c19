import { availableParallelism } from 'node:os';

const threads = threadsOf(process.env.UV_THREADPOOL_SIZE);
// With two for each, a thread that is done finds its next one at once.
const most = 2 * threads;
// One more than there are cores, so that a core goes on while the event loop takes up what another has signed.
const mostUnderLoad = Math.min(most, availableParallelism() + 1);

/** How many threads libuv has; a size that is no number, or none above 0, must not leave every signature waiting. */
export function threadsOf(size: string | undefined): number {
  const count = Number.parseInt(size ?? '', 10);
  return count > 0 ? count : 4;
}

/**
 * Runs signatures on libuv's thread pool, first come, first served. As long as few wait, all threads sign. Once more
 * wait than there are threads, requests come in faster than they are signed: then only one more runs than there are
 * cores, since others would take time from the event loop that has to read and answer.
 */
export class SigningQueue {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  async run<Result>(sign: () => Promise<Result>): Promise<Result> {
    if (this.#waiting.length > 0 || !this.#hasRoom()) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await sign();
    } finally {
      this.#running -= 1;
      this.#startWaiting();
    }
  }

  #startWaiting(): void {
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      this.#running += 1;
      this.#waiting.shift()!();
    }
  }

  #hasRoom(): boolean {
    return this.#running < (this.#waiting.length > threads ? mostUnderLoad : most);
  }
}
