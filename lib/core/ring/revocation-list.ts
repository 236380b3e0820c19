import type { VerificationKey } from '../key/verification-key.js';

/** The keys that configuration revokes, each named by its kid or by its JWK thumbprint. */
export class RevocationList {
  readonly #names: ReadonlySet<string>;

  constructor(names: Iterable<string> = []) {
    this.#names = new Set(names);
  }

  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  names(key: VerificationKey): boolean {
    return this.#names.has(key.kid) || this.#names.has(key.thumbprint);
  }

  /** The entries that are nobody's name, and where in the list each stands, counted from 1. */
  unknown(isKnown: (name: string) => boolean): readonly { name: string; position: number }[] {
    return [...this.#names]
      .map((name, index) => ({ name, position: index + 1 }))
      .filter(({ name }) => !isKnown(name));
  }
}

/** The two names of a key. */
export function namesOf({ kid, thumbprint }: VerificationKey): readonly string[] {
  return [kid, thumbprint];
}
