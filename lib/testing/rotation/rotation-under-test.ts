import type { INestApplication } from '@nestjs/common';

import type { CommandResult } from '../../stores/command-result.js';
import { retireIn, revokeIn, rotateIn } from '../../stores/commands.js';
import type { Workplace } from '../../stores/run-command.js';
import type { KeyRotationOptions } from '../../rotation/key-rotation.js';
import { BrokenRotationError } from './broken-rotation-error.js';
import { millisecondsOf } from './durations.js';
import type { Duration } from './durations.js';
import { Fleet } from './fleet.js';
import { Front } from './front.js';
import { History } from './history.js';
import { checkKeysOfTokens, checkParty, checkReplicas, checkRevoked, checkSlots } from './look.js';
import type { Scene } from './look.js';
import { publishedBy } from './published.js';
import type { Published } from './published.js';
import { Replica } from './replica.js';
import { SignedToken } from './signed-token.js';
import { TestClock } from './test-clock.js';
import { workplaceOf } from './workplace.js';

/** How a rotation is tested. */
export interface WithRotationOptions {
  /**
   * How long the longest-lived token of the application lives, in seconds. Default: as long as a key stays published after
   * it stopped signing (`OIDC_KEY_RETENTION`).
   */
  readonly tokenLifetime?: number | undefined;
  /** A token as the application makes it. Default: `JwtService` signs one in each algorithm. */
  readonly sign?: ((app: INestApplication) => Promise<string> | string) | undefined;
  /** Where the JWKS is, for an application that serves it itself. Default: where `OidcKeyModule` serves it. */
  readonly jwksPath?: string | undefined;
}

interface RevokedKey {
  readonly kid: string;
  /** How often each replica had asked its source by then. */
  readonly asks: ReadonlyMap<Replica, number>;
  readonly tokens: readonly SignedToken[];
}

/** Looks in a stretch in which something waits to happen that nobody has announced. */
const looksWithinFreshness = 8;
const mostLooks = 1_000;

/**
 * The keys of an application on a clock that stands still until the test lets time pass, and the relying parties that
 * verify its tokens. At every instant that matters the application signs, everybody verifies whatever token lives, and
 * the first refusal ends the test with a {@link BrokenRotationError}.
 */
export class RotationUnderTest {
  readonly #options: WithRotationOptions;
  readonly #clock: TestClock;
  readonly #front: Front;
  readonly #fleet: Fleet;
  readonly #history = new History();
  readonly #revoked = new Map<string, RevokedKey>();
  #tokens: readonly SignedToken[] = [];
  /** Those that were signed at the last look. */
  #signed: readonly SignedToken[] = [];
  /** The kids that signed when the rotation began. */
  #before: ReadonlySet<string | undefined> = new Set();
  #published: readonly Published[] = [];
  /** When the published keys changed last. */
  #changedAt: number;

  private constructor(options: WithRotationOptions, clock: TestClock, front: Front, fleet: Fleet) {
    this.#options = options;
    this.#clock = clock;
    this.#front = front;
    this.#fleet = fleet;
    this.#changedAt = clock.now;
  }

  /** @internal */
  static async of(
    apps: readonly INestApplication[],
    options: WithRotationOptions,
  ): Promise<RotationUnderTest> {
    const replicas = await replicasOf(apps, options);
    const front = new Front(replicas);
    const clock = new TestClock(replicas.map(({ rotation }) => rotation));
    const rotation = new RotationUnderTest(options, clock, front, await Fleet.of(front));
    rotation.#adopt(replicas);
    await rotation.#look();
    rotation.#before = rotation.#signing();
    return rotation;
  }

  /** What the clock of the test shows. */
  get now(): Date {
    return new Date(this.#clock.now);
  }

  /**
   * Adds the key that signs next, as the command does. Keys that do not come from a store go on in one in memory, for
   * this test.
   *
   * @throws BrokenRotationError
   * @throws CommandRefusedError `KEY_WAITS` where the key before does not sign yet
   */
  rotate(options: KeyRotationOptions = {}): Promise<CommandResult> {
    return this.#run((place) => rotateIn(place, options));
  }

  /**
   * Makes a key worthless at once, as the command does. Relying parties that hold it accept its tokens until they ask
   * again, and refuse those of the key in its place until then: that is what a revocation costs, and no failure.
   *
   * @param kid default: the key that signs
   * @throws BrokenRotationError
   */
  async revoke(kid: string = this.#front.replicas[0]!.keys.kid): Promise<CommandResult> {
    const result = await this.#run(async (place) => {
      const done = await revokeIn(place, kid, {});
      this.#hasRevoked(kid);
      return done;
    });
    return result;
  }

  /**
   * Gives up an algorithm whose only key this is, as the command does.
   *
   * @throws BrokenRotationError
   * @throws CommandRefusedError where that would leave nothing to sign with
   */
  retire(kid: string): Promise<CommandResult> {
    return this.#run((place) => retireIn(place, kid));
  }

  /**
   * From now on these applications answer in the place of those before, as after a deploy with other settings. The test
   * closes all of them.
   *
   * @throws BrokenRotationError
   */
  async deploy(...apps: readonly INestApplication[]): Promise<void> {
    const replicas = await replicasOf(apps, this.#options);
    this.#adopt(replicas);
    this.#front.replace(replicas);
    await this.#look();
  }

  /**
   * Lets time pass, with a look at every instant that matters in between.
   *
   * @throws BrokenRotationError
   */
  async advance(duration: Duration): Promise<void> {
    const start = this.#clock.now;
    const end = start + millisecondsOf(duration);
    for (let next = this.#next(start); next !== undefined && next < end; next = this.#next(start)) {
      await this.#lookAt(next);
    }
    await this.#lookAt(end);
  }

  /**
   * Lets time pass until another key signs than at the beginning.
   *
   * @throws BrokenRotationError `NOTHING_ROTATED` where that never happens, and every other
   */
  async promote(): Promise<void> {
    await this.#passUntil(() => !this.#isAsBefore());
    this.#refuseAsBefore();
  }

  /**
   * Lets time pass until nothing is left to happen: the new key signs, the old one is gone, and its last token has
   * expired. The next rotation begins there.
   *
   * @throws BrokenRotationError `NOTHING_ROTATED` where the key of the beginning still signs, and every other
   */
  async complete(): Promise<void> {
    await this.#passUntil(() => false);
    this.#refuseAsBefore();
    this.#before = this.#signing();
  }

  async #passUntil(isOver: () => boolean): Promise<void> {
    await this.#look();
    // Whoever changed a store behind the applications is seen when they ask it.
    const start = this.#clock.now;
    for (let looks = 0; !isOver(); looks += 1) {
      const next = this.#next(start);
      if (next === undefined) return;
      if (looks === mostLooks) {
        throw new BrokenRotationError(
          'NEVER_OVER',
          `After ${mostLooks} changes there is still a next one: something rotates the keys all the time.`,
          this.now,
        );
      }
      await this.#lookAt(next);
    }
  }

  async #run(command: (place: Workplace) => Promise<CommandResult>): Promise<CommandResult> {
    await this.#look();
    const { replicas } = this.#front;
    const result = await command(await workplaceOf(replicas, () => this.#clock.now));
    // The others see it when they ask.
    await replicas[0]!.ask(this.#clock.now);
    await this.#look();
    return result;
  }

  #adopt(replicas: readonly Replica[]): void {
    for (const replica of replicas) {
      replica.takeTime(this.#clock);
      replica.rotation.events$.subscribe((event) => {
        if (event.type === 'revoked') this.#hasRevoked(event.kid);
      });
    }
  }

  #hasRevoked(kid: string): void {
    if (this.#revoked.has(kid)) return;
    const tokens = this.#tokens.filter((token) => token.kid === kid);
    const asks = new Map(this.#front.replicas.map((replica) => [replica, replica.asks]));
    this.#revoked.set(kid, { kid, asks, tokens });
    this.#fleet.forgetAll();
  }

  async #lookAt(instant: number): Promise<void> {
    this.#clock.set(instant);
    await this.#look();
  }

  async #look(): Promise<void> {
    const { now } = this.#clock;
    const { replicas } = this.#front;
    for (const replica of replicas) await replica.letPass(now);
    const published: Published[] = [];
    for (const replica of replicas) published.push(await publishedBy(replica, now));
    for (const each of published) await this.#history.add(each, now);
    if (keysOf(published) !== keysOf(this.#published)) this.#changedAt = now;
    this.#published = published;
    await this.#sign();
    for (const revoked of this.#revoked.values()) {
      const aware = replicas.filter((replica) => knowsOf(revoked, replica));
      await checkRevoked(this.#scene(), aware, revoked, this.#signed);
    }
    // Until every replica knows of a revocation, they differ: that is part of its price.
    if ([...this.#revoked.values()].some((each) => replicas.some((replica) => !knowsOf(each, replica))))
      return;
    const scene = this.#scene();
    checkSlots(scene);
    checkKeysOfTokens(scene);
    await checkReplicas(scene, replicas);
    for (const party of this.#fleet.parties) await checkParty(scene, party);
    await this.#fleet.join(now);
    for (const party of this.#fleet.parties) await checkParty(scene, party);
  }

  /** Of each key of each replica the last token is kept: it lives longest. */
  async #sign(): Promise<void> {
    const { now } = this.#clock;
    const latest = new Map<string, SignedToken>();
    const signed: SignedToken[] = [];
    for (const token of this.#tokens) if (now < token.expiresAt) latest.set(nameOf(token), token);
    for (const replica of this.#front.replicas) {
      for (const text of await this.#tokensOf(replica)) {
        const token = new SignedToken(text, replica, { now, lifetime: this.#lifetimeOf(replica) * 1000 });
        latest.set(nameOf(token), token);
        signed.push(token);
      }
    }
    this.#signed = signed;
    this.#tokens = [...latest.values()].filter(({ kid }) => kid === undefined || !this.#revoked.has(kid));
  }

  async #tokensOf(replica: Replica): Promise<readonly string[]> {
    const { sign } = this.#options;
    if (sign) return [await sign(replica.app)];
    const expiresIn = this.#lifetimeOf(replica);
    const { jwt, keys } = replica;
    return Promise.all(keys.algorithms.map((algorithm) => jwt.sign({}, { algorithm, expiresIn })));
  }

  #lifetimeOf({ rotation }: Replica): number {
    return this.#options.tokenLifetime ?? rotation.options.timing.figures.keyRetention;
  }

  #scene(): Scene {
    return {
      now: this.#clock.now,
      published: this.#published,
      history: this.#history,
      tokens: this.#tokens,
    };
  }

  /** The kids that sign now. */
  #signing(): ReadonlySet<string | undefined> {
    return new Set(this.#signed.map(({ kid }) => kid));
  }

  #isAsBefore(): boolean {
    return [...this.#signing()].every((kid) => this.#before.has(kid));
  }

  #refuseAsBefore(): void {
    if (!this.#isAsBefore()) return;
    throw new BrokenRotationError(
      'NOTHING_ROTATED',
      `What signed at the beginning still signs (${[...this.#before].join(', ')}), and nothing waits to sign. Rotate before ` +
        'time passes: with `rotate()` of the test, or as the application does.',
      this.now,
    );
  }

  /**
   * The next instant that matters: just before and at each change, when a cache ends that holds other keys, and when a
   * token of another key than the one that signs has its last moment.
   *
   * @param start every replica is to have asked its source since
   */
  #next(start: number): number | undefined {
    const { now } = this.#clock;
    const instants = [
      ...this.#front.replicas.flatMap((replica) => this.#instantsOf(replica, start)),
      ...this.#fleet.parties.flatMap(({ held }) =>
        held && !this.#isCurrent(held.jwks) ? around(held.keptUntil) : [],
      ),
      ...this.#tokens.flatMap(({ kid, expiresAt }) => (this.#signing().has(kid) ? [] : [expiresAt - 1])),
    ].filter((instant) => instant > now);
    return instants.length === 0 ? undefined : Math.min(...instants);
  }

  #instantsOf({ rotation, asksAt, interval = 0 }: Replica, start: number): number[] {
    const { now } = this.#clock;
    const { keys, nextChangeAt } = rotation.status();
    const freshness = Math.max(...this.#published.map((each) => each.freshness), 1_000);
    const isUnderWay = keys.some(({ slot }) => slot === 'next') || now < this.#changedAt + freshness;
    return [
      // A millisecond more, since instants are rounded.
      ...(nextChangeAt ? around(nextChangeAt.getTime() + 1) : []),
      ...(asksAt !== undefined && asksAt <= start + interval && interval > 0 ? [asksAt] : []),
      ...(isUnderWay ? [now + freshness / looksWithinFreshness] : []),
    ];
  }

  #isCurrent(jwks: object): boolean {
    const text = JSON.stringify(jwks);
    return this.#published.some((each) => JSON.stringify(each.jwks) === text);
  }
}

async function replicasOf(
  apps: readonly INestApplication[],
  { jwksPath }: WithRotationOptions,
): Promise<Replica[]> {
  const nameOfOne = (index: number) => (apps.length === 1 ? 'The application' : `Replica ${index + 1}`);
  return Promise.all(apps.map((app, index) => Replica.of(app, nameOfOne(index), jwksPath)));
}

/** Whether a replica has asked since, or never will. */
function knowsOf({ asks }: RevokedKey, replica: Replica): boolean {
  return replica.interval === undefined || replica.asks > (asks.get(replica) ?? -1);
}

function around(instant: number): [number, number] {
  return [instant - 2, instant];
}

function nameOf({ by, kid, alg }: SignedToken): string {
  return `${by.jwksUri.href} ${kid} ${alg}`;
}

function keysOf(published: readonly Published[]): string {
  return JSON.stringify(published.map(({ jwks }) => jwks));
}
