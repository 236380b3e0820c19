import { algorithms } from '../algorithms.js';
import type { Algorithm } from '../algorithms.js';
import { canonicalJwk, canonicalMembers } from './canonical.js';
import type { KeyOfSet } from './key-of-set.js';
import type { KeySetDocument } from './key-set-document.js';

/** Every key of an issuer with its instants, checked. Immutable. */
export class KeySet {
  /** By algorithm, and within one by the instant from which each is to sign. */
  readonly keys: readonly KeyOfSet[];
  // They are kept whatever they are, and may be nobody's business.
  readonly #members: Readonly<Record<string, unknown>>;

  constructor(keys: readonly KeyOfSet[], members: Readonly<Record<string, unknown>> = {}) {
    this.keys = Object.freeze(keys.toSorted(inOrder));
    this.#members = members;
  }

  /** The members of the document beside its keys. */
  get members(): Readonly<Record<string, unknown>> {
    return this.#members;
  }

  /** The algorithms of its keys, in the order in which a default is chosen. */
  get algorithms(): readonly Algorithm[] {
    return algorithms.filter((algorithm) => this.keys.some((key) => key.algorithm === algorithm));
  }

  /** The keys of an algorithm, oldest first. */
  of(algorithm: Algorithm): readonly KeyOfSet[] {
    return this.keys.filter((key) => key.algorithm === algorithm);
  }

  /** The unrevoked ones of these: the next in this list is a key's successor. */
  unrevokedOf(algorithm: Algorithm): readonly KeyOfSet[] {
    return this.of(algorithm).filter(({ revoked }) => revoked === undefined);
  }

  /** The key with this kid or thumbprint. */
  named(name: string): KeyOfSet | undefined {
    return this.keys.find((key) => key.kid === name) ?? this.keys.find((key) => key.isNamed(name));
  }

  has({ thumbprint }: Pick<KeyOfSet, 'thumbprint'>): boolean {
    return this.keys.some((key) => key.thumbprint === thumbprint);
  }

  /** The same set where `change` gives each key its new form, or undefined for one that goes. */
  changed(change: (key: KeyOfSet) => KeyOfSet | undefined): KeySet {
    const keys = this.keys.flatMap((key) => change(key) ?? []);
    const isSame = keys.length === this.keys.length && keys.every((key, index) => key === this.keys[index]);
    return isSame ? this : new KeySet(keys, this.members);
  }

  and(key: KeyOfSet): KeySet {
    return new KeySet([...this.keys, key], this.members);
  }

  /** The version of the store that the document was made from. */
  get base(): string | number | undefined {
    return this.members.base as string | number | undefined;
  }

  withBase(base: string | number | undefined): KeySet {
    return new KeySet(this.keys, { ...this.members, base });
  }

  /** The document, with every private half that it holds. */
  toDocument(): KeySetDocument {
    return {
      ...canonicalMembers(this.members),
      keys: this.keys.map((key) => canonicalJwk(key.toDocument())),
    };
  }

  /** The document as one line of JSON: the same text for the same key set. */
  toText(): string {
    return JSON.stringify(this.toDocument());
  }
}

function inOrder(a: KeyOfSet, b: KeyOfSet): number {
  const byAlgorithm = algorithms.indexOf(a.algorithm) - algorithms.indexOf(b.algorithm);
  if (byAlgorithm !== 0) return byAlgorithm;
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.kid < b.kid ? -1 : 1;
}
