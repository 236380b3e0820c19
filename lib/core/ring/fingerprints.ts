import { createHash, KeyObject, randomUUID } from 'node:crypto';
import { isUint8Array } from 'node:util/types';

import { isObject, isPlain } from '../objects.js';

/** Tells values apart without keeping them. */
export class Fingerprints {
  readonly #identities = new WeakMap<object, string>();

  of(value: unknown): string {
    return digestOf(this.#textOf(value));
  }

  #textOf(value: unknown): string {
    try {
      const { writable } = this;
      return JSON.stringify(digested(value), function (this: Record<string, unknown>, name) {
        // What stands there, before JSON asks it how it wants to be written.
        return writable(this[name]);
      });
    } catch {
      // A value that cannot be written down counts as new each time.
      return randomUUID();
    }
  }

  private readonly writable = (part: unknown): unknown => {
    // JSON would leave out a function, and the signer that is behind it.
    if (part instanceof KeyObject || typeof part === 'function') return this.#identityOf(part);
    // Of an object of a class JSON may show a part only, so it counts as new each time.
    if (isObject(part) && (!isPlain(part) || typeof part.toJSON === 'function')) return randomUUID();
    return part;
  };

  /** What cannot be written down is known by being the same one. */
  #identityOf(part: object): string {
    const identity = this.#identities.get(part) ?? randomUUID();
    this.#identities.set(part, identity);
    return identity;
  }
}

function digestOf(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('base64url');
}

/** Bytes as their digest, in lists and described keys too: JSON would write every byte as a number. */
function digested(value: unknown): unknown {
  if (isUint8Array(value)) return { digest: digestOf(value) };
  if (Array.isArray(value)) return value.map(digested);
  const isDescribed = isObject(value) && isPlain(value) && isUint8Array(value.key);
  return isDescribed ? { ...value, key: digested(value.key) } : value;
}
