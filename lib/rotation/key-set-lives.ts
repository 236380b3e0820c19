import type { Algorithm, SigningAlgorithm } from '../core/algorithms.js';
import { OidcKeyError } from '../core/errors.js';
import type { VerificationKey } from '../core/key/verification-key.js';
import type { KeySet } from '../core/key-set/key-set.js';
import { stateAt } from '../core/key-set/state-at.js';
import type { Derivation, StateAt } from '../core/key-set/state-at.js';
import { signingInstantOf } from '../core/key-set/successors.js';
import type { Lives } from '../core/ring/life.js';
import type { RevocationList } from '../core/ring/revocation-list.js';
import { changesBetween } from './changes-between.js';
import type { Moment } from './clock.js';
import { defaultAlgorithmOf, lostAlgorithms, slotsOfKeySet } from '../core/ring/key-set-slots.js';
import type { KeyOfSetInSlot } from '../core/ring/key-set-slots.js';
import type { LivesOfKeys, TakenOver } from './lives-of-keys.js';
import { Outlook } from './outlook.js';
import { Promotions } from './promotions.js';
import { reusedKidIn } from './refusal.js';
import type { Revocations } from './revocations.js';
import type { Change } from './rotation-event.js';
import type { RotationView, WaitingKey } from './rotation-view.js';
import type { RotationTiming } from './timing.js';

/** What was loaded where the current keys are a key set. */
export type LoadedKeySet = Lives & { readonly keySet: KeySet };

/** A key that stays published though nothing names it any more; until when, on the monotonic clock. */
export interface RetainedKey {
  readonly key: VerificationKey;
  readonly publishedUntil: number;
}

/** What the lives of a key set are made with. */
export interface KeySetLivesOptions {
  readonly timing: RotationTiming;
  /** The option "algorithm". */
  readonly algorithm: SigningAlgorithm | undefined;
  readonly revocations: Revocations;
  /** What was published before the key set came, and is not in it. */
  readonly retained?: readonly RetainedKey[];
}

/** How the keys are since the last reading, or since a change that the clock brought. */
interface State {
  /** What the wall clock showed, in seconds since 1970. */
  readonly seconds: number;
  readonly at: StateAt;
  readonly keys: readonly KeyOfSetInSlot[];
  readonly retained: readonly RetainedKey[];
  readonly lost: readonly { readonly algorithm: Algorithm; readonly until: number }[];
  readonly defaultAlgorithm: Algorithm | undefined;
}

/**
 * The lives of the keys of a key set. Document and clock alone decide, so that every replica agrees with the others, after
 * any restart; what a process remembers is revocations, and that a promotion is not undone where a clock is set back.
 */
export class KeySetLives implements LivesOfKeys {
  readonly #options: KeySetLivesOptions;
  readonly #promotions = new Promotions();
  /** When this process published a key, on the monotonic clock. */
  #publishedSince: ReadonlyMap<string, number> = new Map();
  #loaded: LoadedKeySet;
  readonly #retained: readonly RetainedKey[];
  #state: State;
  /** Of this state, once somebody has looked. */
  #outlook: Outlook | undefined;

  constructor(loaded: LoadedKeySet, now: Moment, options: KeySetLivesOptions) {
    this.#options = options;
    this.#loaded = loaded;
    this.#retained = options.retained ?? [];
    this.#remember(loaded);
    this.#state = this.#stateAt(now);
    this.#publish(now);
  }

  takeOver(revoked: RevocationList, loaded: Lives | OidcKeyError, now: Moment): TakenOver {
    const { revocations } = this.#options;
    const before = this.#state.keys;
    revocations.takeOver(revoked);
    this.#remember(this.#loaded);
    revocations.remember(this.#retained.map(({ key }) => key));
    const refusal = loaded instanceof OidcKeyError ? loaded : this.#refusalOf(loaded as LoadedKeySet);
    if (!refusal) this.#loaded = loaded as LoadedKeySet;
    this.#change(now);
    return { changes: changesBetween(before, this.#state.keys, this.isRevoked), refusal };
  }

  letPass(now: Moment): readonly Change[] {
    const before = this.#state.keys;
    this.#change(now);
    return changesBetween(before, this.#state.keys, this.isRevoked);
  }

  get isRevoked(): (key: VerificationKey) => boolean {
    return this.#options.revocations.isRevoked;
  }

  get hasRevoked(): boolean {
    return this.#options.revocations.hasTakenEffect;
  }

  view(now: Moment): RotationView {
    const { keys, retained, lost, defaultAlgorithm } = this.#state;
    const outlook = this.#outlookAt(now);
    return {
      keys: keys.map(({ since, ...each }) => ({
        ...each,
        since: since === undefined ? this.#publishedSince.get(each.key.kid)! : onMonotonicClock(since, now),
      })),
      defaultAlgorithm,
      waiting: this.#waiting(now),
      retained,
      withoutSigner: lost.map(({ algorithm }) => algorithm),
      trusted: [],
      renamed: [],
      skipped: [...this.#loaded.warnings, ...outlook.warnings],
      unknownRevocations: this.#options.revocations.unknown(),
      nextChange: this.#nextChange(outlook, now),
    };
  }

  changesDue(now: Moment): ReadonlyMap<string, number> {
    const { changes } = this.#outlookAt(now);
    return new Map([
      ...[...changes].map(([{ kid }, instant]) => [kid, onMonotonicClock(instant, now)] as const),
      ...this.#state.retained.map(({ key, publishedUntil }) => [key.kid, publishedUntil] as const),
    ]);
  }

  #waiting(now: Moment): WaitingKey[] {
    const { figures } = this.#options.timing;
    const { keys } = this.#loaded.keySet;
    const next = new Set(this.#state.keys.flatMap(({ key, slot }) => (slot === 'next' ? key : [])));
    return keys.flatMap((each) => {
      const { verificationKey: key } = each;
      if (!key || !next.has(key)) return [];
      const instant = signingInstantOf(each, figures);
      const isHeldBack = each.nbf !== undefined && each.nbf < instant;
      const signsFrom = onMonotonicClock(instant, now);
      // That its instants are too near to each other is a warning of its own.
      return [{ key, signsFrom, isScheduled: true, isHeldBack, isSaidElsewhere: true }];
    });
  }

  #outlookAt(now: Moment): Outlook {
    const second = secondsOf(now);
    if (!this.#outlook?.holdsAt(second)) {
      const { at, seconds } = this.#state;
      this.#outlook = new Outlook(this.#derivationOf(this.#loaded), at, seconds, second);
    }
    return this.#outlook;
  }

  #nextChange({ nextChange: ofDocument }: Outlook, now: Moment): number | undefined {
    const { retained, lost } = this.#state;
    const instants = [...(ofDocument === undefined ? [] : [ofDocument]), ...lost.map(({ until }) => until)];
    const due = [
      ...instants
        .filter((instant) => Number.isFinite(instant))
        .map((instant) => onMonotonicClock(instant, now)),
      ...retained.map(({ publishedUntil }) => publishedUntil),
    ];
    return due.length > 0 ? Math.max(now.monotonic, Math.min(...due)) : undefined;
  }

  /** Whether anything of it may sign was found when it was loaded. */
  #refusalOf(loaded: LoadedKeySet): OidcKeyError | undefined {
    this.#remember(loaded);
    const published = this.#state.keys.map(({ key }) => key).filter((key) => !this.isRevoked(key));
    return reusedKidIn(loaded, published);
  }

  #remember({ keySet, lives }: LoadedKeySet): void {
    const { revocations } = this.#options;
    revocations.remember(keySet.keys);
    revocations.remember(lives.map(({ key }) => key));
  }

  #change(now: Moment): void {
    this.#state = this.#stateAt(now);
    this.#outlook = undefined;
    this.#publish(now);
  }

  /** What this process has to remember of a state. */
  #publish(now: Moment): void {
    const { at, keys } = this.#state;
    this.#promotions.remember(at, secondsOf(now));
    const before = this.#publishedSince;
    this.#publishedSince = new Map(keys.map(({ key }) => [key.kid, before.get(key.kid) ?? now.monotonic]));
  }

  #stateAt(now: Moment): State {
    const seconds = secondsOf(now);
    const derivation = this.#derivationOf(this.#loaded);
    const { keys: all } = this.#loaded.keySet;
    const at = this.#promotions.keptIn(stateAt(derivation, seconds), all, seconds);
    const ofSet = slotsOfKeySet(derivation, at, seconds);
    const kids = new Set(ofSet.map(({ key }) => key.kid));
    const previous = this.#loaded.lives.filter(({ key }) => !kids.has(key.kid) && !this.isRevoked(key));
    for (const { key } of previous) kids.add(key.kid);
    const retained = this.#retained.filter(
      ({ key, publishedUntil }) =>
        !kids.has(key.kid) && !this.isRevoked(key) && now.monotonic < publishedUntil,
    );
    const lost = lostAlgorithms(derivation, at, seconds);
    return {
      seconds,
      at,
      keys: [
        ...ofSet,
        ...[...previous, ...retained].map(
          ({ key }) => ({ key, slot: 'previous', since: undefined }) as const,
        ),
      ],
      retained,
      lost,
      defaultAlgorithm: defaultAlgorithmOf(
        at,
        lost.map(({ algorithm }) => algorithm),
        this.#options.algorithm,
      ),
    };
  }

  #derivationOf({ keySet }: LoadedKeySet): Derivation {
    const { timing, revocations } = this.#options;
    return { set: keySet, figures: timing.figures, isRevokedElsewhere: revocations.isRevoked };
  }
}

function secondsOf({ wall }: Moment): number {
  return Math.floor(wall / 1000);
}

function onMonotonicClock(seconds: number, now: Moment): number {
  return now.monotonic + seconds * 1000 - now.wall;
}
