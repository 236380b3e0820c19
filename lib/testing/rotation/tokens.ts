import { invalidOption } from '../../options/given-options.js';
import { readToken } from '../tokens/read-token.js';
import type { Replica } from './replica.js';
import { SignedToken } from './signed-token.js';
import type { WithRotationOptions } from './with-rotation.options.js';

/** The tokens of the application that live. Of each key of each replica the last one is kept: it lives longest. */
export class Tokens {
  readonly #options: WithRotationOptions;
  #alive: readonly SignedToken[] = [];
  #latest: readonly SignedToken[] = [];

  constructor(options: WithRotationOptions) {
    this.#options = options;
  }

  get alive(): readonly SignedToken[] {
    return this.#alive;
  }

  /** Those that were signed last, by every replica. */
  get latest(): readonly SignedToken[] {
    return this.#latest;
  }

  /** The kids that sign. */
  get signing(): ReadonlySet<string | undefined> {
    return new Set(this.#latest.map(({ kid }) => kid));
  }

  async sign(replicas: readonly Replica[], now: number): Promise<void> {
    const latest: SignedToken[] = [];
    for (const replica of replicas) {
      const lifetime = this.#lifetimeOf(replica);
      for (const text of await this.#textsOf(replica, lifetime)) {
        latest.push(new SignedToken(text, replica, { now, lifetime: lifetime * 1000 }));
      }
    }
    const alive = this.#alive.filter(({ expiresAt }) => now < expiresAt);
    this.#alive = [...new Map([...alive, ...latest].map((token) => [nameOf(token), token])).values()];
    this.#latest = latest;
  }

  /** Takes those of a key away. */
  drop(kid: string): void {
    this.#alive = this.#alive.filter((token) => token.kid !== kid);
  }

  async #textsOf({ app, jwt, keys }: Replica, expiresIn: number): Promise<readonly string[]> {
    const { sign } = this.#options;
    if (sign) return [tokenOf(await sign(app))];
    return Promise.all(keys.algorithms.map((algorithm) => jwt.sign({}, { algorithm, expiresIn })));
  }

  #lifetimeOf({ rotation }: Replica): number {
    return this.#options.tokenLifetime ?? rotation.options.timing.figures.keyRetention;
  }
}

/** What the application itself makes is looked at by whoever verifies it. */
function tokenOf(made: unknown): string {
  const read = readToken(made);
  if (typeof read !== 'string') return made as string;
  throw invalidOption(`What the option "sign" of withRotation returns has to be a token: ${read}.`);
}

function nameOf({ by, kid, alg }: SignedToken): string {
  return `${by.jwksUri.href} ${kid} ${alg}`;
}
