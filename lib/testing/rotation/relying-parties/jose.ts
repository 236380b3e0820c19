import { createRemoteJWKSet, customFetch, jwksCache, jwtVerify } from 'jose';
import type { ExportedJWKSCache, JSONWebKeySet } from 'jose';

import type { Front } from '../front.js';
import type { SignedToken } from '../signed-token.js';
import type { HeldJwks, RelyingParty } from './relying-party.js';

const cacheMaxAge = 600_000;

/**
 * `createRemoteJWKSet` of jose as it is: it keeps the JWKS for ten minutes, and asks again for a kid that it does not
 * know, once in 30 seconds. It reads the time from the process, so it is told that its cache is as old in reality as it is
 * by the clock of the test, which is what its `jwksCache` is for; what follows from that age, it decides.
 */
export class JoseParty implements RelyingParty {
  readonly name = 'a relying party with jose’s createRemoteJWKSet';
  readonly #front: Front;
  #held: HeldJwks | undefined;

  constructor(front: Front) {
    this.#front = front;
  }

  get held(): HeldJwks | undefined {
    return this.#held;
  }

  async fetch(now: number): Promise<void> {
    await this.#with(now, (jwks) => jwks.reload());
  }

  async verify(token: SignedToken, now: number): Promise<void> {
    await this.#with(now, async (jwks) => {
      await jwtVerify(token.text, jwks, { currentDate: token.dateAt(now) });
    });
  }

  async #with(
    now: number,
    use: (jwks: ReturnType<typeof createRemoteJWKSet>) => Promise<void>,
  ): Promise<void> {
    const held = this.#held;
    const uat = held ? Date.now() - (now - held.fetchedAt) : 0;
    const cache: ExportedJWKSCache | Record<string, never> = held ? { jwks: held.jwks, uat } : {};
    const jwks = createRemoteJWKSet(this.#front.replicas[0]!.jwksUri, {
      [jwksCache]: cache,
      [customFetch]: async (_, init) => Response.json((await this.#front.fetch(now, init)).jwks),
    });
    try {
      await use(jwks);
    } finally {
      const after = cache as { readonly jwks?: JSONWebKeySet; readonly uat?: number };
      if (after.jwks && after.uat !== uat) {
        this.#held = { jwks: after.jwks, fetchedAt: now, keptUntil: now + cacheMaxAge };
      }
    }
  }
}
