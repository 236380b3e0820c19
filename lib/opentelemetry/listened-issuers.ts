import type { UsageListener } from '../core/usage/usage-listener.js';
import type { KeyMetrics } from '../metrics/key-metrics.js';

/** The issuers of every application that one provider hears of: each once, however often the reader is imported. */
export class ListenedIssuers {
  readonly #ends = new Map<KeyMetrics, () => void>();

  all(): readonly KeyMetrics[] {
    return [...this.#ends.keys()];
  }

  /** Returns what ends it. */
  add(issuers: readonly KeyMetrics[], listenerOf: (issuer: string) => UsageListener): () => void {
    const added = issuers.filter((issuer) => !this.#ends.has(issuer));
    for (const issuer of added) this.#ends.set(issuer, issuer.listen(listenerOf(issuer.issuer)));
    return () => {
      for (const issuer of added) {
        this.#ends.get(issuer)?.();
        this.#ends.delete(issuer);
      }
    };
  }
}
