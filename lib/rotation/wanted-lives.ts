import { algorithms } from '../core/algorithms.js';
import type { Algorithm } from '../core/algorithms.js';
import type { Life, Slot } from '../core/ring/life.js';
import type { Moment } from './clock.js';
import { isScheduled, Schedule } from './schedule.js';

/** What configuration and schedule want of the keys that are not revoked. */
export class WantedLives {
  readonly schedule = new Schedule();
  readonly #isSigning: (kid: string) => boolean;
  readonly #standsIn: (life: Life) => boolean;
  #lives: readonly Life[] = [];
  /** The kids of these, which are asked for often, as is what follows. */
  #kids: ReadonlySet<string> = new Set();
  #firstNext: ReadonlyMap<Algorithm, Life> = new Map();
  #current: ReadonlyMap<Algorithm, Life> = new Map();

  /** @param standsIn whether a next key signs, or is to, in place of a current one that was revoked and removed */
  constructor(isSigning: (kid: string) => boolean, standsIn: (life: Life) => boolean) {
    this.#isSigning = isSigning;
    this.#standsIn = standsIn;
  }

  get lives(): readonly Life[] {
    return this.#lives;
  }

  get kids(): ReadonlySet<string> {
    return this.#kids;
  }

  replace(lives: readonly Life[]): void {
    this.#lives = lives;
    this.#kids = new Set(lives.map(({ key }) => key.kid));
    this.#firstNext = firstsOf(lives, 'next');
    this.#current = firstsOf(lives, 'current');
  }

  /** The life that is to sign for an algorithm. */
  for(algorithm: Algorithm): Life | undefined {
    const next = this.#firstNext.get(algorithm);
    if (!next) return this.#current.get(algorithm);
    if (this.#isDue(next)) return next;
    return this.#current.get(algorithm) ?? (this.#standsIn(next) ? next : undefined);
  }

  /** Lives that are to sign and do not yet. */
  toSign(): Life[] {
    return algorithms
      .flatMap((algorithm) => this.for(algorithm) ?? [])
      .filter(({ key }) => !this.#isSigning(key.kid));
  }

  /** Lives whose instant lies ahead. */
  scheduled(): (Life & { readonly signsFrom: number })[] {
    return this.#lives.filter(isScheduled).filter((life) => !this.#isDue(life));
  }

  /** Lives that are published and are to sign now or later, what configuration calls next before what waits. */
  next(): Life[] {
    const isPending = ({ key, slot }: Life) =>
      slot === 'current' && this.for(key.algorithm)?.key.kid === key.kid;
    return [...this.#lives.filter(({ slot }) => slot === 'next'), ...this.#lives.filter(isPending)].filter(
      ({ key }) => !this.#isSigning(key.kid),
    );
  }

  letPass(now: Moment): void {
    this.schedule.letPass(this.#lives, now);
  }

  /** A scheduled key that signs, before its instant too, goes on: a promotion is not undone. */
  #isDue(life: Life): boolean {
    return isScheduled(life) && (this.schedule.hasCome(life) || this.#isSigning(life.key.kid));
  }
}

/** The first life of each algorithm in a slot. */
function firstsOf(lives: readonly Life[], slot: Slot): ReadonlyMap<Algorithm, Life> {
  const firsts = new Map<Algorithm, Life>();
  for (const life of lives) {
    if (life.slot === slot && !firsts.has(life.key.algorithm)) firsts.set(life.key.algorithm, life);
  }
  return firsts;
}
