/** For how long a token is good. By the monotonic clock, which nobody sets. */
export class Lease {
  readonly #start = performance.now();

  /** @param seconds 0: for ever */
  constructor(
    readonly seconds: number,
    readonly isRenewable: boolean,
  ) {}

  /** Half of its time is over: whoever asks seldom has to ask for more by then. */
  get isHalfOver(): boolean {
    return this.#isOverAt(0.5);
  }

  get isOver(): boolean {
    return this.#isOverAt(1);
  }

  #isOverAt(share: number): boolean {
    return this.seconds > 0 && performance.now() - this.#start >= this.seconds * 1000 * share;
  }
}

/** The lease in the answer to a login or a renewal. */
export function leaseIn({
  lease_duration: seconds,
  renewable,
}: Readonly<Record<string, unknown>>): Lease | undefined {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds < 0) return undefined;
  return new Lease(seconds, renewable === true);
}
