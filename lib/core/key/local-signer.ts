import { sign } from 'node:crypto';
import type { KeyObject, SignKeyObjectInput } from 'node:crypto';
import { promisify } from 'node:util';

import type { Algorithm } from '../algorithms.js';
import type { Signer } from './signer.js';
import { SigningQueue } from './signing-queue.js';
import { SigningTurns } from './signing-turns.js';

// With a callback node:crypto works on libuv's thread pool, off the event loop.
const signOnThreadPool = promisify(sign);

/** One of each for the process, as there is one pool and one event loop. */
const queue = new SigningQueue();
const turns = new SigningTurns();

/** Signs with a private key in this process. Nothing but `sign` and `signNow` can reach the key. */
export class LocalSigner implements Signer {
  readonly #hash: string | null;
  readonly #parameters: SignKeyObjectInput;
  readonly #isOnEventLoop: boolean;

  constructor(privateKey: KeyObject, { hash, parameters, signsOn }: Algorithm) {
    this.#hash = hash;
    this.#parameters = { ...parameters, key: privateKey };
    this.#isOnEventLoop = signsOn === 'event loop';
  }

  sign(data: Buffer, _signal?: AbortSignal, begun?: () => void): Promise<Buffer> {
    if (this.#isOnEventLoop) {
      return turns.run(() => {
        begun?.();
        return this.signNow(data);
      });
    }
    return queue.run(() => {
      begun?.();
      return signOnThreadPool(this.#hash, data, this.#parameters);
    });
  }

  /** On the event loop, whatever it costs: for a constructor, which cannot wait. */
  signNow(data: Buffer): Buffer {
    return sign(this.#hash, data, this.#parameters);
  }
}
