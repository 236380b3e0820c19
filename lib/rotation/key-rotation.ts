import { setImmediate } from 'node:timers/promises';

import type { Observable } from 'rxjs';

import { OidcKeyError } from '../core/errors.js';
import type { KeySlots } from '../core/reading/key-slots.js';
import { KeyLoader } from '../core/ring/key-loader.js';
import { revocationsIn } from '../core/ring/members-of-slots.js';
import { KeyRing } from '../core/ring/key-ring.js';
import { inOrder } from '../core/ring/life.js';
import type { Lives } from '../core/ring/life.js';
import type { RevocationList } from '../core/ring/revocation-list.js';
import { refuseUnknownOptions } from '../core/unknown-options.js';
import { outcomeOf } from '../core/usage/outcome.js';
import { Usage } from '../core/usage/usage.js';
import { areUnchanged } from '../sources/settled-slots.js';
import type { CommandResult } from '../stores/command-result.js';
import { Announcements, ofOneLine } from './announcements.js';
import { askSource, failureOf, watchSource } from './ask-source.js';
import { systemClock } from './clock.js';
import type { Moment } from './clock.js';
import { LivesInService } from './lives-in-service.js';
import type { LivesOfKeys } from './lives-of-keys.js';
import { PublicJwks } from './public-jwks/public-jwks.js';
import { Reloads } from './reloads.js';
import type { Change, KeyRotationEvent } from './rotation-event.js';
import type { KeyRotationOptions, RotationOptions } from './rotation-options.js';
import type { RotationReading } from './rotation-reading.js';
import { statusOf } from './rotation-status.js';
import type { KeyRotationStatus } from './rotation-status.js';
import { Timer } from './timers.js';
import { checkedInterval } from './timing.js';

// A clock that is set forward has to be noticed before a timer of a month is due.
const longestSleep = 30_000;

/**
 * Keeps the key ring that is in service: asks its source again, promotes and retires keys when they are due, and
 * replaces the ring as a whole.
 */
export class KeyRotation {
  #options: RotationOptions;
  readonly #loader: KeyLoader;
  readonly #lives: LivesOfKeys;
  readonly #announcements: Announcements;
  readonly #reloads: Reloads;
  readonly #timer = new Timer();
  readonly #publicJwks: PublicJwks | undefined;
  readonly #ended = new AbortController();
  /** @internal */
  readonly usage: Usage;
  #ring: KeyRing;
  /** What was loaded last, whether it could be taken over or not. */
  #slots: KeySlots | undefined;
  #failure: KeyRotationStatus['failure'];
  #loadedAt: Date;
  #unwatch: (() => void) | undefined;

  private constructor(options: RotationOptions, loader: KeyLoader, lives: LivesOfKeys) {
    this.#options = options;
    this.usage = options.usage ?? new Usage();
    this.#loader = loader;
    this.#lives = lives;
    this.#announcements = new Announcements(options.log);
    const now = this.#clock();
    const { keys, defaultAlgorithm } = lives.view(now);
    this.#ring = new KeyRing(keys, defaultAlgorithm);
    this.#loadedAt = new Date(now.wall);
    this.usage.source.read('ok', now.wall);
    this.#publicJwks = this.#publicJwksAt(options.publicJwksUri);
    this.#reloads = new Reloads(
      () => this.#reloadNow(),
      options.reloadInterval ?? options.source.reloadInterval,
    );
  }

  /**
   * Asks the source for the first time, and rejects with whatever is wrong with its answer.
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
      options.signers?.close();
      unwatch?.();
      throw error;
    }
    rotation.#unwatch = unwatch;
    rotation.#apply([]);
    rotation.#reloads.start();
    rotation.#publicJwks?.start();
    if (changedMeanwhile) void rotation.reload();
    return rotation;
  }

  static async #firstOf(options: RotationOptions): Promise<KeyRotation> {
    const { source, algorithm, timing, signers, clock = systemClock } = options;
    if (source.reloadInterval !== undefined)
      checkedInterval(source.reloadInterval, 'The source’s "reloadInterval"');
    const loader = new KeyLoader();
    const slots = await askSource(source);
    const loaded = await loader.load(slots, {
      algorithm,
      signers: signers?.open,
      log: ofOneLine(options.log),
      figures: timing.figures,
    });
    const lives = new LivesInService(loaded, revocationsIn(slots), clock(), { timing, algorithm });
    const rotation = new KeyRotation(options, loader, lives);
    rotation.#slots = slots;
    return rotation;
  }

  /** @internal */
  get ring(): KeyRing {
    return this.#ring;
  }

  /** @internal */
  get options(): RotationOptions {
    return this.#options;
  }

  /**
   * Goes on with another clock, or other keys: a test lets days pass at once.
   *
   * @internal
   */
  replace(parts: Partial<Pick<RotationOptions, 'clock' | 'source' | 'workplace'>>): void {
    this.#options = { ...this.#options, ...parts };
  }

  /**
   * Does what is due by now, as a timer does.
   *
   * @internal
   */
  letPass(): void {
    this.#wake();
  }

  /** What happens to the keys, from now on. Ends when the application closes. */
  get events$(): Observable<KeyRotationEvent> {
    return this.#announcements.events$;
  }

  /** How the keys are, for a health check: public facts only. */
  status(): KeyRotationStatus {
    const now = this.#clock();
    return statusOf(
      this.#lives.view(now),
      this.#ring,
      {
        loadedAt: this.#loadedAt,
        failure: this.#failure,
        legacyHs256: this.#options.legacyHs256,
        publicJwks: this.#publicJwks,
      },
      now,
    );
  }

  /**
   * What metrics are read from. It changes nothing.
   *
   * @internal
   */
  reading(): RotationReading {
    const now = this.#clock();
    const view = this.#lives.view(now);
    return {
      now,
      view,
      changesDue: this.#lives.changesDue(now),
      loadedAt: this.#loadedAt.getTime(),
      publicJwks: this.#publicJwks?.status(now),
    };
  }

  /**
   * Asks the source again. Resolves to whether its answer is in service now; a failure is logged, changes nothing
   * but what was revoked, and is tried again. Calls while one is under way are one.
   */
  reload(): Promise<boolean> {
    return this.#reloads.call();
  }

  /**
   * Adds the key that signs next to the store: it is published at once, and signs when relying parties know it. Every
   * replica may call it on the same schedule; with `every`, one of them adds the key and the others
   * nothing. Where a KMS makes it, what others made meanwhile is disabled there.
   *
   * @throws OidcKeyError `OIDC_KEY_NO_STORE`, `OIDC_KEY_INVALID_OPTION`, and what is wrong with what the store holds
   * @throws KeyStoreError where the store cannot be read or written
   * @throws CommandRefusedError `KEY_WAITS` (without `every`), `KEY_SET_MISSING`, `CLOCK_DIFFERS`
   */
  async rotate(options: KeyRotationOptions = {}): Promise<CommandResult> {
    refuseUnknownOptions(options, ['algorithm', 'every'], 'KeyRotation.rotate');
    const { workplace } = this.#options;
    if (!workplace) throw noStore();
    // Most servers never do, and need not load it.
    const { rotateIn } = await import('../stores/commands.js');
    const clock = () => Math.floor(this.#clock().wall / 1000);
    const result = await rotateIn({ clock, ...(await workplace()) }, options);
    if (result.outcome === 'written') await this.reload();
    return result;
  }

  /** Nest calls this when the application closes. */
  onModuleDestroy(): void {
    this.close();
  }

  /** Ends watches and timers; the ring stays in service. */
  close(): void {
    this.#ended.abort();
    this.#timer.clear();
    this.#reloads.close();
    this.#publicJwks?.close();
    this.#announcements.end();
    for (const { signer } of this.#ring.keys) signer?.rest?.();
    this.#options.signers?.close();
    // Last, since it is the source's own code.
    this.#unwatch?.();
  }

  #publicJwksAt(uri: string | undefined): PublicJwks | undefined {
    if (uri === undefined) return undefined;
    return new PublicJwks({
      uri,
      own: () => this.#ring.keys.map(({ key }) => key.publicJwk),
      clock: () => this.#clock(),
      propagation: this.#options.timing.propagation,
      warn: (message) => this.#announcements.warn(message),
    });
  }

  #clock(): Moment {
    return (this.#options.clock ?? systemClock)();
  }

  async #reloadNow(): Promise<boolean> {
    try {
      const slots = await askSource(this.#options.source, this.#ended.signal);
      if (areUnchanged(slots, this.#slots) && !this.#failure) return this.#unchanged();
      const revoked = revocationsIn(slots);
      this.#slots = slots;
      const loaded = await this.#load(slots).catch(failureOf);
      // A turn of its own: what was compared and what is built now may be a thousand keys each.
      await setImmediate();
      if (this.#ended.signal.aborted) return false;
      return this.#takeOver(revoked, loaded);
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#failed(failureOf(error));
      return false;
    }
  }

  /** Nothing is parsed, opened or compared; time may have passed. */
  #unchanged(): true {
    this.#apply(this.#lives.letPass(this.#clock()));
    this.#succeeded();
    return true;
  }

  #load(slots: KeySlots): Promise<Lives> {
    return this.#loader.load(slots, {
      algorithm: this.#options.algorithm,
      signers: this.#options.signers?.open,
      log: ofOneLine(this.#options.log),
      figures: this.#options.timing.figures,
      isRevoked: this.#lives.isRevoked,
      published: this.#ring.keys,
      hasRevoked: this.#lives.hasRevoked,
    });
  }

  /** Revocations and what replaces the revoked keys go into service in one ring, so that none is without a key. */
  #takeOver(revoked: RevocationList, loaded: Lives | OidcKeyError): boolean {
    const { changes, refusal } = this.#lives.takeOver(revoked, loaded, this.#clock());
    this.#apply(changes, true);
    if (refusal) this.#failed(refusal);
    else this.#succeeded();
    return !refusal;
  }

  #succeeded(): void {
    this.#failure = undefined;
    this.#loadedAt = new Date(this.#clock().wall);
    this.usage.source.read('ok', this.#loadedAt.getTime());
    this.#announcements.loaded(this.#ring.kids(), this.#loadedAt);
  }

  #failed(error: OidcKeyError): void {
    const at = new Date(this.#clock().wall);
    this.#failure = { code: error.code, since: this.#failure?.since ?? at };
    this.usage.source.read(outcomeOf(error), at.getTime());
    this.#announcements.failed(error, at);
  }

  /** Puts a new ring into service, if anything is different, and says what happened. */
  #apply(changes: readonly Change[], isReload = false): void {
    const now = this.#clock();
    const view = this.#lives.view(now);
    if (!this.#ring.isOf(view.keys, view.defaultAlgorithm)) {
      const before = this.#ring;
      this.#ring = new KeyRing(view.keys, view.defaultAlgorithm);
      restThoseGone(before, this.#ring);
      this.#compareWithLegacy(before);
    }
    this.usage.takeOver(inOrder(this.#ring.keys));
    for (const { signer } of this.#ring.keys) signer?.observe?.(this.usage.calls);
    this.#announcements.changes(changes, view, now, isReload);
    this.#sleepUntil(view.nextChange);
  }

  /** A key that came later may be known by what is configured as a secret. */
  #compareWithLegacy(before: KeyRing): void {
    const added = this.#ring.keys.filter(({ key }) => before.find(key.kid) !== key).map(({ key }) => key);
    try {
      this.#options.legacyHs256?.refusePublished(added);
    } catch (error) {
      this.#options.log.error(failureOf(error).message);
    }
  }

  #sleepUntil(instant: number | undefined): void {
    if (instant === undefined || this.#ended.signal.aborted) return;
    const delay = instant - this.#clock().monotonic;
    this.#timer.set(Math.min(Math.max(delay, 0), longestSleep), () => this.#wake());
  }

  #wake(): void {
    this.#apply(this.#lives.letPass(this.#clock()));
  }
}

/** A signer that no key of the ring has is not to be tried again and again. */
function restThoseGone(before: KeyRing, after: KeyRing): void {
  const left = new Set(after.keys.map(({ signer }) => signer));
  for (const { signer } of before.keys) if (!left.has(signer)) signer?.rest?.();
}

function noStore(): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_NO_STORE',
    'This server cannot rotate its keys, since they come from no store. Set OIDC_KEY_STORE, or the option "store".',
  );
}
