/** How many are made in one turn of the event loop: about as long as one request takes to be answered. */
const inOneTurn = 4;

/**
 * Makes signatures that are cheap on the event loop, a few in each of its turns, first come, first served. Without that
 * limit a flood of tokens would be signed in one turn, and every other request would wait for the last of them.
 */
export class SigningTurns {
  readonly #waiting: (() => void)[] = [];
  #left = inOneTurn;
  #isTurnAwaited = false;

  async run<Result>(sign: () => Result): Promise<Result> {
    if (this.#left === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#left -= 1;
    this.#awaitTurn();
    return sign();
  }

  #awaitTurn(): void {
    if (this.#isTurnAwaited) return;
    this.#isTurnAwaited = true;
    setImmediate(() => {
      this.#isTurnAwaited = false;
      const begun = this.#waiting.splice(0, inOneTurn);
      this.#left = inOneTurn - begun.length;
      for (const begin of begun) begin();
      if (this.#waiting.length > 0) this.#awaitTurn();
    });
  }
}
