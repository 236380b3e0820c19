import { setImmediate } from 'node:timers/promises';

import { Subject } from 'rxjs';
import type { Observable } from 'rxjs';

import type { SigningAlgorithm } from '../core/algorithms.js';
import { OidcKeyError } from '../core/errors.js';
import { KeyRing } from '../core/ring/key-ring.js';
import { systemClock } from './clock.js';
import type { Clock } from './clock.js';
import { PlanLoader } from './plan-loader.js';
import type { Plan } from './plan.js';
import { noneLeft, withoutRevoked } from './plan.js';
import { failureOf, readFrom, watchSource } from './reading.js';
import type { ReadingSource } from './reading.js';
import { Reloads } from './reloads.js';
import { RotationState } from './rotation-state.js';
import type { Change, KeyRotationEvent } from './rotation-event.js';
import { changed, notReloaded } from './rotation-messages.js';
import { digestOf } from './rotation-status.js';
import type { KeyRotationStatus } from './rotation-status.js';
import { Timer } from './timers.js';
import type { Timing } from './timing.js';
import { Warnings } from './warnings.js';

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
  readonly #reloads: Reloads;
  readonly #advanceTimer = new Timer();
  readonly #ended = new AbortController();
  readonly #warnings = new Warnings();
  #state: RotationState;
  #ring: KeyRing;
  #failure: { code: string; since: Date } | undefined;
  #loadedAt: Date;
  #unwatch: (() => void) | undefined;

  private constructor(options: RotationOptions, state: RotationState, loader: PlanLoader) {
    this.#options = options;
    this.#loader = loader;
    this.#clock = options.clock ?? systemClock;
    this.#state = state;
    this.#loadedAt = new Date(this.#clock.wall());
    this.#ring = new KeyRing(state.slots(), options.algorithm);
    const { reloadInterval } = options;
    this.#reloads = new Reloads(
      () => this.#reloadNow(),
      reloadInterval === undefined ? undefined : reloadInterval * 1000,
    );
  }

  /**
   * Reads the source for the first time, and rejects with whatever is wrong with it.
   *
   * @internal
   */
  static async start(options: RotationOptions): Promise<KeyRotation> {
    let rotation: KeyRotation | undefined;
    let changedMeanwhile = false;
    // Watched before it is read, so that no change falls between the two.
    const unwatch = watchSource(options.source, () => {
      if (rotation) void rotation.reload();
      else changedMeanwhile = true;
    });
    try {
      rotation = await KeyRotation.#firstOf(options);
    } catch (error) {
      unwatch?.();
      throw error;
    }
    rotation.#unwatch = unwatch;
    rotation.#sleep();
    rotation.#reloads.start();
    if (changedMeanwhile) void rotation.reload();
    return rotation;
  }

  static async #firstOf(options: RotationOptions): Promise<KeyRotation> {
    const loader = new PlanLoader(options.algorithm);
    const reading = await readFrom(options.source);
    const revoked = new Set(reading.revokedKids());
    const plan = await loader.load(reading);
    const state = new RotationState(plan, revoked, options.clock ?? systemClock, options.timing);
    if (state.withoutSigner().length > 0) throw noneLeft();
    return new KeyRotation(options, state, loader);
  }

  /** @internal */
  get ring(): KeyRing {
    return this.#ring;
  }

  /** What happens to the keys, from now on. Ends when the application closes. */
  get events$(): Observable<KeyRotationEvent> {
    return this.#events.asObservable();
  }

  /** How the keys are, for a health check: public facts only. */
  status(): KeyRotationStatus {
    const slots = this.#state.slots();
    const keys = (['current', 'next', 'previous'] as const).flatMap((slot) =>
      slots[slot].map(({ kid, algorithm }) => ({
        kid,
        slot,
        algorithm,
        since: this.#dateOf(this.#state.since(kid)),
      })),
    );
    const delay = this.#state.untilNextChange();
    const isDown = this.#state.withoutSigner().length > 0 || !this.#ring.canSign();
    return {
      state: isDown ? 'down' : this.#failure ? 'degraded' : 'up',
      keys,
      nextChangeAt: delay === undefined ? undefined : this.#dateOf(this.#clock.monotonic() + delay),
      loadedAt: this.#loadedAt,
      failure: this.#failure,
      digest: digestOf(this.#ring.toKeySet()),
    };
  }

  /**
   * Asks the source again. Resolves to whether its answer is in service now; a failure is logged, changes nothing
   * but what was revoked, and is tried again. Calls while one is under way are one.
   */
  reload(): Promise<boolean> {
    return this.#reloads.call();
  }

  /** Nest calls this when the application closes. */
  onModuleDestroy(): void {
    this.close();
  }

  /** Ends watches and timers; the ring stays in service. */
  close(): void {
    this.#ended.abort();
    this.#advanceTimer.clear();
    this.#reloads.close();
    this.#events.complete();
    // Last, since it is the source's own code.
    this.#unwatch?.();
  }

  async #reloadNow(): Promise<boolean> {
    try {
      const reading = await readFrom(this.#options.source, this.#ended.signal);
      const revoked = new Set(reading.revokedKids());
      const plan = await this.#loader.load(reading).catch(failureOf);
      // A turn of its own: what was compared and what is built now may be a thousand keys each.
      await setImmediate();
      if (this.#ended.signal.aborted) return false;
      this.#takeOver(revoked, plan);
      return true;
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#failed(error);
      return false;
    }
  }

  /** What is revoked goes whatever is wrong with the rest, and in one ring with it, so that none is without a key. */
  #takeOver(revoked: ReadonlySet<string>, plan: Plan | OidcKeyError): void {
    const changes = this.#state.revoke(revoked);
    try {
      if (plan instanceof OidcKeyError) throw plan;
      this.#state.refuseReusedKids(plan);
      if (withoutRevoked(plan, revoked).current.length === 0) throw noneLeft();
      changes.push(...this.#state.configure(plan));
    } finally {
      this.#apply(changes);
    }
    this.#succeeded();
  }

  readonly #dateOf = (monotonic: number): Date =>
    new Date(Math.min(this.#clock.wall() + monotonic - this.#clock.monotonic(), 8.64e15));

  #succeeded(): void {
    this.#failure = undefined;
    this.#loadedAt = new Date(this.#clock.wall());
    this.#events.next({ type: 'loaded', at: this.#loadedAt, kids: this.#ring.kids() });
  }

  #failed(error: unknown): void {
    const { code, message } = failureOf(error);
    const at = new Date(this.#clock.wall());
    this.#failure = { code, since: this.#failure?.since ?? at };
    this.#options.log.error(notReloaded(code, message));
    this.#events.next({ type: 'reload-failed', at, code, message });
  }

  /** Puts a new ring into service, if anything is different, and says what happened. */
  #apply(changes: readonly Change[]): void {
    const slots = this.#state.slots();
    if (!this.#ring.has(slots)) this.#ring = new KeyRing(slots, this.#options.algorithm);
    for (const message of this.#warnings.newOf(this.#state, this.#dateOf)) this.#options.log.warn(message);
    for (const change of changes) {
      this.#options.log.log(changed(change));
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
