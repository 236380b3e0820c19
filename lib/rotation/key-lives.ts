import { algorithms } from '../core/algorithms.js';
import type { Algorithm } from '../core/algorithms.js';
import { OidcKeyError } from '../core/errors.js';
import type { SigningKey } from '../core/key/signing-key.js';
import type { VerificationKey } from '../core/key/verification-key.js';
import { noneLeft } from '../core/ring/check-lives.js';
import { defaultAlgorithmAmong } from '../core/ring/default-algorithm.js';
import { withoutRevoked } from '../core/ring/life.js';
import type { KeyInSlot, Life, Lives } from '../core/ring/life.js';
import type { RevocationList } from '../core/ring/revocation-list.js';
import type { Moment } from './clock.js';
import { Revocations } from './revocations.js';
import type { Change } from './rotation-event.js';
import type { RotationView, WaitingKey } from './rotation-view.js';
import { isScheduled, Schedule } from './schedule.js';
import type { Timing } from './timing.js';

/** What this process has seen of a key. Instants are monotonic, in milliseconds. */
interface Seen {
  key: VerificationKey;
  readonly publishedSince: number;
  signedSince?: number;
  /** When it stopped signing, as far as this process can know; undefined while it may sign. */
  stoppedAt?: number;
}

// The two clocks are read one after the other, so that instants that are the same differ a little.
const aSecond = 1_000;

/**
 * The lives of all keys. Configuration and schedule say what is wanted; this says what is safe: a key signs only when
 * relying parties can know it, and stays published until the tokens that it signed have expired.
 *
 * `takeOver` and `letPass` change it, and return what happened. Everything else is a question.
 */
export class KeyLives {
  readonly #timing: Timing;
  readonly #seen = new Map<string, Seen>();
  readonly #signing = new Map<Algorithm, SigningKey>();
  readonly #schedule = new Schedule();
  readonly #revocations = new Revocations();
  /** Algorithms whose key was revoked: what replaces it need not wait. */
  readonly #bereft = new Set<Algorithm>();
  #loaded: Lives;
  /** What was loaded and is not revoked. */
  #lives: readonly Life[] = [];
  /** The kids of these, which are asked for often. */
  #configured: ReadonlySet<string> = new Set();

  /**
   * A boot trusts slots and schedule, so that every replica that boots agrees with the others.
   *
   * @throws OidcKeyError `OIDC_KEY_NONE_TO_SIGN` where every key of an algorithm is revoked
   */
  constructor(loaded: Lives, revoked: RevocationList, now: Moment, timing: Timing) {
    this.#timing = timing;
    this.#loaded = loaded;
    this.#revocations.takeOver(revoked);
    this.#replaceLives(loaded);
    for (const { key, slot } of loaded.lives) {
      if (slot === 'current' && this.isRevoked(key)) this.#bereft.add(key.algorithm);
    }
    this.#publish(now);
    this.#schedule.trust(this.#lives, now);
    this.#schedule.letPass(this.#lives, now);
    for (const algorithm of algorithms) {
      const life = this.#wanted(algorithm);
      if (life) this.#sign(life, now);
    }
    if (this.#withoutSigner().length > 0) throw noneLeft();
    // Another process may have signed with a previous key until this one booted.
    for (const { key, slot } of this.#lives) if (slot === 'previous') this.#stop(key.kid, now);
  }

  /**
   * Takes over what a source has now. A revocation takes effect whatever else is wrong; the rest does as a whole, or not
   * at all. What configuration no longer names stays until its retention has passed.
   */
  takeOver(
    revoked: RevocationList,
    loaded: Lives | OidcKeyError,
    now: Moment,
  ): { readonly changes: readonly Change[]; readonly refusal: OidcKeyError | undefined } {
    const published = new Set(this.#seen.keys());
    this.#revocations.takeOver(revoked);
    const changes = this.#revoke(now);
    const refusal = loaded instanceof OidcKeyError ? loaded : this.#refusalOf(loaded);
    if (!refusal) changes.push(...this.#configure(loaded as Lives, now));
    const isNew = ({ key }: KeyInSlot) => !published.has(key.kid);
    const news = this.keys()
      .filter(isNew)
      .map(({ key, slot }): Change => ({ type: 'published', kid: key.kid, algorithm: key.alg, slot }));
    return { changes: [...news, ...changes], refusal };
  }

  /** Lets time pass: promotions, and the end of retention. */
  letPass(now: Moment): Change[] {
    this.#schedule.letPass(this.#lives, now);
    const changes = algorithms.flatMap((algorithm) => this.#promote(algorithm, now));
    this.#dropUnwanted(now);
    for (const { key, publishedUntil } of this.#retained()) {
      if (now.monotonic < publishedUntil) continue;
      this.#seen.delete(key.kid);
      changes.push({ type: 'retired', kid: key.kid });
    }
    return changes;
  }

  readonly isRevoked = (key: VerificationKey): boolean => this.#revocations.isRevoked(key);

  /** The keys of all slots, of which a ring is made. */
  keys(): KeyInSlot[] {
    const current = [...this.#signing.values()].map((each): KeyInSlot => ({ ...each, slot: 'current' }));
    const isPending = ({ key, slot }: Life) =>
      slot === 'next' || (slot === 'current' && this.#wanted(key.algorithm)?.key.kid === key.kid);
    const pending = this.#lives.filter((life) => isPending(life) && !this.#isSigning(life.key.kid));
    // What configuration calls next comes first.
    const next = pending
      .toSorted((a, b) => Number(b.slot === 'next') - Number(a.slot === 'next'))
      .map(({ key }): KeyInSlot => ({ key, slot: 'next' }));
    const elsewhere = new Set([...current, ...next].map(({ key }) => key.kid));
    const previous = [...this.#seen.values()]
      .filter(({ key }) => !elsewhere.has(key.kid))
      .toSorted((a, b) => (b.stoppedAt ?? 0) - (a.stoppedAt ?? 0))
      .map(({ key }): KeyInSlot => ({ key, slot: 'previous' }));
    return [...current, ...next, ...previous];
  }

  view(now: Moment): RotationView {
    const waiting = this.#waiting(now);
    const retained = this.#retained();
    const due = [
      ...waiting.map(({ signsFrom }) => signsFrom),
      ...retained.map(({ publishedUntil }) => publishedUntil),
    ];
    return {
      keys: this.keys().map((each) => ({ ...each, since: this.#since(each.key.kid) })),
      defaultAlgorithm: this.#defaultAlgorithm(),
      waiting,
      retained,
      withoutSigner: this.#withoutSigner(),
      trusted: this.#trusted(),
      renamed: this.#renamed(),
      skipped: this.#loaded.warnings,
      unknownRevocations: this.#revocations.unknown(),
      nextChange: due.length > 0 ? Math.max(now.monotonic, Math.min(...due)) : undefined,
    };
  }

  /** Removes revoked keys at once, and promotes what can replace them. */
  #revoke(now: Moment): Change[] {
    const seen = [...this.#seen.values()].map(({ key }) => key);
    this.#revocations.remember([...seen, ...this.#loaded.lives.map(({ key }) => key)]);
    const revoked = seen.filter(this.isRevoked);
    if (revoked.length === 0) return [];
    this.#replaceLives(this.#loaded);
    for (const { kid } of revoked) this.#seen.delete(kid);
    for (const [algorithm, { key }] of this.#signing) {
      if (!this.isRevoked(key)) continue;
      this.#signing.delete(algorithm);
      this.#bereft.add(algorithm);
    }
    return [...revoked.map(({ kid }): Change => ({ type: 'revoked', kid })), ...this.letPass(now)];
  }

  #refusalOf(loaded: Lives): OidcKeyError | undefined {
    for (const { key } of loaded.lives) {
      const known = this.#seen.get(key.kid);
      if (known && known.key.publicJson !== key.publicJson) return reusedKid(key, known.key);
    }
    const left = withoutRevoked(loaded, this.isRevoked);
    return left.some(({ slot }) => slot === 'current') ? undefined : noneLeft();
  }

  #configure(loaded: Lives, now: Moment): Change[] {
    const before = this.#configured;
    this.#replaceLives(loaded);
    this.#revocations.forgetAllBut(loaded.lives.map(({ key }) => key));
    const named = [...loaded.lives, ...this.#lives].filter(({ slot }) => slot === 'current');
    for (const algorithm of this.#bereft) {
      if (!named.some(({ key }) => key.algorithm === algorithm)) this.#bereft.delete(algorithm);
    }
    this.#publish(now);
    for (const kid of before) {
      // A next key that vanished may have signed elsewhere until now.
      if (!this.#configured.has(kid) && !this.#isSigning(kid)) this.#stop(kid, now);
    }
    return this.letPass(now);
  }

  #replaceLives(loaded: Lives): void {
    this.#revocations.remember(loaded.lives.map(({ key }) => key));
    this.#loaded = loaded;
    this.#lives = withoutRevoked(loaded, this.isRevoked);
    this.#configured = new Set(this.#lives.map(({ key }) => key.kid));
  }

  #promote(algorithm: Algorithm, now: Moment): Change[] {
    const before = this.#signing.get(algorithm);
    const life = this.#wanted(algorithm);
    if (!life) return [];
    if (life.key.kid === before?.key.kid) {
      this.#signing.set(algorithm, signingKeyIn(life));
      return [];
    }
    // Where nothing signs at all, a key that is not known everywhere is better than none.
    const isReplacing = !before && this.#bereft.has(algorithm);
    const mustWait = !isReplacing && this.#signing.size > 0;
    if (mustWait && now.monotonic < this.#signsFrom(life)) return [];
    this.#sign(life, now);
    if (before) this.#stop(before.key.kid, now);
    const { kid, alg } = life.key;
    return [{ type: 'promoted', kid, algorithm: alg, replaced: before?.key.kid }];
  }

  /** An algorithm that configuration no longer has signs on until everything that it has can sign. */
  #dropUnwanted(now: Moment): void {
    const wanted = algorithms.filter((algorithm) => this.#wanted(algorithm));
    if (wanted.length === 0 || this.#toSign().length > 0) return;
    for (const [algorithm, { key }] of this.#signing) {
      if (wanted.includes(algorithm)) continue;
      this.#signing.delete(algorithm);
      this.#stop(key.kid, now);
    }
  }

  /** The life that configuration and schedule want to sign. */
  #wanted(algorithm: Algorithm): Life | undefined {
    const first = (wanted: Life['slot']) =>
      this.#lives.find(({ key, slot }) => slot === wanted && key.algorithm === algorithm);
    const next = first('next');
    return next && this.#isDue(next) ? next : first('current');
  }

  /** A scheduled key that signs, before its instant too, goes on: a promotion is not undone. */
  #isDue(life: Life): boolean {
    return isScheduled(life) && (this.#schedule.hasCome(life) || this.#isSigning(life.key.kid));
  }

  /** Lives that are wanted to sign and do not yet. */
  #toSign(): Life[] {
    return algorithms
      .flatMap((algorithm) => this.#wanted(algorithm) ?? [])
      .filter(({ key }) => !this.#isSigning(key.kid));
  }

  /** The earliest safe instant. */
  #signsFrom(life: Life): number {
    const { publishedSince } = this.#seen.get(life.key.kid)!;
    return this.#schedule.isTrusted(life) ? publishedSince : publishedSince + this.#timing.propagation;
  }

  #waiting(now: Moment): WaitingKey[] {
    const wanted = this.#toSign().map((life) => this.#waitingKey(life, now.monotonic, now));
    const scheduled = this.#lives
      .filter(isScheduled)
      .filter((life) => !this.#isDue(life))
      .map((life) => this.#waitingKey(life, now.monotonic + life.signsFrom - now.wall, now));
    return [...wanted, ...scheduled];
  }

  #waitingKey(life: Life, wantedFrom: number, now: Moment): WaitingKey {
    const safeFrom = this.#signsFrom(life);
    const scheduledFrom = isScheduled(life) ? now.monotonic + life.signsFrom - now.wall : undefined;
    return {
      key: life.key,
      signsFrom: Math.max(scheduledFrom === undefined || this.#isDue(life) ? safeFrom : wantedFrom, safeFrom),
      isScheduled: scheduledFrom !== undefined,
      isHeldBack: scheduledFrom === undefined || scheduledFrom < safeFrom - aSecond,
    };
  }

  #publish(now: Moment): void {
    for (const { key, slot } of this.#lives) {
      const seen = this.#seen.get(key.kid);
      if (seen) seen.key = key;
      else this.#seen.set(key.kid, { key, publishedSince: now.monotonic });
      if (slot === 'next') delete this.#seen.get(key.kid)?.stoppedAt;
    }
  }

  #retained(): { key: VerificationKey; publishedUntil: number }[] {
    return [...this.#seen.values()]
      .filter(({ key }) => !this.#configured.has(key.kid) && !this.#isSigning(key.kid))
      .map(({ key, stoppedAt = 0 }) => ({ key, publishedUntil: stoppedAt + this.#timing.retention }));
  }

  #sign(life: Life, now: Moment): void {
    const { algorithm, kid } = life.key;
    this.#signing.set(algorithm, signingKeyIn(life));
    this.#bereft.delete(algorithm);
    const seen = this.#seen.get(kid);
    if (!seen) return;
    seen.signedSince = now.monotonic;
    delete seen.stoppedAt;
  }

  #stop(kid: string, now: Moment): void {
    const seen = this.#seen.get(kid);
    if (seen) seen.stoppedAt ??= now.monotonic;
  }

  #since(kid: string): number {
    const { publishedSince = 0, signedSince, stoppedAt } = this.#seen.get(kid) ?? {};
    return stoppedAt ?? (this.#isSigning(kid) ? signedSince : undefined) ?? publishedSince;
  }

  #isSigning(kid: string): boolean {
    for (const { key } of this.#signing.values()) if (key.kid === kid) return true;
    return false;
  }

  #withoutSigner(): Algorithm[] {
    return [...this.#bereft].filter((algorithm) => !this.#signing.has(algorithm));
  }

  /** After a revocation nothing turns to another algorithm; while a key waits, the one before it signs. */
  #defaultAlgorithm(): Algorithm | undefined {
    const { defaultAlgorithm } = this.#loaded;
    if (this.#signing.has(defaultAlgorithm) || this.#bereft.has(defaultAlgorithm)) return defaultAlgorithm;
    const signing = algorithms.filter((algorithm) => this.#signing.has(algorithm));
    return defaultAlgorithmAmong(signing, undefined) ?? signing[0];
  }

  #trusted(): { key: VerificationKey; signsFrom: number }[] {
    return this.#lives
      .filter(isScheduled)
      .filter((life) => this.#schedule.cameBeforeBoot(life) && this.#isSigning(life.key.kid))
      .map(({ key, signsFrom }) => ({ key, signsFrom }));
  }

  #renamed(): { key: VerificationKey; formerly: string }[] {
    const retained = new Map(this.#retained().map(({ key }) => [key.thumbprint, key.kid]));
    return this.#lives.flatMap(({ key }) => {
      const formerly = retained.get(key.thumbprint);
      return formerly === undefined ? [] : { key, formerly };
    });
  }
}

/** Configuration cannot name a key as current or next without its signer. */
function signingKeyIn({ key, signer }: Life): SigningKey {
  return { key, signer: signer! };
}

/** A kid names one key for as long as it is published: relying parties have it in their caches. */
function reusedKid(key: VerificationKey, known: VerificationKey): OidcKeyError {
  const defect =
    key.thumbprint === known.thumbprint
      ? `is published as ${known.alg}, and now comes as ${key.alg} under the same kid`
      : 'is another key under a kid that is still published';
  return new OidcKeyError(
    'OIDC_KEY_DUPLICATE_KID',
    `${key.where} ${defect}. Give it a kid of its own; without one it gets its thumbprint.`,
  );
}
