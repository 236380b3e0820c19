/**
 * Something that takes its time, as a trace shows it. Nothing of what is signed is in it. One that comes often is the same
 * object each time, so that whoever listens can keep what they made of it.
 */
export interface Operation {
  /** `sign` is a token's signature, waiting included; `call` is one request to a store, a KMS or an HSM. */
  readonly type: 'sign' | 'call';
  readonly kid?: string | undefined;
  readonly algorithm?: string | undefined;
  /** What is called: what stands before the colon of its reference, or `application` for a signer of its own. */
  readonly system?: string | undefined;
  /** What it is asked for, such as `read`. */
  readonly operation?: string | undefined;
}

/** How an operation ended. */
export interface Ending {
  /** `signed`, `ok`, or the code of the error. */
  readonly outcome: string;
  /** In seconds. */
  readonly duration: number;
  /** How long it waited of that, in seconds; undefined where it never began. */
  readonly wait?: number | undefined;
}

/**
 * Told of each operation as it happens, for what cannot be read from counts later. Whatever it throws or rejects with, the
 * operation goes on as if nobody listened.
 */
export interface UsageListener {
  ended?(operation: Operation, ending: Ending): void;
  /** Runs work as part of a trace, at once. */
  within?(operation: Operation, work: () => Promise<unknown>): Promise<unknown>;
}

/** Those who listen. Most processes have none. */
export class UsageListeners {
  #listeners: readonly UsageListener[] = [];

  /** Returns what ends it. */
  add(listener: UsageListener): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((each) => each !== listener);
    };
  }

  within<Result>(operation: Operation, work: () => Promise<Result>): Promise<Result> {
    let inside = work;
    for (const listener of this.#listeners) {
      const next = inside;
      if (listener.within) inside = () => workWithin(listener, operation, next);
    }
    return inside();
  }

  ended(operation: Operation, ending: Ending): void {
    for (const listener of this.#listeners) {
      try {
        listener.ended?.(operation, ending);
      } catch {
        // What is signed is worth more than what is told of it.
      }
    }
  }
}

/** The work itself, whatever the listener makes of it. */
function workWithin<Result>(
  listener: UsageListener,
  operation: Operation,
  work: () => Promise<Result>,
): Promise<Result> {
  let result: Promise<Result> | undefined;
  const once = () => (result ??= promiseOf(work));
  try {
    listener.within!(operation, once).catch(ignore);
  } catch {
    // It may have begun the work before, or not.
  }
  return once();
}

function promiseOf<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return work();
  } catch (error) {
    return Promise.reject(error);
  }
}

function ignore(): void {
  // As above; and where it is the work that rejects, whoever asked for the work hears of it.
}
