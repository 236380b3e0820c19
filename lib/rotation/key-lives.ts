import { algorithms } from '../core/algorithms.js';
import type { Algorithm } from '../core/algorithms.js';
import { OidcKeyError } from '../core/errors.js';
import type { SigningKey } from '../core/key/signing-key.js';
import type { VerificationKey } from '../core/key/verification-key.js';
import { noneLeft } from '../core/ring/check-lives.js';
import { withoutRevoked } from '../core/ring/life.js';
import type { Life, Lives } from '../core/ring/life.js';
import type { RevocationList } from '../core/ring/revocation-list.js';
import type { Moment } from './clock.js';
import { KnownKeys } from './known-keys.js';
import type { LivesOfKeys, TakenOver } from './lives-of-keys.js';
import { isPublished, maySign } from './known-life.js';
import type { KnownLife } from './known-life.js';
import { refusalOf } from './refusal.js';
import { Revocations } from './revocations.js';
import type { Change } from './rotation-event.js';
import { changesDueIn, keysIn, viewOf } from './rotation-view.js';
import type { RotationState, RotationView } from './rotation-view.js';
import type { Timing } from './timing.js';
import { WantedLives } from './wanted-lives.js';

/**
 * The lives of all keys. Configuration and schedule say what is wanted; this says what is safe: a key signs only when
 * relying parties can know it, and stays published until the tokens that it signed have expired.
 *
 * `takeOver` and `letPass` change it, and return what happened. Everything else is a question.
 */
export class KeyLives implements LivesOfKeys {
  readonly #timing: Timing;
  readonly #known = new KnownKeys();
  readonly #signing = new Map<Algorithm, SigningKey>();
  readonly #wanted = new WantedLives(
    (kid) => this.#isSigning(kid),
    ({ key }) => this.#bereft.has(key.algorithm) || this.#standIns.has(key.kid),
  );
  readonly #revocations: Revocations;
  /** Algorithms whose key was revoked: what replaces it need not wait. */
  readonly #bereft = new Set<Algorithm>();
  /** Kids of keys that started to sign in place of a revoked one: that is not undone. */
  readonly #standIns = new Set<string>();
  /** What signs by default. It stays while another key stands in for its own. */
  #defaultAlgorithm: Algorithm;
  #loaded: Lives;

  /**
   * A boot trusts slots and schedule, so that every replica that boots agrees with the others.
   *
   * @throws OidcKeyError `OIDC_KEY_NONE_TO_SIGN` where every key of an algorithm is revoked
   */
  constructor(
    loaded: Lives,
    revoked: RevocationList,
    now: Moment,
    timing: Timing,
    revocations = new Revocations(),
  ) {
    this.#timing = timing;
    this.#revocations = revocations;
    this.#loaded = loaded;
    this.#defaultAlgorithm = loaded.defaultAlgorithm;
    this.#revocations.takeOver(revoked);
    this.#replace(loaded);
    for (const { key, slot } of loaded.lives) {
      if (slot === 'current' && this.isRevoked(key)) this.#bereft.add(key.algorithm);
    }
    const { lives, schedule } = this.#wanted;
    this.#known.publish(lives, now);
    schedule.trust(lives, now);
    schedule.letPass(lives, now);
    for (const algorithm of algorithms) {
      const life = this.#wanted.for(algorithm);
      if (life) this.#sign(life, now);
    }
    if (this.#withoutSigner().length > 0) throw noneLeft();
    // Another process may have signed with a previous key until this one booted.
    for (const { key, slot } of lives) if (slot === 'previous') this.#known.stopSigning(key.kid, now);
  }

  /**
   * The lives of keys that a key set had until now: what signs goes on until another one may, and everything else stays
   * for its retention.
   */
  static after(
    view: RotationView,
    loaded: Lives,
    revocations: Revocations,
    now: Moment,
    timing: Timing,
  ): KeyLives {
    const lives = view.keys.map(({ key, signer, slot }): Life =>
      slot === 'current' ? { key, signer, slot } : { key, slot: 'previous' },
    );
    const { defaultAlgorithm = loaded.defaultAlgorithm } = view;
    const published = { lives, defaultAlgorithm, nextStandsIn: false, warnings: [] };
    const after = new KeyLives(published, revocations.list, now, timing, revocations);
    for (const algorithm of view.withoutSigner) after.#bereft.add(algorithm);
    return after;
  }

  /**
   * Takes over what a source has now. A revocation takes effect whatever else is wrong; the rest does as a whole, or not
   * at all. What configuration no longer names stays until its retention has passed.
   */
  takeOver(revoked: RevocationList, loaded: Lives | OidcKeyError, now: Moment): TakenOver {
    const before = this.#known.kids();
    this.#revocations.takeOver(revoked);
    // What is refused is known all the same, so that nobody is told that a revocation of it does nothing.
    if (!(loaded instanceof OidcKeyError)) this.#revocations.remember(loaded.lives.map(({ key }) => key));
    const changes = this.#revoke(now);
    const refusal = loaded instanceof OidcKeyError ? loaded : refusalOf(loaded, this.#known, this.isRevoked);
    if (!refusal) changes.push(...this.#configure(loaded as Lives, now));
    return { changes: [...this.#publishedSince(before), ...changes], refusal };
  }

  /** Takes over revocations alone. */
  revoke(revoked: RevocationList, now: Moment): readonly Change[] {
    this.#revocations.takeOver(revoked);
    return this.#revoke(now);
  }

  /** Lets time pass: promotions, and the end of retention. */
  letPass(now: Moment): Change[] {
    this.#wanted.letPass(now);
    const changes = algorithms.flatMap((algorithm) => this.#promote(algorithm, now));
    this.#dropUnwanted(now);
    for (const { key } of this.#known.all()) {
      if (this.#wanted.kids.has(key.kid) || isPublished(this.#lifeOf(key.kid), now)) continue;
      this.#known.forget(key.kid);
      changes.push({ type: 'retired', kid: key.kid });
    }
    return changes;
  }

  readonly isRevoked = (key: VerificationKey): boolean => this.#revocations.isRevoked(key);

  /** Whether a key of this process was revoked, and its revocation still holds. */
  get hasRevoked(): boolean {
    return this.#revocations.hasTakenEffect;
  }

  /** How all keys are. */
  view(now: Moment): RotationView {
    return viewOf(this.#state(), now);
  }

  changesDue(now: Moment): ReadonlyMap<string, number> {
    return changesDueIn(this.view(now));
  }

  #state(): RotationState {
    return {
      loaded: this.#loaded,
      defaultAlgorithm: this.#defaultAlgorithm,
      wanted: this.#wanted,
      known: this.#known,
      signing: this.#signing,
      withoutSigner: this.#withoutSigner(),
      unknownRevocations: this.#revocations.unknown(),
      lifeOf: (kid, life) => this.#lifeOf(kid, life),
    };
  }

  /** Removes revoked keys at once, and promotes what can replace them. */
  #revoke(now: Moment): Change[] {
    if (this.#revocations.isEmpty) return [];
    const known = this.#known.all().map(({ key }) => key);
    this.#revocations.remember([...known, ...this.#loaded.lives.map(({ key }) => key)]);
    const revoked = known.filter(this.isRevoked);
    if (revoked.length === 0) return [];
    this.#replace(this.#loaded);
    for (const { kid } of revoked) this.#known.forget(kid);
    for (const [algorithm, { key }] of this.#signing) {
      if (!this.isRevoked(key)) continue;
      this.#signing.delete(algorithm);
      this.#bereft.add(algorithm);
    }
    return [...revoked.map(({ kid }): Change => ({ type: 'revoked', kid })), ...this.letPass(now)];
  }

  #configure(loaded: Lives, now: Moment): Change[] {
    const before = this.#wanted.kids;
    this.#replace(loaded);
    this.#revocations.forgetAllBut(loaded.lives.map(({ key }) => key));
    const { lives, kids } = this.#wanted;
    const able = [...loaded.lives, ...lives].filter(({ slot }) => slot !== 'previous');
    for (const algorithm of this.#bereft) {
      if (!able.some(({ key }) => key.algorithm === algorithm)) this.#bereft.delete(algorithm);
    }
    const standsInByDefault = this.#wanted.for(this.#defaultAlgorithm)?.slot === 'next';
    if (!standsInByDefault || this.#namesCurrent(this.#defaultAlgorithm)) {
      this.#defaultAlgorithm = loaded.defaultAlgorithm;
    }
    this.#known.publish(lives, now);
    // A key that waits here may sign in a process that booted meanwhile.
    for (const { key } of this.#wanted.toSign()) this.#known.maySignElsewhere(key.kid);
    for (const kid of before) {
      // A next key that vanished may have signed elsewhere until now.
      if (!kids.has(kid) && !this.#isSigning(kid)) this.#known.stopSigning(kid, now);
    }
    return this.letPass(now);
  }

  #namesCurrent(algorithm: Algorithm): boolean {
    return this.#loaded.lives.some(({ key, slot }) => slot === 'current' && key.algorithm === algorithm);
  }

  #replace(loaded: Lives): void {
    this.#revocations.remember(loaded.lives.map(({ key }) => key));
    this.#loaded = loaded;
    this.#wanted.replace(withoutRevoked(loaded, this.isRevoked));
  }

  #promote(algorithm: Algorithm, now: Moment): Change[] {
    const before = this.#signing.get(algorithm);
    const life = this.#wanted.for(algorithm);
    if (!life) return [];
    const { kid, alg } = life.key;
    if (kid === before?.key.kid) {
      this.#signing.set(algorithm, signingKeyIn(life));
      return [];
    }
    if (!maySign(this.#lifeOf(kid, life), now)) return [];
    this.#sign(life, now);
    if (before) this.#stop(before.key.kid, now);
    return [{ type: 'promoted', kid, algorithm: alg, replaced: before?.key.kid }];
  }

  /**
   * A key waits until relying parties can know it, unless nothing signs in its place: a key that is not known everywhere
   * is better than none.
   */
  #mustWait({ key: { algorithm } }: Life): boolean {
    const isReplacing = this.#bereft.has(algorithm) && !this.#signing.has(algorithm);
    return this.#signing.size > 0 && !isReplacing;
  }

  /** An algorithm that configuration no longer has signs on until everything that it has can sign. */
  #dropUnwanted(now: Moment): void {
    const wanted = algorithms.filter((algorithm) => this.#wanted.for(algorithm));
    if (wanted.length === 0 || this.#wanted.toSign().length > 0) return;
    for (const [algorithm, { key }] of this.#signing) {
      if (wanted.includes(algorithm)) continue;
      this.#signing.delete(algorithm);
      this.#stop(key.kid, now);
    }
  }

  #stop(kid: string, now: Moment): void {
    this.#standIns.delete(kid);
    // What configuration calls next may sign in a process that boots from now on.
    if (!this.#wanted.next().some(({ key }) => key.kid === kid)) this.#known.stopSigning(kid, now);
  }

  #sign(life: Life, now: Moment): void {
    this.#signing.set(life.key.algorithm, signingKeyIn(life));
    if (this.#bereft.delete(life.key.algorithm)) this.#standIns.add(life.key.kid);
    this.#known.startSigning(life.key.kid, now);
  }

  #isSigning(kid: string): boolean {
    for (const { key } of this.#signing.values()) if (key.kid === kid) return true;
    return false;
  }

  #withoutSigner(): Algorithm[] {
    return [...this.#bereft].filter((algorithm) => !this.#signing.has(algorithm));
  }

  /** The life of a published key; with what configuration says of it, a schedule that a boot trusted counts. */
  #lifeOf(kid: string, life?: Life): KnownLife {
    const { publishedSince, stoppedAt = 0 } = this.#known.get(kid)!;
    const maySignAtOnce =
      life !== undefined && (this.#wanted.schedule.isTrusted(life) || !this.#mustWait(life));
    const isNeeded = this.#wanted.kids.has(kid) || this.#isSigning(kid);
    return {
      publishedSince,
      signsFrom: maySignAtOnce ? publishedSince : publishedSince + this.#timing.propagation,
      publishedUntil: isNeeded ? undefined : stoppedAt + this.#timing.retention,
    };
  }

  #publishedSince(before: ReadonlySet<string>): Change[] {
    if (this.#known.all().every(({ key }) => before.has(key.kid))) return [];
    return keysIn(this.#state())
      .filter(({ key }) => !before.has(key.kid))
      .map(({ key, slot }) => ({ type: 'published', kid: key.kid, algorithm: key.alg, slot }));
  }
}

/** Configuration cannot name a key as current or next without its signer. */
function signingKeyIn({ key, signer }: Life): SigningKey {
  return { key, signer: signer! };
}
