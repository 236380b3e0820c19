import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { MountedFolder } from './mounted-folder.js';
import { Replicas, size } from './replicas.js';
import { milliseconds, realTimes } from './scale.js';
import type { Slots } from './slots.js';

// When the last replica gets a change, with a little time left to take it over within the spread.
const longestDelay = 0.9 * milliseconds(realTimes.spread);

/** Replicas, each with a folder of its own in which a platform puts the files of the slots. */
export class Fleet {
  readonly replicas: Replicas;
  /** How many files were half written, and noticed, on purpose. */
  halfWrittenFiles = 0;
  readonly #folders: readonly MountedFolder[];
  #slots: Slots;

  private constructor(replicas: Replicas, folders: readonly MountedFolder[], slots: Slots) {
    this.replicas = replicas;
    this.#folders = folders;
    this.#slots = slots;
  }

  static async start(
    path: string,
    Folder: new (path: string) => MountedFolder,
    slots: Slots,
  ): Promise<Fleet> {
    const folders = Array.from({ length: size }, (_, index) => new Folder(join(path, String(index))));
    await Promise.all(folders.map((folder) => folder.write(slots)));
    const replicas = await Replicas.of((index) => folders[index]!.settings);
    await replicas.startAll();
    return new Fleet(replicas, folders, slots);
  }

  /** What was deployed last. */
  get slots(): Slots {
    return this.#slots;
  }

  /** Hands new slots out, to one replica after the other. */
  async deploy(slots: Slots, { halfWrittenFile = false } = {}): Promise<void> {
    this.#slots = slots;
    await Promise.all(
      this.#folders.map(async (folder, index) => {
        await wait((index / (size - 1)) * longestDelay);
        if (halfWrittenFile && index === 0) {
          const noticed = this.replicas.all[index]!.untilReloadFails();
          await folder.writeHalf(slots);
          await noticed;
          this.halfWrittenFiles += 1;
        }
        await folder.write(slots);
      }),
    );
  }

  /** Kills the last replica without a warning, and starts it again. */
  async crash(): Promise<void> {
    await this.replicas.crash(this.replicas.all.at(-1)!);
  }

  /** Stops one replica after the other, and starts it with the new slots: a rolling restart. */
  async replaceAndRestart(slots: Slots): Promise<void> {
    this.#slots = slots;
    for (const [index, replica] of this.replicas.all.entries()) {
      await this.replicas.takeDown(replica);
      await this.#folders[index]!.write(slots);
      await this.replicas.start(replica);
    }
  }

  async untilAllSign(kid: string): Promise<void> {
    await this.replicas.untilAllSign(kid);
  }
}
