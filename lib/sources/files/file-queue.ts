import { FileError } from './file-error.js';

// What a file system takes, in milliseconds, that is only slow.
const usual = 100;

/**
 * Runs operations on files one at a time. Each takes a thread of libuv's pool until the file system answers, and
 * nothing can take it back: on one that hangs, this queue holds one thread, and the others go on signing.
 */
export class FileQueue {
  readonly #waiting: (() => Promise<void>)[] = [];
  #isRunning = false;
  #begun = 0;
  #isAbandoned = false;

  /**
   * Rejects with `ETIMEDOUT` once the limit aborts, and at once while an operation hangs that has outlived its own.
   * An operation that has not begun by then never does.
   *
   * @param tooLate what to do with a result that nobody waits for any more
   */
  run<Result>(
    operation: () => Promise<Result>,
    limit: AbortSignal,
    tooLate?: (result: Result) => Promise<unknown>,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (limit.aborted || this.#isHanging()) {
        reject(new FileError('ETIMEDOUT'));
        return;
      }
      const task = async () => {
        limit.removeEventListener('abort', leave);
        limit.addEventListener('abort', abandon);
        try {
          const result = await operation();
          if (limit.aborted) await tooLate?.(result);
          else resolve(result);
        } catch (error) {
          reject(FileError.from(error));
        } finally {
          limit.removeEventListener('abort', abandon);
        }
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(task), 1);
        reject(new FileError('ETIMEDOUT'));
      };
      const abandon = () => {
        this.#isAbandoned = true;
        reject(new FileError('ETIMEDOUT'));
      };
      limit.addEventListener('abort', leave);
      this.#add(task);
    });
  }

  /** Runs what nobody waits for, such as closing a file, even after something that hangs now. */
  runLater(operation: () => Promise<unknown>): void {
    this.#add(async () => {
      try {
        await operation();
      } catch {
        // Whoever asked for it has what it wanted.
      }
    });
  }

  #add(task: () => Promise<void>): void {
    this.#waiting.push(task);
    if (!this.#isRunning) void this.#runAll();
  }

  async #runAll(): Promise<void> {
    this.#isRunning = true;
    for (let task = this.#waiting.shift(); task; task = this.#waiting.shift()) {
      this.#begun = performance.now();
      await task();
      this.#isAbandoned = false;
    }
    this.#isRunning = false;
  }

  /** One that had only just begun when its limit came hangs no more than any other. */
  #isHanging(): boolean {
    return this.#isAbandoned && performance.now() - this.#begun > usual;
  }
}

/** The one that everything shares: there is one pool of threads in a process. */
export const queueOfProcess = new FileQueue();
