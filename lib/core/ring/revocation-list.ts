import type { VerificationKey } from '../key/verification-key.js';

/** What a key is called by. */
export type NamesOfKey = Pick<VerificationKey, 'kid' | 'thumbprint'>;

/** The keys that configuration revokes, each named by its kid or by its JWK thumbprint. */
export class RevocationList {
  readonly #names: ReadonlySet<string>;
  /** Names that a key set revokes. It keeps them for a year, and so they need be no key's of this process. */
  readonly inKeySet: ReadonlySet<string>;

  constructor(names: Iterable<string> = [], inKeySet: Iterable<string> = []) {
    this.#names = new Set(names);
    this.inKeySet = new Set(inKeySet);
  }

  get isEmpty(): boolean {
    return this.#names.size === 0 && this.inKeySet.size === 0;
  }

  has(name: string): boolean {
    return this.#names.has(name) || this.inKeySet.has(name);
  }

  names({ kid, thumbprint }: NamesOfKey): boolean {
    return this.has(kid) || this.has(thumbprint);
  }

  /** The entries that are nobody's name, and where in the list each stands, counted from 1. */
  unknown(isKnown: (name: string) => boolean): readonly { name: string; position: number }[] {
    return [...this.#names]
      .map((name, index) => ({ name, position: index + 1 }))
      .filter(({ name }) => !isKnown(name));
  }
}

/** The two names of a key. */
export function namesOf({ kid, thumbprint }: NamesOfKey): readonly string[] {
  return [kid, thumbprint];
}
