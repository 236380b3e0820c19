import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';

import { propagationOf } from '../../lib/core/key-set/figures.js';
import type { Figures } from '../../lib/core/key-set/figures.js';
import { JwtService, LiveRing } from '../../lib/core/jwt/jwt.service.js';
import { KeyRotation } from '../../lib/rotation/key-rotation.js';
import { timingOf } from '../../lib/rotation/timing.js';
import { initIn, rotateIn } from '../../lib/stores/commands.js';
import { fromNothing } from '../../lib/stores/key-store.js';
import type { KeyStore, StoredText } from '../../lib/stores/key-store.js';
import { StoreSource } from '../../lib/stores/store.source.js';
import { epoch, privateKeyNamed } from '../support/key-sets.js';

/** Of the whole run, which `npm run soak` does; a twentieth otherwise. */
const runs = process.env.WHOLE_RUN === '1' ? 1000 : 50;

/** In seconds. A poll and a write fit into the spread. */
const figures: Figures = {
  jwksMaxAge: 60,
  keyRetention: 120,
  keySpread: 20,
  clockSkew: 4,
  propagationFloor: 0,
};
const { propagationFloor, ...times } = figures;
const timing = timingOf(times, propagationFloor);
const lifetime = figures.keyRetention;
const tick = 5;

/** Versions of a store in memory, whose writes are compared, or are not. */
class Versions implements KeyStore {
  readonly texts: string[] = [];
  readonly between?: (base: string, version: string) => Promise<readonly StoredText[]>;

  constructor(compares: boolean) {
    if (compares) return;
    this.between = (base, version) =>
      Promise.resolve(
        this.texts
          .map((text, index) => ({ text, version: String(index + 1) }))
          .slice(base === fromNothing ? 0 : Number(base), Number(version) - 1),
      );
  }

  read(): Promise<StoredText | undefined> {
    const text = this.texts.at(-1);
    return Promise.resolve(text === undefined ? undefined : { text, version: String(this.texts.length) });
  }

  write(text: string, expected: string | undefined): Promise<boolean> {
    const isSame = (expected ?? '0') === String(this.texts.length);
    if (!isSame && !this.between) return Promise.resolve(false);
    this.texts.push(text);
    return Promise.resolve(true);
  }
}

interface Plan {
  readonly compares: boolean;
  /** How far the clock of each replica is ahead, in seconds. */
  readonly clocks: readonly number[];
  /** How often each asks the store, in seconds. */
  readonly polls: readonly number[];
  readonly steps: readonly {
    /** In ticks since the step before. */
    readonly after: number;
    readonly restart: number | undefined;
    /** How many rotate at once, and how old the newest key has to be. */
    readonly rotators: number;
    readonly every: number | undefined;
  }[];
}

let made = 0;

/** Three replicas over one store, in simulated time, and relying parties that cache what one of them published. */
class Simulation {
  now = epoch;
  readonly #plan: Plan;
  readonly #store: Versions;
  readonly #replicas: KeyRotation[] = [];
  readonly #polledAt = [0, 0, 0];
  /** What relying parties have in their caches, and since when. */
  readonly #caches: { readonly keys: ReturnType<typeof createLocalJWKSet>; readonly since: number }[] = [];
  readonly #tokens: { token: string; until: number }[] = [];
  verified = 0;
  #writtenAt = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#store = new Versions(plan.compares);
  }

  async run(): Promise<void> {
    await initIn(this.#workplace(), { algorithm: 'ES256' });
    for (const index of [0, 1, 2]) await this.#start(index);
    for (const step of this.#plan.steps) {
      for (let passed = 0; passed < step.after; passed++) await this.#pass();
      if (step.restart !== undefined) await this.#start(step.restart);
      const every = step.every ?? 1;
      await Promise.all(Array.from({ length: step.rotators }, () => rotateIn(this.#workplace(), { every })));
      if (step.rotators > 0) this.#writtenAt = this.now;
    }
    const rest = propagationOf(figures) + lifetime;
    for (let passed = 0; passed < rest; passed += tick) await this.#pass();
    for (const replica of this.#replicas) replica.close();
  }

  #workplace() {
    return {
      store: this.#store,
      decryption: { where: 'The store', passphrase: undefined },
      figures,
      make: () => Promise.resolve({ privateKey: privateKeyNamed(`scheduled ${(made += 1) % 400}`) }),
      clock: () => this.now,
    };
  }

  async #start(index: number): Promise<void> {
    this.#replicas[index]?.close();
    let seen: StoredText | undefined;
    this.#polledAt[index] = -Infinity;
    const source = new StoreSource({
      store: {
        // It is asked at every tick, since what is due by the clock alone happens without the store.
        read: async () => {
          if (this.now - this.#polledAt[index]! < this.#plan.polls[index]!) return seen;
          this.#polledAt[index] = this.now;
          return (seen = await this.#store.read());
        },
        write: () => Promise.resolve(false),
        ...(this.#store.between && { between: this.#store.between }),
      },
      where: 'The store',
      settings: undefined,
      // Simulated time asks.
      reloadInterval: 1_000_000,
      figures,
    });
    const clock = () => {
      const milliseconds = (this.now + this.#plan.clocks[index]!) * 1000;
      return { wall: milliseconds, monotonic: milliseconds - epoch * 1000 };
    };
    const log = { log: () => undefined, warn: () => undefined, error: () => undefined };
    this.#replicas[index] = await KeyRotation.start({ source, timing, algorithm: undefined, log, clock });
  }

  async #pass(): Promise<void> {
    this.now += tick;
    for (const replica of this.#replicas) expect(await replica.reload()).toBe(true);
    this.#compare();
    await this.#mint(this.#replicas[(this.now / tick) % 3]!);
    // A relying party that has the token for the first time, and one that has it shortly before its end.
    while (this.#tokens[0] && this.#tokens[0].until <= this.now + 2 * tick) {
      await this.#verify(this.#tokens.shift()!.token);
    }
  }

  /** What all of them publish is the same, when the spread is over. */
  #compare(): void {
    if (this.now - this.#writtenAt <= figures.keySpread + figures.clockSkew) return;
    const digests = this.#replicas.map((replica) => replica.status().digest);
    expect(new Set(digests).size).toBe(1);
  }

  async #mint({ ring }: KeyRotation): Promise<void> {
    const until = this.now + lifetime;
    const token = await new JwtService(new LiveRing(() => ring)).sign({ sub: 'someone', exp: until });
    await this.#verify(token);
    this.#tokens.push({ token, until });
  }

  /** Each replica serves its JWKS to a relying party whose cache is over. */
  #keysOf(index: number): ReturnType<typeof createLocalJWKSet> {
    const cache = this.#caches[index];
    if (cache && this.now - cache.since < figures.jwksMaxAge) return cache.keys;
    const { body } = this.#replicas[index]!.ring.jwks;
    const keys = createLocalJWKSet(JSON.parse(body) as JSONWebKeySet);
    this.#caches[index] = { keys, since: this.now };
    return keys;
  }

  async #verify(token: string): Promise<void> {
    for (const index of [0, 1, 2]) {
      await jwtVerify(token, this.#keysOf(index), { currentDate: new Date(this.now * 1000) });
      this.verified++;
    }
  }
}

const plan: fc.Arbitrary<Plan> = fc.record({
  compares: fc.boolean(),
  clocks: fc.array(fc.integer({ min: -figures.clockSkew / 2, max: figures.clockSkew / 2 }), {
    minLength: 3,
    maxLength: 3,
  }),
  polls: fc.array(fc.integer({ min: 5, max: figures.keySpread - tick }), { minLength: 3, maxLength: 3 }),
  steps: fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 20 }),
      restart: fc.option(fc.nat(2), { nil: undefined }),
      rotators: fc.integer({ min: 0, max: 3 }),
      every: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
});

it(
  `in ${runs} random schedules with restarts three replicas publish the same within the spread, and no token fails`,
  async () => {
    let verified = 0;
    await fc.assert(
      fc.asyncProperty(plan, async (each) => {
        const simulation = new Simulation(each);
        await simulation.run();
        verified += simulation.verified;
      }),
      { numRuns: runs, endOnFailure: true },
    );
    expect(verified).toBeGreaterThan(runs * 100);
  },
  60_000 + runs * 5_000,
);
