import { createLocalJWKSet, jwtVerify } from 'jose';

import { freshnessOf } from '../freshness.js';
import type { Front } from '../front.js';
import type { SignedToken } from '../signed-token.js';
import type { HeldJwks, RelyingParty } from './relying-party.js';

/**
 * Keeps the JWKS for as long as its headers allow, and does not ask again because of a kid that it does not know: so do
 * proxies, CDNs, and some libraries.
 */
export class HttpCacheParty implements RelyingParty {
  readonly name = 'a relying party that keeps the JWKS for as long as its Cache-Control says';
  readonly #front: Front;
  #held: HeldJwks | undefined;

  constructor(front: Front) {
    this.#front = front;
  }

  get held(): HeldJwks | undefined {
    return this.#held;
  }

  async fetch(now: number): Promise<HeldJwks> {
    const { response, jwks } = await this.#front.fetch(now);
    this.#held = { jwks, fetchedAt: now, keptUntil: now + freshnessOf(response) * 1000 };
    return this.#held;
  }

  async verify(token: SignedToken, now: number): Promise<void> {
    const held = this.#held && now < this.#held.keptUntil ? this.#held : await this.fetch(now);
    await jwtVerify(token.text, createLocalJWKSet(held.jwks), { currentDate: token.dateAt(now) });
  }
}
