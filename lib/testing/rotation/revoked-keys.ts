import type { Replica } from './replica.js';
import type { SignedToken } from './signed-token.js';

interface RevokedKey {
  readonly kid: string;
  /** Those that it signed before. */
  readonly tokens: readonly SignedToken[];
  /** How often each replica had asked its source by then. */
  readonly asks: ReadonlyMap<Replica, number>;
}

/** The keys that were revoked in this test, and which replica can know of it. */
export class RevokedKeys {
  readonly #keys = new Map<string, RevokedKey>();

  add(kid: string, tokens: readonly SignedToken[], replicas: readonly Replica[]): void {
    const asks = new Map(replicas.map((replica) => [replica, replica.asks]));
    this.#keys.set(kid, { kid, tokens: tokens.filter((token) => token.kid === kid), asks });
  }

  has(kid: string): boolean {
    return this.#keys.has(kid);
  }

  get all(): readonly RevokedKey[] {
    return [...this.#keys.values()];
  }

  /** Those that have asked their source since, or never will. */
  knowing({ asks }: RevokedKey, replicas: readonly Replica[]): readonly Replica[] {
    return replicas.filter(
      (replica) => replica.interval === undefined || replica.asks > (asks.get(replica) ?? -1),
    );
  }
}
