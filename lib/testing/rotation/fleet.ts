import type { Front } from './front.js';
import { HttpCacheParty } from './relying-parties/http-cache.js';
import { JoseParty } from './relying-parties/jose.js';
import { JwksRsaParty } from './relying-parties/jwks-rsa.js';
import type { RelyingParty } from './relying-parties/relying-party.js';

/**
 * Relying parties of every kind, with caches of every age that matters: of those that hold the same JWKS, the one that
 * keeps it longest. That need not be the last to fetch it: a deploy may have shortened the time since.
 */
export class Fleet {
  readonly #front: Front;
  readonly #jwksRsa: JwksRsaParty | undefined;
  #parties: RelyingParty[] = [];

  private constructor(front: Front, jwksRsa: JwksRsaParty | undefined) {
    this.#front = front;
    this.#jwksRsa = jwksRsa;
  }

  static async of(front: Front): Promise<Fleet> {
    return new Fleet(front, await JwksRsaParty.ifInstalled(front));
  }

  get parties(): readonly RelyingParty[] {
    return this.#jwksRsa ? [...this.#parties, this.#jwksRsa] : this.#parties;
  }

  /** Those that have no cache yet ask each replica. */
  async join(now: number): Promise<void> {
    const joining: RelyingParty[] = [];
    // The front takes the replicas in turns: all of one kind first, so that each kind asks every replica.
    for (const Party of [HttpCacheParty, JoseParty]) {
      for (const _ of this.#front.replicas) {
        const party = new Party(this.#front);
        await party.fetch(now);
        joining.push(party);
      }
    }
    this.#parties = latestOfEach([...this.#parties, ...joining]);
  }
}

function latestOfEach(parties: readonly RelyingParty[]): RelyingParty[] {
  const latest = new Map<string, RelyingParty>();
  for (const party of parties) {
    const name = `${party.name} ${JSON.stringify(party.held?.jwks)}`;
    const other = latest.get(name);
    if (!other || other.held!.keptUntil <= party.held!.keptUntil) latest.set(name, party);
  }
  return [...latest.values()];
}
