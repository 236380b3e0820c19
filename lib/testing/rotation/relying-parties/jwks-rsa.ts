import { createPublicKey } from 'node:crypto';

import { jwtVerify } from 'jose';

import type { Front } from '../front.js';
import type { SignedToken } from '../signed-token.js';
import type { RelyingParty } from './relying-party.js';

interface JwksClient {
  getSigningKey(kid: string | undefined): Promise<{ getPublicKey(): string }>;
}

interface JwksRsa {
  readonly JwksClient: new (options: {
    jwksUri: string;
    cacheMaxAge: number;
    fetcher: () => Promise<unknown>;
  }) => JwksClient;
}

const cacheMaxAge = 600_000;

/**
 * `jwks-rsa` as it is. It keeps each key for ten minutes by its kid, on the clock of the process, which nobody can set; so
 * it gets a client of its own for each kid, and a new one when that is ten minutes old by the clock of the test.
 */
export class JwksRsaParty implements RelyingParty {
  readonly name = 'a relying party with jwks-rsa';
  readonly held = undefined;
  readonly #package: JwksRsa;
  readonly #front: Front;
  readonly #clients = new Map<string | undefined, { readonly client: JwksClient; readonly since: number }>();

  private constructor(front: Front, jwksRsa: JwksRsa) {
    this.#front = front;
    this.#package = jwksRsa;
  }

  /** Undefined where it cannot be loaded. */
  static async ifInstalled(front: Front): Promise<JwksRsaParty | undefined> {
    const jwksRsa = await packageOf();
    return jwksRsa && new JwksRsaParty(front, jwksRsa);
  }

  async verify(token: SignedToken, now: number): Promise<void> {
    const { kid } = token;
    const known = this.#clients.get(kid);
    const { client, since } =
      known && now < known.since + cacheMaxAge ? known : { client: this.#newClient(now), since: now };
    // It keeps no failure.
    this.#clients.delete(kid);
    const key = await client.getSigningKey(kid);
    this.#clients.set(kid, { client, since });
    await jwtVerify(token.text, createPublicKey(key.getPublicKey()), { currentDate: token.dateAt(now) });
  }

  #newClient(now: number): JwksClient {
    return new this.#package.JwksClient({
      jwksUri: this.#front.replicas[0]!.jwksUri.href,
      cacheMaxAge,
      fetcher: async () => (await this.#front.fetch(now)).jwks,
    });
  }
}

async function packageOf(): Promise<JwksRsa | undefined> {
  try {
    const found = (await import('jwks-rsa')) as unknown as Partial<JwksRsa> & { readonly default?: JwksRsa };
    // Of a CommonJS package the names are found, or all is under `default`.
    return found.JwksClient ? (found as JwksRsa) : found.default;
  } catch {
    // It is not installed, or Jest cannot load it: it is CommonJS, and requires jose, which is none.
    return undefined;
  }
}
