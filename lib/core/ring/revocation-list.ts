import type { VerificationKey } from '../key/verification-key.js';

/** The keys that configuration revokes, each named by its kid or by its JWK thumbprint. */
export class RevocationList {
  readonly #names: ReadonlySet<string>;

  constructor(names: Iterable<string> = []) {
    this.#names = new Set(names);
  }

  names(key: VerificationKey): boolean {
    return this.#names.has(key.kid) || this.#names.has(key.thumbprint);
  }

  /** The names that are none of these keys'. */
  unknownAmong(isKnown: (name: string) => boolean): readonly string[] {
    return [...this.#names].filter((name) => !isKnown(name));
  }
}

/** The two names of a key. */
export function namesOf({ kid, thumbprint }: VerificationKey): readonly string[] {
  return [kid, thumbprint];
}
