import { Counts } from './counts.js';
import { Histogram } from './histogram.js';
import type { HistogramView } from './histogram.js';
import { outcomeOf } from './outcome.js';
import type { Operation, UsageListeners } from './usage-listener.js';

/** What is asked of a store, a KMS or an HSM. */
export interface Call extends Operation {
  readonly type: 'call';
  readonly system: string;
  readonly operation: string;
}

/** Requests of one kind to one system. */
export interface CallsView {
  readonly system: string;
  readonly operation: string;
  /** By outcome: `ok`, `conflict` of a write that came too late, or the code of the error. */
  readonly outcomes: readonly (readonly [outcome: string, count: number])[];
  readonly durations: HistogramView;
}

interface Calls extends Pick<Call, 'system' | 'operation'> {
  readonly outcomes: Counts;
  readonly durations: Histogram;
}

/** Counts the requests to stores, KMSs and HSMs. Systems and operations are words of ours, and few. */
export class CallUsage {
  readonly #calls = new Map<string, Calls>();
  readonly #listeners: UsageListeners;

  constructor(listeners: UsageListeners) {
    this.#listeners = listeners;
  }

  /** @param outcomeOfAnswer for what may be answered and yet not be done. Default: `ok` */
  async run<Result>(
    call: Call,
    work: () => Promise<Result>,
    outcomeOfAnswer: (answer: Result) => string = () => 'ok',
  ): Promise<Result> {
    const begin = performance.now();
    let outcome = 'ok';
    try {
      const answer = await this.#listeners.within(call, work);
      outcome = outcomeOfAnswer(answer);
      return answer;
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      const duration = (performance.now() - begin) / 1000;
      const calls = this.#callsOf(call);
      calls.outcomes.add(outcome);
      calls.durations.add(duration);
      this.#listeners.ended(call, { outcome, duration });
    }
  }

  view(): readonly CallsView[] {
    return [...this.#calls.values()].map(({ system, operation, outcomes, durations }) => ({
      system,
      operation,
      outcomes: outcomes.view(),
      durations: durations.view(),
    }));
  }

  #callsOf({ system, operation }: Call): Calls {
    const name = `${system} ${operation}`;
    const known = this.#calls.get(name);
    if (known) return known;
    const calls = { system, operation, outcomes: new Counts(), durations: new Histogram() };
    this.#calls.set(name, calls);
    return calls;
  }
}
