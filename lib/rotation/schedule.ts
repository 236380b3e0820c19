import type { Life } from '../core/ring/life.js';
import type { Moment } from './clock.js';

type ScheduledLife = Life & { readonly signsFrom: number };

/** Whether a life waits for an instant that configuration names. */
export function isScheduled(life: Life): life is ScheduledLife {
  return life.slot === 'next' && life.signsFrom !== undefined;
}

/** What a process remembers of the instants at which configuration wants its next keys to sign. */
export class Schedule {
  /** Keys whose instant has come once, with it: a clock that is set back does not undo it. */
  readonly #come = new Map<string, number>();
  /** Keys that were scheduled at boot, with their instant. */
  readonly #trusted = new Map<string, number>();
  /** Those of them whose instant had come by then. */
  readonly #cameBefore = new Map<string, number>();

  /** Slots and schedule of a boot are trusted, so that every replica that boots agrees with the others. */
  trust(lives: readonly Life[], now: Moment): void {
    for (const { key, signsFrom } of lives.filter(isScheduled)) {
      this.#trusted.set(key.kid, signsFrom);
      if (now.wall >= signsFrom) this.#cameBefore.set(key.kid, signsFrom);
    }
  }

  /** Remembers which instants have come. */
  letPass(lives: readonly Life[], now: Moment): void {
    for (const { key, signsFrom } of lives.filter(isScheduled)) {
      if (now.wall >= signsFrom) this.#come.set(key.kid, signsFrom);
    }
  }

  hasCome(life: Life): boolean {
    return isScheduled(life) && this.#come.get(life.key.kid) === life.signsFrom;
  }

  isTrusted(life: Life): boolean {
    return isScheduled(life) && this.#trusted.get(life.key.kid) === life.signsFrom;
  }

  /** True where a boot found the instant in the past. */
  cameBeforeBoot(life: Life): boolean {
    return isScheduled(life) && this.#cameBefore.get(life.key.kid) === life.signsFrom;
  }
}
