import type { VerificationKey } from '../core/key/verification-key.js';
import type { Life } from '../core/ring/life.js';
import type { Moment } from './clock.js';

/** What this process has seen of a key. Instants are monotonic, in milliseconds. */
export interface KnownKey {
  readonly key: VerificationKey;
  readonly publishedSince: number;
  readonly signedSince: number | undefined;
  /** When it stopped signing, as far as this process can know; undefined while it may sign. */
  readonly stoppedAt: number | undefined;
}

/** Every key that is published, by its kid, with what this process has seen of it. It holds no private half. */
export class KnownKeys {
  readonly #keys = new Map<string, KnownKey>();

  get(kid: string): KnownKey | undefined {
    return this.#keys.get(kid);
  }

  all(): KnownKey[] {
    return [...this.#keys.values()];
  }

  kids(): ReadonlySet<string> {
    return new Set(this.#keys.keys());
  }

  publish(lives: readonly Life[], now: Moment): void {
    for (const { key, slot } of lives) {
      const known = this.#keys.get(key.kid);
      if (known?.key !== key) {
        this.#keys.set(key.kid, {
          publishedSince: known?.publishedSince ?? now.monotonic,
          signedSince: known?.signedSince,
          stoppedAt: known?.stoppedAt,
          key,
        });
      }
      if (slot === 'next') this.maySignElsewhere(key.kid);
    }
  }

  startSigning(kid: string, now: Moment): void {
    this.#change(kid, () => ({ signedSince: now.monotonic, stoppedAt: undefined }));
  }

  stopSigning(kid: string, now: Moment): void {
    this.#change(kid, ({ stoppedAt }) => ({ stoppedAt: stoppedAt ?? now.monotonic }));
  }

  maySignElsewhere(kid: string): void {
    this.#change(kid, () => ({ stoppedAt: undefined }));
  }

  forget(kid: string): void {
    this.#keys.delete(kid);
  }

  #change(kid: string, change: (known: KnownKey) => Partial<KnownKey>): void {
    const known = this.#keys.get(kid);
    if (known) this.#keys.set(kid, { ...known, ...change(known) });
  }
}
