/** What was counted while one way of rotating was drilled. */
export class Tally {
  minted = 0;
  /** Mints that were not answered, because a replica was killed that was at it. */
  lostMints = 0;
  verifications = 0;
  failedVerifications = 0;
  readonly #reasons = new Map<string, number>();
  readonly #services = new Map<string, { lastSuccess: number; longestGap: number }>();
  #isInService = false;

  /** From here to `close` something is expected to succeed all the time. */
  open(parties: readonly string[]): void {
    this.#isInService = true;
    for (const service of ['mint', ...parties]) {
      this.#services.set(service, { lastSuccess: performance.now(), longestGap: 0 });
    }
  }

  close(): void {
    for (const service of this.#services.keys()) this.#succeed(service);
    this.#isInService = false;
  }

  mint(succeeded: boolean): void {
    if (succeeded) {
      this.minted += 1;
      this.#succeed('mint');
    } else {
      this.lostMints += 1;
    }
  }

  /** @param isNew an old token that is accepted does not show that the service of today goes on */
  verification(party: string, isNew: boolean, failure?: string): void {
    this.verifications += 1;
    if (failure !== undefined) {
      this.failedVerifications += 1;
      const reason = `${party}: ${failure}`;
      this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    } else if (isNew) {
      this.#succeed(party);
    }
  }

  /** The longest time, in milliseconds, in which no mint succeeded, or one relying party accepted no new token. */
  get longestGap(): number {
    return Math.max(...[...this.#services.values()].map(({ longestGap }) => longestGap));
  }

  /** Why verifications failed, each with how often. */
  get reasons(): readonly [reason: string, times: number][] {
    return [...this.#reasons];
  }

  #succeed(service: string): void {
    const known = this.#services.get(service);
    if (!known || !this.#isInService) return;
    const now = performance.now();
    known.longestGap = Math.max(known.longestGap, now - known.lastSuccess);
    known.lastSuccess = now;
  }
}
