import type { RotationState } from './rotation-state.js';
import { droppedEarly, waits } from './rotation-messages.js';

const aSecond = 1_000;

/** Where safety departs from what configuration asks for. */
export class Warnings {
  #given: ReadonlySet<string> = new Set();

  /** What was not said of the state before. */
  newOf(state: RotationState, dateOf: (monotonic: number) => Date): string[] {
    const warnings = new Map<string, string>();
    for (const { key, signsAt } of state.pending()) {
      const scheduledAt = state.scheduledAt(key.kid);
      // The two clocks are read one after the other, so that instants that are the same differ a little.
      if (scheduledAt === undefined || scheduledAt < signsAt - aSecond) {
        warnings.set(`${key.kid} waits`, waits(key, dateOf(signsAt), scheduledAt !== undefined));
      }
    }
    for (const { kid, goesAt } of state.kept()) {
      warnings.set(`${kid} is kept`, droppedEarly(kid, dateOf(goesAt)));
    }
    const given = this.#given;
    this.#given = new Set(warnings.keys());
    return [...warnings].flatMap(([about, message]) => (given.has(about) ? [] : message));
  }
}
