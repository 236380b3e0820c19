import { setTimeout as wait } from 'node:timers/promises';

import { everyStore } from '../../test/support/stores/every-store.js';
import type {
  PlaceUnderTest,
  RunningStore,
  StoreUnderTest,
} from '../../test/support/stores/store-under-test.js';
import { Command, environmentFor } from './command.js';
import { Replicas } from './replicas.js';
import { milliseconds, realTimes } from './scale.js';
import { isOwn } from './store-named.js';
import type { Issuer, Way } from './way.js';

/** Which stores are drilled, of those that every test of stores runs over. */
const drilled = ['file', 'own', 'vault', 'kubernetes', 'aws-secrets-manager'];

/** By then a command has written, on a machine that is not busy. */
const longestCommand = 400;
const spread = milliseconds(realTimes.spread);

interface StoreIssuerOptions {
  readonly running: RunningStore;
  readonly place: PlaceUnderTest;
  readonly replicas: Replicas;
  /** How often replicas are restarted during each rotation; without it one replica crashes, and the store is away. */
  readonly restarts: number | undefined;
}

/** An issuer whose key set is in a store, and is rotated by commands. */
class StoreIssuer implements Issuer {
  rotations = 0;
  readonly #options: StoreIssuerOptions;
  #commandsAtOnce = 0;
  #killed = 0;
  #outages = 0;

  constructor(options: StoreIssuerOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.replicas.issuer;
  }

  get mishaps(): Record<string, number> {
    return {
      'replicas killed': this.#options.replicas.crashes,
      'commands killed': this.#killed,
      'commands run at once': this.#commandsAtOnce,
      'outages of the store': this.#outages,
    };
  }

  async rotate(): Promise<void> {
    const { restarts } = this.#options;
    if (restarts === undefined) await this.#rotateOnce(() => this.#mishaps());
    else await this.#rotateWhile(this.#restart(restarts));
  }

  async stop(): Promise<void> {
    await this.#options.replicas.stop();
    await this.#options.running.stop();
  }

  /** Again and again, until something else has come to its end. */
  async #rotateWhile(other: Promise<void>): Promise<void> {
    const state = { isOver: false };
    const ended = other.finally(() => (state.isOver = true));
    // It is awaited below, and not before.
    ended.catch(() => undefined);
    while (!state.isOver) await this.#rotateOnce(() => Promise.resolve());
    await ended;
    await this.#options.replicas.untilAllSign((await this.#keys()).at(-1)!.kid);
  }

  /** One command is killed at a random moment, and two others run at once: whoever writes, one key is made. */
  async #rotateOnce(meanwhile: () => Promise<void>): Promise<void> {
    const { place, replicas } = this.#options;
    const doomed = await Command.prepare('rotate', place);
    const outcome = doomed.run();
    await Promise.race([outcome, wait(Math.random() * longestCommand)]);
    doomed.kill();
    if ((await outcome) === undefined) this.#killed += 1;
    const two = await Promise.all([Command.prepare('rotate', place), Command.prepare('rotate', place)]);
    const outcomes = await Promise.all(two.map((command) => command.run()));
    this.#commandsAtOnce += two.length;
    const odd = outcomes.find((each) => each !== 'written' && each !== 'KEY_WAITS');
    if (odd !== undefined) throw new Error(`A command did not rotate: ${odd}`);
    const now = Date.now() / 1000;
    const waiting = (await this.#keys()).filter(({ nbf }) => nbf > now);
    if (waiting.length !== 1) throw new Error(`${waiting.length} keys wait, in place of one`);
    await meanwhile();
    // Any other may be down at the moment.
    await replicas.all[0]!.untilSigns(waiting[0]!.kid);
    this.rotations += 1;
  }

  /** A replica dies while the others learn of the new key; then the store is away for longer than the spread. */
  async #mishaps(): Promise<void> {
    const { replicas, running } = this.#options;
    const learned = wait(spread);
    await wait((Math.random() * spread) / 2);
    await replicas.crash(replicas.all.at(-1)!);
    await learned;
    if (!running.outage) return;
    await running.outage.begin();
    await wait(1.5 * spread);
    await running.outage.end();
    this.#outages += 1;
  }

  /** Kills replicas at random moments, and starts them again. One is left alone, so that there is always one. */
  async #restart(times: number): Promise<void> {
    const [, ...others] = this.#options.replicas.all;
    let left = times;
    await Promise.all(
      others.map(async (replica) => {
        while (left-- > 0) {
          await wait(Math.random() * 1000);
          await this.#options.replicas.crash(replica);
        }
      }),
    );
  }

  async #keys(): Promise<{ kid: string; nbf: number }[]> {
    const { text } = (await this.#options.place.open().read())!;
    return (JSON.parse(text) as { keys: { kid: string; nbf: number }[] }).keys;
  }
}

function wayOf(store: StoreUnderTest, { areRestarted = false } = {}): Way {
  return {
    name: `key set in ${store.kind} (${store.against})${areRestarted ? ', replicas restarted' : ''}`,
    isSafe: true,
    isMissing: store.isInstalled ? undefined : `${store.against} is not installed; .ci/machine installs it`,
    start: async (_, extent) => {
      const running = await store.start();
      const place = await running.place();
      const outcome = await (await Command.prepare('init', place)).run();
      if (outcome !== 'written') throw new Error(`The first key was not made: ${outcome}`);
      const { reference } = place;
      const setting = isOwn(reference) ? 'OWN_KEY_STORE' : 'OIDC_KEY_STORE';
      const settings = { ...environmentFor(place), [setting]: reference };
      const replicas = await Replicas.of(() => settings);
      await replicas.startAll();
      const restarts = areRestarted ? extent.restarts / extent.rotations : undefined;
      return new StoreIssuer({ running, place, replicas, restarts });
    },
  };
}

/** One of each kind, which may run against several things. */
const stores = drilled.flatMap((kind) => everyStore.find((store) => store.kind === kind) ?? []);

export const waysByStores: readonly Way[] = [
  ...stores.map((store) => wayOf(store)),
  ...stores.filter(({ kind }) => kind === 'file').map((store) => wayOf(store, { areRestarted: true })),
];
