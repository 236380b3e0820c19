import type { Handle, PKCS11 } from 'pkcs11js';

/** CKF_SERIAL_SESSION, CKF_RW_SESSION. */
const serial = 0x4;
const readWrite = 0x2;

/** A key that was found. Its handle is a small number, and after the next initialization that of another key. */
export interface KeyAtHand {
  readonly handle: Handle;
  /** In DER (SPKI). */
  readonly publicKey: Buffer;
}

/** What holds from one C_Initialize to the C_Finalize after it. */
export class OpenToken {
  readonly module: PKCS11;
  readonly slot: Handle;
  /** By their names. */
  readonly keys = new Map<string, KeyAtHand>();
  needsLogin = true;
  /** Of the whole application, not of one session. */
  isLoggedIn = false;
  readonly #free: Handle[] = [];
  #writer: Handle | undefined;
  #lastWrite: Promise<unknown> = Promise.resolve();
  #running = 0;
  #whenIdle: (() => void)[] = [];

  constructor(module: PKCS11, slot: Handle) {
    this.module = module;
    this.slot = slot;
  }

  begin(): void {
    this.#running++;
  }

  end(): void {
    this.#running--;
    if (this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  anySession(): Handle {
    if (this.#free.length === 0) this.#free.push(this.#session(serial));
    return this.#free.at(-1)!;
  }

  /**
   * A session holds one operation at a time. There come to be as many as are needed at once, and none is closed: with the
   * last one the login would end.
   */
  async withSession<Result>(work: (session: Handle) => Promise<Result>): Promise<Result> {
    const session = this.#free.pop() ?? this.#session(serial);
    try {
      return await work(session);
    } finally {
      this.#free.push(session);
    }
  }

  /** A session that may change the token, for one at a time. */
  async withWriter<Result>(work: (session: Handle) => Promise<Result>): Promise<Result> {
    const turn = this.#lastWrite.then(async () => {
      this.#writer ??= this.#session(serial | readWrite);
      return work(this.#writer);
    });
    this.#lastWrite = turn.catch(() => undefined);
    return turn;
  }

  #session(flags: number): Handle {
    return this.module.C_OpenSession(this.slot, flags);
  }
}
