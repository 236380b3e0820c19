import autocannon from 'autocannon';
import { decodeProtectedHeader } from 'jose';
import { z } from 'zod';

import type { Sample } from './sample.js';

const jwksBody = z.object({ keys: z.array(z.object({ kid: z.string(), n: z.string() })).min(1) });
const tokenBody = z.object({ access_token: z.string(), token_type: z.literal('Bearer') });

/** What autocannon hands over. */
type Body = string | Buffer | undefined;

/** For how long, or how often, is asked. A number of requests is the same on a busy machine, but takes longer. */
export interface Extent {
  readonly seconds?: number;
  readonly jwks?: number;
  readonly tokens?: number;
}

/** What was counted on one route. */
export interface Count {
  readonly route: string;
  readonly requests: number;
  /** Connections that broke, and requests that were not answered. */
  readonly errors: number;
  readonly non2xx: number;
  /** Answers that did not say what they should. */
  readonly wrongBodies: number;
  /** In milliseconds, as `p99` is. */
  readonly p50: number;
  readonly p99: number;
}

/** Asks for the JWKS and for tokens, on many connections at once, and looks at each answer. */
export class Load {
  readonly #sample: Sample;
  readonly #connections: number;
  readonly #signed = new Set<string>();

  constructor(sample: Sample, connections: number) {
    this.#sample = sample;
    this.#connections = connections;
  }

  /** How many keys have signed a token. */
  get keysThatSigned(): number {
    return this.#signed.size;
  }

  async run(extent: Extent): Promise<Count[]> {
    return Promise.all([this.#fetchJwks(extent), this.#fetchTokens(extent)]);
  }

  async #fetchJwks({ seconds, jwks: amount }: Extent): Promise<Count> {
    return this.#count('/.well-known/jwks.json', {
      ...(amount === undefined ? { duration: seconds } : { amount }),
      verifyBody: (body) => jwksBody.safeParse(parsed(body)).success,
    });
  }

  async #fetchTokens({ seconds, tokens: amount }: Extent): Promise<Count> {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'api',
      client_id: 'demo-web',
      client_secret: this.#sample.clientSecret,
    });
    return this.#count('/token', {
      ...(amount === undefined ? { duration: seconds } : { amount }),
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
      verifyBody: (body) => this.#isToken(body),
    });
  }

  async #count(route: string, options: Partial<autocannon.Options>): Promise<Count> {
    const { requests, errors, non2xx, mismatches, latency } = await autocannon({
      url: `${this.#sample.issuer}${route}`,
      connections: this.#connections,
      // How long an answer takes is measured, and is no error.
      timeout: 60,
      ...options,
    });
    return {
      route,
      requests: requests.total,
      errors,
      non2xx,
      wrongBodies: mismatches,
      p50: latency.p50,
      p99: latency.p99,
    };
  }

  #isToken(body: Body): boolean {
    const { data } = tokenBody.safeParse(parsed(body));
    if (!data) return false;
    const { kid } = decodeProtectedHeader(data.access_token);
    if (kid !== undefined) this.#signed.add(kid);
    return kid !== undefined;
  }
}

function parsed(body: Body): unknown {
  try {
    return JSON.parse(String(body));
  } catch {
    return undefined;
  }
}
