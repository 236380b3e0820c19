import { CallUsage } from './call-usage.js';
import { Counts, other } from './counts.js';
import { KeyUsage } from './key-usage.js';
import type { KeyUsageView } from './key-usage.js';
import { outcomeOf } from './outcome.js';
import { SourceUsage } from './source-usage.js';
import { UsageListeners } from './usage-listener.js';

/** So many keys have counts of their own; a ring may have a thousand. */
export const mostKids = 100;

/** In place of a kid, where a signature or a verification is of no key of the ring. No kid of a token comes here. */
export const kidOf = Object.freeze({
  /** The token names a key that is not in the ring, or it names none and no key has signed it. */
  unknown: '_UNKNOWN',
  /** No key signs in the algorithm that was asked for. */
  none: '_NONE',
  /** The token is of the secret that signed before. */
  legacy: '_LEGACY_HS256',
});

/** A key that is called like one of them would be counted as what they mean. */
const words: readonly string[] = [other, ...Object.values(kidOf)];

interface NamedKey {
  readonly kid: string;
  readonly alg: string;
}

/**
 * Counts what the keys of one issuer do, so that it can be read when somebody asks. It knows of keys by their names alone,
 * and of tokens nothing.
 */
export class Usage {
  readonly listeners = new UsageListeners();
  /** By the status of the answer. */
  readonly jwksRequests = new Counts();
  readonly source = new SourceUsage();
  readonly calls = new CallUsage(this.listeners);
  readonly #keys = new Map<string, KeyUsage>();
  readonly #others = new Map<string, KeyUsage>();

  constructor() {
    this.jwksRequests.begin('200', '304');
    this.ofNoKey('unknown').verifications.begin('OIDC_TOKEN_INVALID_SIGNATURE', 'OIDC_TOKEN_MALFORMED');
    this.ofNoKey('none').signatures.begin('OIDC_KEY_NONE_TO_SIGN');
  }

  /** What ends when its key has left the ring already is counted with those that have no counts of their own. */
  of({ kid, alg }: NamedKey): KeyUsage {
    const known = this.#keys.get(kid);
    return known?.algorithm === alg ? known : this.#other(other, other);
  }

  /** What is of no key of the ring. */
  ofNoKey(kind: keyof typeof kidOf): KeyUsage {
    return this.#other(kidOf[kind], kind === 'legacy' ? 'HS256' : other);
  }

  /** A signature that no key could make. */
  cannotSign(error: unknown): void {
    this.ofNoKey('none').signatures.add(outcomeOf(error));
  }

  /** @param by what has signed the token */
  verified(by: NamedKey | 'legacy'): void {
    this.#verificationsOf(by).add('verified');
  }

  /** @param by what has signed the token, or the key that it names; undefined where the ring has none such */
  refused(by: NamedKey | 'legacy' | undefined, error: unknown): void {
    this.#verificationsOf(by ?? 'unknown').add(outcomeOf(error));
  }

  /**
   * Forgets every key that is not of this ring, and shows those that are.
   *
   * @param ring in the order in which its keys get counts of their own
   */
  takeOver(ring: readonly { readonly key: NamedKey; readonly slot: string }[]): void {
    const counted = ring.filter(({ key }) => !words.includes(key.kid)).slice(0, mostKids);
    const before = new Map(this.#keys);
    this.#keys.clear();
    for (const { key } of counted) {
      const known = before.get(key.kid);
      // A kid may come back with another key.
      const usage = known?.algorithm === key.alg ? known : new KeyUsage(key.kid, key.alg, this.listeners);
      this.#keys.set(key.kid, usage);
    }
    for (const { key, slot } of ring) this.of(key).begin(slot === 'current');
  }

  keys(): readonly KeyUsageView[] {
    return [...this.#keys.values(), ...this.#others.values()].map((usage) => usage.view());
  }

  #verificationsOf(by: NamedKey | 'legacy' | 'unknown'): Counts {
    return (typeof by === 'string' ? this.ofNoKey(by) : this.of(by)).verifications;
  }

  #other(kid: string, algorithm: string): KeyUsage {
    const known = this.#others.get(kid);
    if (known) return known;
    const usage = new KeyUsage(kid, algorithm, this.listeners);
    this.#others.set(kid, usage);
    return usage;
  }
}
