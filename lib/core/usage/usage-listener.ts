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

/** Told of each operation as it happens, for what cannot be read from counts later. */
export interface UsageListener {
  ended?(operation: Operation, ending: Ending): void;
  /** Runs work as part of a trace. It settles as the work does. */
  within?<Result>(operation: Operation, work: () => Promise<Result>): Promise<Result>;
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
      if (listener.within) inside = () => listener.within!(operation, next);
    }
    return inside();
  }

  ended(operation: Operation, ending: Ending): void {
    for (const listener of this.#listeners) listener.ended?.(operation, ending);
  }
}
