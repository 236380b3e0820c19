import { Observable, Subject } from 'rxjs';

import type { SigningAlgorithm } from '../core/algorithms.js';
import { KeyRing } from '../core/key-ring.js';
import { noneToSign } from '../core/slots.js';
import { Coalesced } from './coalesced.js';
import { systemClock } from './clock.js';
import type { Clock } from './clock.js';
import { PlanLoader } from './plan-loader.js';
import type { Plan } from './plan.js';
import { failureOf, readFrom } from './reading.js';
import type { ReadingSource } from './reading.js';
import { RotationState } from './rotation-state.js';
import type { Change, KeyRotationEvent } from './rotation-event.js';
import { Timer } from './timers.js';
import type { Timing } from './timing.js';

/** What a rotation says to whoever runs the server. */
export interface RotationLog {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** @internal */
export interface RotationOptions {
  readonly source: ReadingSource;
  readonly timing: Timing;
  readonly algorithm: SigningAlgorithm | undefined;
  readonly log: RotationLog;
  /** In seconds. */
  readonly reloadInterval?: number | undefined;
  readonly clock?: Clock;
}

const firstRetry = 1_000;
const longestRetry = 60_000;
// A clock that is set forward has to be noticed before a timer of a month is due.
const longestSleep = 30_000;

/**
 * Keeps the key ring that is in service: reads its source again, promotes and retires keys when they are due, and
 * replaces the ring as a whole.
 */
export class KeyRotation {
  readonly #options: RotationOptions;
  readonly #clock: Clock;
  readonly #loader: PlanLoader;
  readonly #events = new Subject<KeyRotationEvent>();
  readonly #reload = new Coalesced(() => this.#reloadNow());
  readonly #advanceTimer = new Timer();
  readonly #retryTimer = new Timer();
  readonly #intervalTimer = new Timer();
  readonly #ended = new AbortController();
  #state: RotationState;
  #ring: KeyRing;
  #failures = 0;
  #lastFailure: { code: string; since: Date } | undefined;
  #lastLoaded: Date;
  #unwatch: (() => void) | undefined;

  private constructor(options: RotationOptions, state: RotationState, loader: PlanLoader) {
    this.#options = options;
    this.#loader = loader;
    this.#clock = options.clock ?? systemClock;
    this.#state = state;
    this.#lastLoaded = new Date(this.#clock.wall());
    this.#ring = new KeyRing(state.slots(), options.algorithm);
  }

  /**
   * Reads the source for the first time, and rejects with whatever is wrong with it.
   *
   * @internal
   */
  static async start(options: RotationOptions): Promise<KeyRotation> {
    const loader = new PlanLoader();
    const reading = await readFrom(options.source, new AbortController().signal);
    const revoked = new Set(reading.revokedKids());
    const plan = await loader.load(reading);
    const state = new RotationState(plan, revoked, options.clock ?? systemClock, options.timing);
    if (state.withoutSigner().length > 0) throw noneToSign('The configuration, after what is revoked,');
    const rotation = new KeyRotation(options, state, loader);
    rotation.#unwatch = options.source.watch?.(() => void rotation.reload());
    rotation.#sleep();
    rotation.#askAgain();
    return rotation;
  }

  /** @internal */
  get ring(): KeyRing {
    return this.#ring;
  }

  /** What happens to the keys, from now on. Ends when the application closes. */
  get events$(): Observable<KeyRotationEvent> {
    return this.#events.asObservable();
  }

  /**
   * Asks the source again. Resolves to whether its answer is in service now; a failure is logged, changes nothing
   * but what was revoked, and is tried again. Calls while one is under way are one.
   */
  reload(): Promise<boolean> {
    return this.#ended.signal.aborted ? Promise.resolve(false) : this.#reload.call();
  }

  /** Nest calls this when the application closes. */
  onModuleDestroy(): void {
    this.close();
  }

  /** Ends watches and timers; the ring stays in service. */
  close(): void {
    this.#ended.abort();
    this.#unwatch?.();
    this.#advanceTimer.clear();
    this.#retryTimer.clear();
    this.#intervalTimer.clear();
    this.#events.complete();
  }

  #askAgain(): void {
    const { reloadInterval } = this.#options;
    if (reloadInterval === undefined || this.#ended.signal.aborted) return;
    this.#intervalTimer.set(reloadInterval * 1000, () => void this.reload().finally(() => this.#askAgain()));
  }

  async #reloadNow(): Promise<boolean> {
    this.#retryTimer.clear();
    try {
      const reading = await readFrom(this.#options.source, this.#ended.signal);
      // First, and whatever is wrong with the rest.
      this.#apply(this.#state.revoke(new Set(reading.revokedKids())));
      const plan = await this.#loader.load(reading);
      if (this.#ended.signal.aborted) return false;
      const kept = new Set(this.#state.kept().map(({ kid }) => kid));
      this.#apply(this.#state.configure(plan));
      this.#warn(plan, kept);
      this.#succeeded();
      return true;
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#failed(error);
      return false;
    }
  }

  /** Says where safety departs from what configuration asks for. */
  #warn({ nextActivatesAt }: Plan, keptBefore: ReadonlySet<string>): void {
    for (const { key, signsAt } of this.#state.pending()) {
      const instant = this.#dateOf(signsAt);
      const tooSoon = nextActivatesAt !== undefined && nextActivatesAt < instant.getTime();
      const reason = tooSoon ? 'its schedule is too soon' : 'it was not published before';
      this.#options.log.warn(
        `${key.algorithm} key ${key.kid} signs from ${instant.toISOString()} on: ${reason}, and relying parties may ` +
          'not know it until then',
      );
    }
    for (const { kid, goesAt } of this.#state.kept().filter(({ kid: each }) => !keptBefore.has(each))) {
      this.#options.log.warn(
        `Key ${kid} is no longer in the configuration, but tokens that it signed may still be valid: it stays ` +
          `published until ${this.#dateOf(goesAt).toISOString()}, or until this process ends`,
      );
    }
  }

  #dateOf(monotonic: number): Date {
    return new Date(Math.min(this.#clock.wall() + monotonic - this.#clock.monotonic(), 8.64e15));
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#lastFailure = undefined;
    this.#lastLoaded = new Date(this.#clock.wall());
    const kids = this.#ring.toKeySet().keys.map(({ kid }) => kid);
    this.#events.next({ type: 'loaded', at: this.#lastLoaded, kids });
  }

  #failed(error: unknown): void {
    const { code, message } = failureOf(error);
    const at = new Date(this.#clock.wall());
    this.#lastFailure ??= { code, since: at };
    this.#options.log.error(
      `The keys were not reloaded, and the last good ones stay in service. ${code}: ${message}`,
    );
    this.#events.next({ type: 'reload-failed', at, code, message });
    const delay = Math.min(firstRetry * 2 ** this.#failures, longestRetry);
    this.#failures += 1;
    this.#retryTimer.set(delay, () => void this.reload());
  }

  /** Puts a new ring into service, if anything is different. */
  #apply(changes: readonly Change[]): void {
    const ring = new KeyRing(this.#state.slots(), this.#options.algorithm);
    this.#ring = ring;
    for (const change of changes) {
      this.#options.log.log(sentenceOf(change));
      this.#events.next({ ...change, at: new Date(this.#clock.wall()) });
    }
    this.#sleep();
  }

  #sleep(): void {
    const delay = this.#state.untilNextChange();
    if (delay === undefined || this.#ended.signal.aborted) return;
    this.#advanceTimer.set(Math.min(delay, longestSleep), () => this.#wake());
  }

  #wake(): void {
    const changes = this.#state.advance();
    if (changes.length > 0) this.#apply(changes);
    else this.#sleep();
  }
}

function sentenceOf(change: Change): string {
  if (change.type === 'promoted') {
    return `${change.algorithm} key ${change.kid} signs now${change.replaced ? `, in place of ${change.replaced}` : ''}`;
  }
  return `Key ${change.kid} was ${change.type}, and is no longer published or accepted`;
}
