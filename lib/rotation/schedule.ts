import type { Clock } from './clock.js';
import type { Plan } from './plan.js';

/** Whether the instant has come at which a plan wants its next keys to sign. */
export class Schedule {
  readonly #clock: Clock;
  /** Keys whose instant has come once, with it: a clock that is set back does not undo it. */
  readonly #activated = new Map<string, number>();
  /** Keys that were scheduled at boot, with their instant. */
  readonly #trusted = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Slots and schedule of a boot are trusted, so that every replica that boots agrees with the others. */
  trust({ next, nextActivatesAt }: Plan): void {
    if (nextActivatesAt === undefined) return;
    for (const { kid } of next) this.#trusted.set(kid, nextActivatesAt);
  }

  isTrusted(kid: string, plan: Plan): boolean {
    const instant = instantFor(kid, plan);
    return instant !== undefined && this.#trusted.get(kid) === instant;
  }

  hasCome(kid: string, plan: Plan): boolean {
    const instant = instantFor(kid, plan);
    if (instant === undefined) return false;
    if (this.#clock.wall() >= instant) this.#activated.set(kid, instant);
    return this.#activated.get(kid) === instant;
  }

  /** When (monotonic) a plan wants one of its next keys to sign. */
  instantOf(kid: string, plan: Plan): number | undefined {
    const instant = instantFor(kid, plan);
    return instant === undefined ? undefined : this.#clock.monotonic() + instant - this.#clock.wall();
  }
}

function instantFor(kid: string, { next, nextActivatesAt }: Plan): number | undefined {
  return next.some((key) => key.kid === kid) ? nextActivatesAt : undefined;
}
