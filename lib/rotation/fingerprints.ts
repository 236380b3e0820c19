import { createHash, KeyObject, randomUUID } from 'node:crypto';

/** Tells values apart without keeping them. */
export class Fingerprints {
  readonly #identities = new WeakMap<KeyObject, string>();

  of(value: unknown): string {
    return createHash('sha256').update(this.#textOf(value)).digest('base64url');
  }

  #textOf(value: unknown): string {
    try {
      return JSON.stringify(value, (_, part: unknown) =>
        part instanceof KeyObject ? this.#identityOf(part) : part,
      );
    } catch {
      // A value that cannot be written down counts as new each time.
      return randomUUID();
    }
  }

  /** A KeyObject is known by being the same one. */
  #identityOf(keyObject: KeyObject): string {
    const identity = this.#identities.get(keyObject) ?? randomUUID();
    this.#identities.set(keyObject, identity);
    return identity;
  }
}
