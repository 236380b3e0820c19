import type { SigningAlgorithm } from '../core/algorithms.js';
import { OidcKeyError } from '../core/errors.js';
import type { VerificationKey } from '../core/key/verification-key.js';
import type { Lives } from '../core/ring/life.js';
import type { RevocationList } from '../core/ring/revocation-list.js';
import { changesBetween } from './changes-between.js';
import type { Moment } from './clock.js';
import { KeyLives } from './key-lives.js';
import { KeySetLives } from './key-set-lives.js';
import type { LoadedKeySet, RetainedKey } from './key-set-lives.js';
import type { LivesOfKeys, TakenOver } from './lives-of-keys.js';
import { reusedKidIn } from './refusal.js';
import { Revocations } from './revocations.js';
import type { Change } from './rotation-event.js';
import type { RotationView } from './rotation-view.js';
import type { RotationTiming } from './timing.js';

/** What the lives of keys depend on beside what was loaded. */
export interface LivesOptions {
  readonly timing: RotationTiming;
  /** The option "algorithm". */
  readonly algorithm: SigningAlgorithm | undefined;
}

/**
 * The lives of keys whose instants come from slots and a schedule, or from a key set, and from the one after the other:
 * a rotation makes a key set of a plain key.
 */
export class LivesInService implements LivesOfKeys {
  readonly #options: LivesOptions;
  readonly #revocations = new Revocations();
  #lives: KeyLives | KeySetLives;

  /** @throws OidcKeyError `OIDC_KEY_NONE_TO_SIGN` */
  constructor(loaded: Lives, revoked: RevocationList, now: Moment, options: LivesOptions) {
    this.#options = options;
    if (!isKeySet(loaded)) {
      this.#lives = new KeyLives(loaded, revoked, now, options.timing, this.#revocations);
      return;
    }
    this.#revocations.takeOver(revoked);
    this.#lives = this.#livesOfKeySet(loaded, now);
  }

  takeOver(revoked: RevocationList, loaded: Lives | OidcKeyError, now: Moment): TakenOver {
    const lives = this.#lives;
    if (loaded instanceof OidcKeyError || isKeySet(loaded) === lives instanceof KeySetLives) {
      return lives.takeOver(revoked, loaded, now);
    }
    return lives instanceof KeySetLives
      ? this.#toPlain(lives, revoked, loaded, now)
      : this.#toKeySet(lives, revoked, loaded as LoadedKeySet, now);
  }

  letPass(now: Moment): readonly Change[] {
    return this.#lives.letPass(now);
  }

  view(now: Moment): RotationView {
    return this.#lives.view(now);
  }

  changesDue(now: Moment): ReadonlyMap<string, number> {
    return this.#lives.changesDue(now);
  }

  readonly isRevoked = (key: VerificationKey): boolean => this.#revocations.isRevoked(key);

  get hasRevoked(): boolean {
    return this.#revocations.hasTakenEffect;
  }

  /** What was published and is not in the key set stays for its retention. */
  #toKeySet(lives: KeyLives, revoked: RevocationList, loaded: LoadedKeySet, now: Moment): TakenOver {
    const before = lives.view(now).keys;
    const changes = lives.revoke(revoked, now);
    const view = lives.view(now);
    const refusal = reusedKidIn(
      loaded,
      view.keys.map(({ key }) => key),
    );
    if (refusal) return { changes, refusal };
    const next = this.#livesOfKeySet(loaded, now, this.#retainedOf(view, loaded, now));
    this.#lives = next;
    return { changes: changesBetween(before, next.view(now).keys, this.isRevoked), refusal: undefined };
  }

  #toPlain(lives: KeySetLives, revoked: RevocationList, loaded: Lives, now: Moment): TakenOver {
    const { timing } = this.#options;
    const next = KeyLives.after(lives.view(now), loaded, this.#revocations, now, timing);
    const taken = next.takeOver(revoked, loaded, now);
    if (taken.refusal) return lives.takeOver(revoked, taken.refusal, now);
    this.#lives = next;
    return taken;
  }

  #livesOfKeySet(loaded: LoadedKeySet, now: Moment, retained: readonly RetainedKey[] = []): KeySetLives {
    return new KeySetLives(loaded, now, { ...this.#options, revocations: this.#revocations, retained });
  }

  #retainedOf(view: RotationView, { keySet }: LoadedKeySet, now: Moment): readonly RetainedKey[] {
    const known = new Set(keySet.keys.map(({ kid }) => kid));
    const ends = new Map(view.retained.map(({ key, publishedUntil }) => [key.kid, publishedUntil]));
    const end = now.monotonic + this.#options.timing.retention;
    return view.keys
      .filter(({ key }) => !known.has(key.kid))
      .map(({ key }) => ({ key, publishedUntil: ends.get(key.kid) ?? end }));
  }
}

function isKeySet(loaded: Lives): loaded is LoadedKeySet {
  return loaded.keySet !== undefined;
}
