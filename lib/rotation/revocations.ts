import { nearestTo } from '../core/edit-distance.js';
import { namesOf, RevocationList } from '../core/ring/revocation-list.js';
import type { NamesOfKey } from '../core/ring/revocation-list.js';

/**
 * An entry of the revoked kids that is no key's. It is told by its place, and not by its text: what was put there by
 * mistake may be a key or a passphrase.
 */
export interface UnknownRevocation {
  /** Counted from 1, each name once. */
  readonly position: number;
  /** How long it is. */
  readonly characters: number;
  /** The kid or thumbprint of a key of this process that differs from it in a few letters only. */
  readonly nearest: string | undefined;
}

// More is another name, and not one that is misspelt.
const farthest = 3;
// With a thousand keys each takes a millisecond.
const comparedEntries = 3;

/** What a process remembers of revocations: they are of keys, whatever these are called later. */
export class Revocations {
  #list = new RevocationList();
  /** Thumbprints of the keys that were revoked, each with the names that the key has had. */
  readonly #revoked = new Map<string, Set<string>>();
  /** Every name by which this process has known a key. */
  readonly #known = new Set<string>();
  /** Keys whose names are among these: a reload brings a thousand of them again. */
  readonly #remembered = new WeakSet<NamesOfKey>();
  /** Names that a key set has revoked: whatever it says later, that is not undone. */
  readonly #inKeySets = new Set<string>();
  #unknown: readonly UnknownRevocation[] | undefined;

  readonly isRevoked = (key: NamesOfKey): boolean =>
    this.#list.names(key) ||
    this.#revoked.has(key.thumbprint) ||
    namesOf(key).some((name) => this.#inKeySets.has(name));

  /** What configuration revokes now. */
  get list(): RevocationList {
    return this.#list;
  }

  /** True where a key of this process is revoked. */
  get hasTakenEffect(): boolean {
    return this.#revoked.size > 0;
  }

  /** True where no key is revoked, nor may be. */
  get isEmpty(): boolean {
    return this.#list.isEmpty && this.#revoked.size === 0;
  }

  takeOver(list: RevocationList): void {
    this.#list = list;
    for (const name of list.inKeySet) this.#inKeySets.add(name);
    this.#unknown = undefined;
  }

  /** Remembers these keys, and which of them are revoked: whoever knows one of its names knows the key. */
  remember(keys: readonly NamesOfKey[]): void {
    for (const key of keys) {
      if (this.isRevoked(key)) this.#revoke(key);
      if (this.#remembered.has(key)) continue;
      this.#remembered.add(key);
      for (const name of namesOf(key)) this.#known.add(name);
      this.#unknown = undefined;
    }
  }

  #revoke(key: NamesOfKey): void {
    const names = this.#revoked.get(key.thumbprint) ?? new Set();
    for (const name of namesOf(key)) names.add(name);
    this.#revoked.set(key.thumbprint, names);
  }

  /**
   * A revocation stays for as long as the list names the key, by whatever name it has had, and for as long as
   * configuration holds it: a list that is read as empty for a moment must not bring a key back.
   */
  forgetAllBut(keys: readonly NamesOfKey[]): void {
    if (this.#revoked.size === 0) return;
    const configured = new Set(keys.map(({ thumbprint }) => thumbprint));
    for (const [thumbprint, names] of this.#revoked) {
      const isNamed = [...names].some((name) => this.#list.has(name));
      if (!configured.has(thumbprint) && !isNamed) this.#revoked.delete(thumbprint);
    }
  }

  /** Entries of the list that are no key's, now or earlier. */
  unknown(): readonly UnknownRevocation[] {
    // Compared once, however often somebody asks.
    this.#unknown ??= this.#list
      .unknown((name) => this.#known.has(name))
      .map(({ name, position }, index) => ({
        position,
        characters: name.length,
        nearest: index < comparedEntries ? nearestTo(name, this.#known, farthest) : undefined,
      }));
    return this.#unknown;
  }
}
