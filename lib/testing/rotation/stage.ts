import { Fleet } from './fleet.js';
import { Front } from './front.js';
import { History } from './history.js';
import { instantsOf } from './instants.js';
import { checkKeysOfTokens, checkParty, checkReplicas, checkRevoked, checkSlots } from './look.js';
import type { Scene } from './look.js';
import { publishedBy } from './published.js';
import type { Published } from './published.js';
import type { Replica } from './replica.js';
import { RevokedKeys } from './revoked-keys.js';
import { TestClock } from './test-clock.js';
import { Tokens } from './tokens.js';
import type { WithRotationOptions } from './with-rotation.options.js';

/** The application and all who verify its tokens, at one instant after the other. */
export class Stage {
  readonly clock: TestClock;
  readonly tokens: Tokens;
  readonly #front: Front;
  readonly #fleet: Fleet;
  readonly #history = new History();
  readonly #revoked = new RevokedKeys();
  #published: readonly Published[] = [];
  /** When the published keys changed last. */
  #changedAt = 0;

  private constructor(options: WithRotationOptions, front: Front, fleet: Fleet) {
    this.clock = new TestClock(front.replicas.map(({ rotation }) => rotation));
    this.tokens = new Tokens(options);
    this.#front = front;
    this.#fleet = fleet;
    this.#takeTime();
  }

  static async with(replicas: readonly Replica[], options: WithRotationOptions): Promise<Stage> {
    const front = new Front(replicas);
    return new Stage(options, front, await Fleet.of(front));
  }

  get replicas(): readonly Replica[] {
    return this.#front.replicas;
  }

  replace(replicas: readonly Replica[]): void {
    this.#front.replace(replicas);
    this.#takeTime();
  }

  #takeTime(): void {
    for (const replica of this.replicas) {
      replica.takeTime(this.clock);
      replica.rotation.events$.subscribe((event) => {
        if (event.type === 'revoked') this.revoke(event.kid);
      });
    }
  }

  /** Nobody has to accept the tokens of this key any more, nor, of the caches that are there, to know the one in its place. */
  revoke(kid: string): void {
    if (this.#revoked.has(kid)) return;
    this.#revoked.add(kid, this.tokens, this.replicas, this.#fleet.parties);
  }

  async lookAt(instant: number): Promise<void> {
    this.clock.set(instant);
    await this.look();
  }

  /** @throws BrokenRotationError */
  async look(): Promise<void> {
    const { clock, replicas, tokens } = this;
    const { now } = clock;
    for (const replica of replicas) await replica.letPass(now);
    await this.#fetch(now);
    await tokens.sign(replicas, now);
    const before = { now, published: this.#published, history: this.#history, tokens: tokens.alive };
    let isKnown = true;
    for (const revoked of this.#revoked.all) {
      const knowing = this.#revoked.knowing(revoked, replicas);
      await checkRevoked(before, knowing, revoked, tokens.latest);
      tokens.drop(revoked.kid);
      isKnown &&= knowing.length === replicas.length;
      this.#revoked.findSuccessors(revoked, knowing, tokens.latest);
    }
    // Until every replica knows of a revocation, they differ: that is part of its price.
    if (!isKnown) return;
    const scene = { ...before, tokens: tokens.alive };
    checkSlots(scene);
    checkKeysOfTokens(scene);
    await checkReplicas(scene, replicas);
    await this.#checkParties(scene);
    await this.#fleet.join(now);
    await this.#checkParties(scene);
  }

  async #checkParties(scene: Scene): Promise<void> {
    for (const party of this.#fleet.parties) {
      const tokens = scene.tokens.filter((token) => !this.#revoked.excuses(party, token));
      await checkParty({ ...scene, tokens }, party);
    }
  }

  async #fetch(now: number): Promise<void> {
    const published: Published[] = [];
    for (const replica of this.replicas) published.push(await publishedBy(replica, now));
    for (const each of published) await this.#history.add(each, now);
    if (keysOf(published) !== keysOf(this.#published)) this.#changedAt = now;
    this.#published = published;
  }

  /**
   * The next instant that matters; undefined where nothing is left to happen.
   *
   * @param start every replica is to have asked its source since
   */
  nextInstant(start: number): number | undefined {
    const instants = instantsOf({
      now: this.clock.now,
      start,
      replicas: this.replicas,
      parties: this.#fleet.parties,
      published: this.#published,
      changedAt: this.#changedAt,
      tokens: this.tokens,
    });
    return instants.length === 0 ? undefined : Math.min(...instants);
  }
}

function keysOf(published: readonly Published[]): string {
  return JSON.stringify(published.map(({ jwks }) => jwks));
}
