import { Counts } from './counts.js';

/** How the source of the keys was read. */
export interface SourceUsageView {
  /** In milliseconds since 1970; undefined before the first time. */
  readonly lastReadAt: number | undefined;
  /** By outcome: `ok`, or the code of the error. */
  readonly reads: readonly (readonly [outcome: string, count: number])[];
}

/** Counts how the source of the keys was read, and what came of it. */
export class SourceUsage {
  readonly #reads = new Counts();
  #lastReadAt: number | undefined;

  constructor() {
    this.#reads.begin('ok', 'OIDC_KEY_SOURCE_FAILED', 'OIDC_KEY_STORE_FAILED');
  }

  /** @param wall when, in milliseconds since 1970 */
  read(outcome: string, wall: number): void {
    this.#lastReadAt = wall;
    this.#reads.add(outcome);
  }

  view(): SourceUsageView {
    return { lastReadAt: this.#lastReadAt, reads: this.#reads.view() };
  }
}
