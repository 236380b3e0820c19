import { Counts } from './counts.js';
import { Histogram } from './histogram.js';
import type { HistogramView } from './histogram.js';
import { outcomeOf } from './outcome.js';
import type { Operation, UsageListeners } from './usage-listener.js';

/** What was done with one key. */
export interface KeyUsageView {
  readonly kid: string;
  readonly algorithm: string;
  /** By outcome: `signed`, or the code of the error. */
  readonly signatures: readonly (readonly [outcome: string, count: number])[];
  /** From the moment that somebody asks for a signature; of those that were begun. */
  readonly durations: HistogramView;
  /** For a thread, a turn of the event loop, or a place among the requests to a KMS. */
  readonly waits: HistogramView;
  /** Signatures that wait now. */
  readonly waiting: number;
  /** Signatures that are made now. */
  readonly underWay: number;
  /** By outcome: `verified`, or the code of the error. */
  readonly verifications: readonly (readonly [outcome: string, count: number])[];
}

/** Counts what is done with one key. */
export class KeyUsage {
  readonly signatures = new Counts();
  readonly verifications = new Counts();
  readonly #durations = new Histogram();
  readonly #waits = new Histogram();
  readonly #listeners: UsageListeners;
  readonly #operation: Operation;
  #waiting = 0;
  #underWay = 0;

  constructor(
    readonly kid: string,
    readonly algorithm: string,
    listeners: UsageListeners,
  ) {
    this.#listeners = listeners;
    this.#operation = Object.freeze({ type: 'sign', kid, algorithm });
  }

  /** Shows a key that is not used yet, so that nothing is missing where 0 is meant. */
  begin(signs: boolean): void {
    this.verifications.begin('verified', 'OIDC_TOKEN_EXPIRED', 'OIDC_TOKEN_INVALID_SIGNATURE');
    if (signs) this.signatures.begin('signed', 'OIDC_KEY_SIGNER_FAILED');
  }

  /** @param sign is handed what it calls when the signature is begun and waits no more */
  async sign(sign: (begun: () => void) => Promise<Buffer>): Promise<Buffer> {
    const asked = performance.now();
    let wait: number | undefined;
    const begun = () => {
      if (wait !== undefined) return;
      wait = (performance.now() - asked) / 1000;
      this.#waiting -= 1;
      this.#underWay += 1;
    };
    this.#waiting += 1;
    let outcome = 'signed';
    try {
      return await this.#listeners.within(this.#operation, () => sign(begun));
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      const duration = (performance.now() - asked) / 1000;
      if (wait === undefined) {
        this.#waiting -= 1;
      } else {
        this.#underWay -= 1;
        this.#waits.add(wait);
        // One that was refused at once would make a signer that is down look fast.
        this.#durations.add(duration);
      }
      this.signatures.add(outcome);
      this.#listeners.ended(this.#operation, { outcome, duration, wait });
    }
  }

  view(): KeyUsageView {
    return {
      kid: this.kid,
      algorithm: this.algorithm,
      signatures: this.signatures.view(),
      durations: this.#durations.view(),
      waits: this.#waits.view(),
      waiting: this.#waiting,
      underWay: this.#underWay,
      verifications: this.verifications.view(),
    };
  }
}
