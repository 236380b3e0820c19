import type { HeldJwks, RelyingParty } from './relying-parties/relying-party.js';
import type { Replica } from './replica.js';
import type { SignedToken } from './signed-token.js';
import type { Tokens } from './tokens.js';

interface RevokedKey {
  readonly kid: string;
  /** Those that it signed before. */
  readonly tokens: readonly SignedToken[];
  /** How often each replica had asked its source by then. */
  readonly asks: ReadonlyMap<Replica, number>;
  /** What it signed then, where it signed. */
  readonly algorithms: ReadonlySet<string | undefined>;
  /** Every kid that signed then. */
  readonly signing: ReadonlySet<string | undefined>;
  /** The caches of then, which cannot know what signs in its place. */
  readonly caches: ReadonlySet<HeldJwks>;
  /** The kids that sign in its place, once they are known. */
  readonly successors: Set<string | undefined>;
}

/** The keys that were revoked in this test, and which replica can know of it. */
export class RevokedKeys {
  readonly #keys = new Map<string, RevokedKey>();

  add(
    kid: string,
    { alive, latest, signing }: Tokens,
    replicas: readonly Replica[],
    parties: readonly RelyingParty[],
  ): void {
    this.#keys.set(kid, {
      kid,
      tokens: alive.filter((token) => token.kid === kid),
      asks: new Map(replicas.map((replica) => [replica, replica.asks])),
      algorithms: new Set(latest.filter((token) => token.kid === kid).map(({ alg }) => alg)),
      signing,
      caches: new Set(parties.flatMap(({ held }) => held ?? [])),
      successors: new Set(),
    });
  }

  /** Only what signs first after the revocation is in the place of the key: a later one has to wait, as always. */
  findSuccessors(
    { algorithms, signing, successors }: RevokedKey,
    knowing: readonly Replica[],
    latest: readonly SignedToken[],
  ): void {
    if (algorithms.size === 0 || successors.size > 0) return;
    const signed = latest.filter(({ by }) => knowing.includes(by));
    const ofSameAlgorithm = signed.filter(({ alg }) => algorithms.has(alg));
    // The key may have taken its algorithm with it.
    for (const { kid } of ofSameAlgorithm.length > 0 ? ofSameAlgorithm : signed) {
      if (!signing.has(kid)) successors.add(kid);
    }
  }

  /** Whether this is the price of a revocation, which no relying party is to be blamed for. */
  excuses({ held }: RelyingParty, { kid }: SignedToken): boolean {
    return this.all.some(
      ({ caches, successors }) => held !== undefined && caches.has(held) && successors.has(kid),
    );
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
