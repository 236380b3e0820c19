import type { VerificationKey } from '../core/key/verification-key.js';
import { namesOf, RevocationList } from '../core/ring/revocation-list.js';

/** What a process remembers of revocations: they are of keys, whatever these are called later. */
export class Revocations {
  #list = new RevocationList();
  /** Thumbprints of the keys that were revoked. */
  readonly #revoked = new Set<string>();
  /** Every name by which this process has known a key. */
  readonly #known = new Set<string>();

  readonly isRevoked = (key: VerificationKey): boolean =>
    this.#list.names(key) || this.#revoked.has(key.thumbprint);

  takeOver(list: RevocationList): void {
    this.#list = list;
  }

  /** Remembers these keys, and which of them are revoked: whoever knows one of its names knows the key. */
  remember(keys: readonly VerificationKey[]): void {
    for (const key of keys) {
      for (const name of namesOf(key)) this.#known.add(name);
      if (this.#list.names(key)) this.#revoked.add(key.thumbprint);
    }
  }

  /** A list that is read as empty for a moment must not bring a key back, until configuration has given it up. */
  forgetAllBut(keys: readonly VerificationKey[]): void {
    const configured = new Set(keys.map(({ thumbprint }) => thumbprint));
    for (const thumbprint of this.#revoked) {
      if (!configured.has(thumbprint)) this.#revoked.delete(thumbprint);
    }
  }

  /** Names of the list that are no key's, now or earlier. */
  unknown(): readonly string[] {
    return this.#list.unknownAmong((name) => this.#known.has(name));
  }
}
