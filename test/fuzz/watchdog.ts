import { writeSync } from 'node:fs';
import { Worker, isMainThread, workerData } from 'node:worker_threads';

/** Longer than any case may take, on however busy a machine. */
const patience = 60_000;

const room = 4_000;

/** Ends the process where one case never ends, and says which: a thread of its own, since a hang blocks this one. */
export class Watchdog {
  readonly #shared = new SharedArrayBuffer(4 + room);
  readonly #count = new Int32Array(this.#shared, 0, 1);
  readonly #text = Buffer.from(this.#shared, 4);
  readonly #worker = new Worker(new URL(import.meta.url), { workerData: this.#shared });

  begin(name: string): void {
    this.#text.fill(0);
    this.#text.write(name.slice(0, room / 4));
    Atomics.add(this.#count, 0, 1);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

function watch(shared: SharedArrayBuffer): void {
  const count = new Int32Array(shared, 0, 1);
  let last = -1;
  setInterval(() => {
    const now = Atomics.load(count, 0);
    if (now === last) {
      const text = Buffer.from(shared, 4);
      writeSync(2, `this case does not end: ${text.subarray(0, text.indexOf(0)).toString()}\n`);
      process.kill(process.pid, 'SIGKILL');
    }
    last = now;
  }, patience);
}

if (!isMainThread) watch(workerData as SharedArrayBuffer);
