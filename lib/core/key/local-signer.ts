import { sign } from 'node:crypto';
import type { KeyObject, SignKeyObjectInput } from 'node:crypto';
import { promisify } from 'node:util';

import type { Algorithm } from '../algorithms.js';
import type { Signer } from './signer.js';
import { SigningQueue } from './signing-queue.js';

// With a callback node:crypto works on libuv's thread pool, off the event loop.
const signOnThreadPool = promisify(sign);

/** One for the process, as the pool is. */
const queue = new SigningQueue();

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

  async sign(data: Buffer): Promise<Buffer> {
    if (this.#isOnEventLoop) return this.signNow(data);
    return queue.run(() => signOnThreadPool(this.#hash, data, this.#parameters));
  }

  /** On the event loop, whatever it costs: for a constructor, which cannot wait. */
  signNow(data: Buffer): Buffer {
    return sign(this.#hash, data, this.#parameters);
  }
}
