import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { Balancer } from './balancer.js';
import type { MountedFolder } from './mounted-folder.js';
import { Replica } from './replica.js';
import { milliseconds, realTimes } from './scale.js';
import type { Slots } from './slots.js';

const size = 3;
// When the last replica gets a change, with a little time left to take it over within the spread.
const longestDelay = 0.9 * milliseconds(realTimes.spread);

/** What went wrong on purpose. */
export interface Mishaps {
  crashes: number;
  halfWrittenFiles: number;
}

/** The replicas of one issuer, each with a folder of its own, behind one balancer. */
export class Fleet {
  readonly mishaps: Mishaps = { crashes: 0, halfWrittenFiles: 0 };
  readonly #balancer: Balancer;
  readonly #replicas: readonly Replica[];
  #slots: Slots;

  private constructor(balancer: Balancer, replicas: readonly Replica[], slots: Slots) {
    this.#balancer = balancer;
    this.#replicas = replicas;
    this.#slots = slots;
  }

  static async start(
    path: string,
    Folder: new (path: string) => MountedFolder,
    slots: Slots,
  ): Promise<Fleet> {
    const balancer = await Balancer.start();
    const replicas = Array.from(
      { length: size },
      (_, index) => new Replica(new Folder(join(path, String(index))), balancer.origin),
    );
    const fleet = new Fleet(balancer, replicas, slots);
    await Promise.all(
      replicas.map(async (replica) => {
        await replica.folder.write(slots);
        await fleet.#start(replica);
      }),
    );
    return fleet;
  }

  get issuer(): string {
    return this.#balancer.origin;
  }

  /** What was deployed last. */
  get slots(): Slots {
    return this.#slots;
  }

  /** Hands new slots out, to one replica after the other. */
  async deploy(slots: Slots, { halfWrittenFile = false } = {}): Promise<void> {
    this.#slots = slots;
    await Promise.all(
      this.#replicas.map(async (replica, index) => {
        await wait((index / (size - 1)) * longestDelay);
        if (halfWrittenFile && index === 0) {
          const noticed = replica.untilReloadFails();
          await replica.folder.writeHalf(slots);
          await noticed;
          this.mishaps.halfWrittenFiles += 1;
        }
        await replica.folder.write(slots);
      }),
    );
  }

  /** Kills the last replica without a warning, and starts it again. */
  async crash(): Promise<void> {
    const replica = this.#replicas.at(-1)!;
    await replica.end('SIGKILL');
    await this.#start(replica);
    this.mishaps.crashes += 1;
  }

  /** Stops one replica after the other, and starts it with the new slots: a rolling restart. */
  async replaceAndRestart(slots: Slots): Promise<void> {
    this.#slots = slots;
    for (const replica of this.#replicas) {
      this.#balancer.remove(replica.port);
      await replica.end('SIGTERM');
      await replica.folder.write(slots);
      await this.#start(replica);
    }
  }

  async untilAllSign(kid: string): Promise<void> {
    await Promise.all(this.#replicas.map((replica) => replica.untilSigns(kid)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#replicas.map((replica) => replica.end('SIGKILL')));
    this.#balancer.close();
  }

  async #start(replica: Replica): Promise<void> {
    await replica.start();
    this.#balancer.add(replica.port);
  }
}
