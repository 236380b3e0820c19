import { signingAlgorithms } from '../core/algorithms.js';
import type { SigningAlgorithm } from '../core/algorithms.js';
import { OidcKeyError } from '../core/errors.js';
import { SigningKey } from '../core/key/signing-key.js';
import type { Slots } from '../core/ring/slots.js';
import type { VerificationKey } from '../core/key/verification-key.js';
import type { Clock } from './clock.js';
import { keyFor, withoutRevoked } from './plan.js';
import type { Plan } from './plan.js';
import type { Change } from './rotation-event.js';
import { Schedule } from './schedule.js';
import type { Timing } from './timing.js';

/** What is remembered of a key while the process lives. Times are monotonic. */
interface Memory {
  key: VerificationKey;
  readonly publishedAt: number;
  /** When it started to sign. */
  signedAt?: number;
  /** When it stopped to sign, as far as this process can know; undefined while it may sign. */
  stoppedAt?: number;
}

/**
 * Which key is in which slot, now. Configuration and schedule say what is wanted; this says what is safe: a key
 * signs only when relying parties can know it, and stays published until the tokens that it signed have expired.
 */
export class RotationState {
  readonly #clock: Clock;
  readonly #timing: Timing;
  readonly #memory = new Map<string, Memory>();
  readonly #signing = new Map<SigningAlgorithm, SigningKey>();
  readonly #schedule: Schedule;
  /** Algorithms whose key was revoked: what replaces it need not wait. */
  readonly #bereft = new Set<SigningAlgorithm>();
  #revoked: ReadonlySet<string>;
  #plan: Plan;
  /** The kids of the plan, which is asked for them often. */
  #configured: ReadonlySet<string>;

  /** A boot trusts slots and schedule, so that every replica that boots agrees with the others. */
  constructor(plan: Plan, revoked: ReadonlySet<string>, clock: Clock, timing: Timing) {
    this.#clock = clock;
    this.#timing = timing;
    this.#schedule = new Schedule(clock);
    this.#revoked = revoked;
    this.#plan = withoutRevoked(plan, revoked);
    this.#configured = kidsOf(this.#plan);
    for (const key of plan.current) if (revoked.has(key.kid)) this.#bereft.add(key.algorithm);
    this.#publish();
    this.#schedule.trust(this.#plan);
    for (const algorithm of signingAlgorithms) {
      const key = this.#wanted(algorithm);
      if (!key) continue;
      this.#sign(key);
      this.#bereft.delete(algorithm);
    }
    // Another process may have signed with a previous key until this one booted.
    for (const { kid } of this.#plan.previous) this.#stop(kid);
  }

  /** Takes over new configuration. What it no longer names stays until its retention has passed. */
  configure(plan: Plan): Change[] {
    const before = this.#configured;
    this.#plan = withoutRevoked(plan, this.#revoked);
    this.#configured = kidsOf(this.#plan);
    for (const algorithm of this.#bereft) {
      if (!keyFor(plan.current, algorithm)) this.#bereft.delete(algorithm);
    }
    this.#publish();
    for (const kid of before) {
      // A next key that vanished may have signed elsewhere until now.
      if (!this.#configured.has(kid) && !this.#isSigning(kid)) this.#stop(kid);
    }
    return this.advance();
  }

  /**
   * A kid names one key for as long as it is published: relying parties have it in their caches.
   *
   * @throws OidcKeyError `OIDC_KEY_DUPLICATE_KID`
   */
  refuseReusedKids(plan: Plan): void {
    for (const key of [...plan.current, ...plan.next, ...plan.previous]) {
      const known = this.#memory.get(key.kid);
      if (known && known.key.publicJson !== key.publicJson) {
        throw new OidcKeyError(
          'OIDC_KEY_DUPLICATE_KID',
          `${key.where} is another key under a kid that is still published. Give it a kid of its own; without one it ` +
            'gets its thumbprint.',
        );
      }
    }
  }

  /** Removes revoked keys at once, and promotes what can replace them. */
  revoke(revoked: ReadonlySet<string>): Change[] {
    const isNew = [...revoked].some((kid) => !this.#revoked.has(kid));
    this.#revoked = revoked;
    if (!isNew) return [];
    this.#plan = withoutRevoked(this.#plan, revoked);
    this.#configured = kidsOf(this.#plan);
    const changes: Change[] = [];
    for (const kid of [...this.#memory.keys()].filter((each) => revoked.has(each))) {
      this.#memory.delete(kid);
      changes.push({ type: 'revoked', kid });
    }
    for (const [algorithm, { kid }] of this.#signing) {
      if (!revoked.has(kid)) continue;
      this.#signing.delete(algorithm);
      this.#bereft.add(algorithm);
    }
    return [...changes, ...this.advance()];
  }

  /** Does what has become due: promotions, and the end of retention. */
  advance(): Change[] {
    const changes = signingAlgorithms.flatMap((algorithm) => this.#promote(algorithm));
    this.#dropUnwanted();
    const now = this.#clock.monotonic();
    for (const [kid, goesAt] of this.#kept()) {
      if (now < goesAt) continue;
      this.#memory.delete(kid);
      changes.push({ type: 'retired', kid });
    }
    return changes;
  }

  /** The slots to build a ring from. */
  slots(): Slots {
    const current = [...this.#signing.values()];
    const pending = this.#plan.current.filter((key) => this.#wanted(key.algorithm)?.kid === key.kid);
    const next = [...this.#plan.next, ...pending].filter(({ kid }) => !this.#isSigning(kid));
    const elsewhere = new Set([...current, ...next].map(({ kid }) => kid));
    const previous = [...this.#memory.values()]
      .filter(({ key }) => !elsewhere.has(key.kid))
      .toSorted((a, b) => (b.stoppedAt ?? 0) - (a.stoppedAt ?? 0));
    return { current, next, previous: previous.map(({ key }) => key) };
  }

  /** Since when (monotonic) a key is in the slot that it is in. */
  since(kid: string): number {
    const { publishedAt = 0, signedAt, stoppedAt } = this.#memory.get(kid) ?? {};
    return stoppedAt ?? (this.#isSigning(kid) ? signedAt : undefined) ?? publishedAt;
  }

  /** Keys that wait to sign, with the earliest safe instant (monotonic). */
  pending(): { key: SigningKey; signsAt: number }[] {
    const waiting = this.#waiting().map((key) => ({ key, signsAt: this.#signsAt(key) }));
    const scheduled = this.#plan.next.flatMap((key) => {
      const scheduledAt = this.scheduledAt(key.kid);
      if (scheduledAt === undefined || this.#isDue(key.kid)) return [];
      return { key, signsAt: Math.max(scheduledAt, this.#signsAt(key)) };
    });
    return [...waiting, ...scheduled];
  }

  /** When (monotonic) a schedule wants a next key to sign. */
  scheduledAt(kid: string): number | undefined {
    return this.#schedule.instantOf(kid, this.#plan);
  }

  /** Keys that configuration no longer names, with the instant (monotonic) at which they go. */
  kept(): { kid: string; goesAt: number }[] {
    return this.#kept().map(([kid, goesAt]) => ({ kid, goesAt }));
  }

  /** Algorithms that configuration names and that no key signs. */
  withoutSigner(): SigningAlgorithm[] {
    return [...this.#bereft].filter((algorithm) => !this.#signing.has(algorithm));
  }

  /** How long until `advance` may have something to do, in milliseconds. */
  untilNextChange(): number | undefined {
    const now = this.#clock.monotonic();
    const instants = [
      ...this.pending().map(({ signsAt }) => signsAt - now),
      ...this.#kept().map(([, goesAt]) => goesAt - now),
    ];
    return instants.length > 0 ? Math.max(0, Math.min(...instants)) : undefined;
  }

  #promote(algorithm: SigningAlgorithm): Change[] {
    const before = this.#signing.get(algorithm);
    const isBereft = !before && this.#bereft.has(algorithm);
    const key = this.#wanted(algorithm);
    if (key?.kid === before?.kid) {
      if (key) this.#signing.set(algorithm, key);
      return [];
    }
    if (!key) return [];
    // Where nothing signs at all, a key that is not known everywhere is better than none.
    const mustWait = !isBereft && this.#signing.size > 0;
    if (mustWait && this.#clock.monotonic() < this.#signsAt(key)) return [];
    this.#sign(key);
    this.#bereft.delete(algorithm);
    if (before) this.#stop(before.kid);
    return [{ type: 'promoted', kid: key.kid, algorithm, replaced: before?.kid }];
  }

  /** An algorithm that configuration no longer has signs on until everything that it has can sign. */
  #dropUnwanted(): void {
    const wanted = signingAlgorithms.filter((algorithm) => this.#wanted(algorithm));
    if (wanted.length === 0 || this.#waiting().length > 0) return;
    for (const [algorithm, { kid }] of this.#signing) {
      if (wanted.includes(algorithm)) continue;
      this.#signing.delete(algorithm);
      this.#stop(kid);
    }
  }

  /** Keys that are wanted to sign and do not yet. */
  #waiting(): SigningKey[] {
    return signingAlgorithms
      .flatMap((algorithm) => this.#wanted(algorithm) ?? [])
      .filter(({ kid }) => !this.#isSigning(kid));
  }

  /** The key that configuration and schedule want to sign. */
  #wanted(algorithm: SigningAlgorithm): SigningKey | undefined {
    const next = keyFor(this.#plan.next, algorithm);
    return next && this.#isDue(next.kid) ? next : keyFor(this.#plan.current, algorithm);
  }

  /** A scheduled key that signs, before its instant too, goes on: a promotion is not undone. */
  #isDue(kid: string): boolean {
    if (this.#plan.nextActivatesAt === undefined) return false;
    return this.#schedule.hasCome(kid, this.#plan) || this.#isSigning(kid);
  }

  #signsAt(key: SigningKey): number {
    const { publishedAt } = this.#memory.get(key.kid) ?? { publishedAt: this.#clock.monotonic() };
    return this.#schedule.isTrusted(key.kid, this.#plan)
      ? publishedAt
      : publishedAt + this.#timing.propagation;
  }

  #publish(): void {
    const now = this.#clock.monotonic();
    for (const key of this.#configuredKeys()) {
      const memory = this.#memory.get(key.kid);
      if (memory) memory.key = key;
      else this.#memory.set(key.kid, { key, publishedAt: now });
    }
    for (const { kid } of this.#plan.next) delete this.#memory.get(kid)?.stoppedAt;
  }

  #kept(): [string, number][] {
    return [...this.#memory]
      .filter(([kid]) => !this.#configured.has(kid) && !this.#isSigning(kid))
      .map(([kid, { stoppedAt = 0 }]) => [kid, stoppedAt + this.#timing.retention]);
  }

  #sign(key: SigningKey): void {
    this.#signing.set(key.algorithm, key);
    const memory = this.#memory.get(key.kid);
    if (!memory) return;
    memory.signedAt = this.#clock.monotonic();
    delete memory.stoppedAt;
  }

  #stop(kid: string): void {
    const memory = this.#memory.get(kid);
    if (!memory) return;
    memory.stoppedAt ??= this.#clock.monotonic();
    // A key that signs no more needs no private half.
    if (memory.key instanceof SigningKey) memory.key = memory.key.publicHalf();
  }

  #isSigning(kid: string): boolean {
    for (const key of this.#signing.values()) if (key.kid === kid) return true;
    return false;
  }

  #configuredKeys(): VerificationKey[] {
    return [...this.#plan.current, ...this.#plan.next, ...this.#plan.previous];
  }
}

function kidsOf({ current, next, previous }: Plan): Set<string> {
  return new Set([...current, ...next, ...previous].map(({ kid }) => kid));
}
