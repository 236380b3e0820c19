import { setTimeout as wait } from 'node:timers/promises';

import { SwappedFolder } from '../drill/mounted-folder.js';
import { makeKey } from '../drill/slots.js';
import type { Slots } from '../drill/slots.js';

/**
 * Swaps the mounted key files again and again. Each second swap revokes the key that signs: this is the one change
 * that takes effect at once, where any other would wait for longer than the soak lasts.
 */
export class Rotations {
  readonly folder: SwappedFolder;
  swaps = 0;
  #slots: Slots | undefined;
  #isStopped = false;
  #running: Promise<void> | undefined;

  constructor(path: string) {
    this.folder = new SwappedFolder(path);
  }

  /** Writes the files that a server starts with. */
  async prepare(): Promise<void> {
    await this.#put({ current: await makeKey(), next: await makeKey(), previous: [] });
  }

  start(interval: number): void {
    this.#running = this.#run(interval);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(interval: number): Promise<void> {
    while (!this.#isStopped) {
      await wait(interval);
      await this.#revokeCurrent();
      await wait(interval);
      await this.#publishNext();
    }
  }

  async #revokeCurrent(): Promise<void> {
    const { current, next, previous, revokedKids = [] } = this.#slots!;
    await this.#put({ current: next!, previous, revokedKids: [...revokedKids, current.kid] });
    this.swaps += 1;
  }

  async #publishNext(): Promise<void> {
    await this.#put({ ...this.#slots!, next: await makeKey() });
    this.swaps += 1;
  }

  async #put(slots: Slots): Promise<void> {
    this.#slots = slots;
    await this.folder.write(slots);
  }
}
