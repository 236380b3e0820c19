import { createHash } from 'node:crypto';

import { algorithmNamed } from '../algorithms.js';
import type { Algorithm, SigningAlgorithm } from '../algorithms.js';
import type { JsonWebKeySet } from '../key/public-jwk.js';
import type { PublishedKeys } from '../key/published-keys.js';
import type { SigningKey } from '../key/signing-key.js';
import type { VerificationKey } from '../key/verification-key.js';
import { noneToSign } from './default-algorithm.js';
import { inOrder, slotNames } from './life.js';
import type { KeyInSlot } from './life.js';

/** The JWKS document as it goes over the wire. */
export interface RenderedJwks {
  readonly body: string;
  /** A strong entity tag (RFC 9110 section 8.8.3) over `body`. */
  readonly etag: string;
}

// A token without kid makes us try keys, and each try costs a verification.
const keysTriedWithoutKid = 4;

/** An immutable snapshot of all slots, with its JWKS document rendered once. */
export class KeyRing implements PublishedKeys {
  /** The keys of all slots: current, next and previous, newest first. */
  readonly keys: readonly KeyInSlot[];
  readonly jwks: RenderedJwks;
  readonly #signing: ReadonlyMap<Algorithm, SigningKey>;
  readonly #defaultAlgorithm: Algorithm | undefined;
  readonly #byKid: ReadonlyMap<string, VerificationKey>;
  #digest: string | undefined;

  /** @param keys checked already; `defaultAlgorithm` signs where none is asked for */
  constructor(keys: readonly KeyInSlot[], defaultAlgorithm: Algorithm | undefined) {
    const slots = slotNames.map((slot) => keys.filter((each) => each.slot === slot));
    this.keys = Object.freeze(slots.flat());
    this.#signing = new Map(
      this.keys.flatMap(({ key, signer, slot }) =>
        slot === 'current' && signer ? [[key.algorithm, { key, signer }]] : [],
      ),
    );
    this.#defaultAlgorithm = defaultAlgorithm;

    const published = slots.flatMap(sortedByKid);
    this.#byKid = new Map(published.map((key) => [key.kid, key]));
    this.jwks = Object.freeze(render(published));
    Object.freeze(this);
  }

  /** The key with this `kid`, in whatever slot it is. */
  find(kid: string): VerificationKey | undefined {
    return this.#byKid.get(kid);
  }

  named(kid: string): readonly VerificationKey[] {
    const key = this.find(kid);
    return key ? [key] : [];
  }

  /** The keys under which a token without `kid` may have been signed: never one that does not sign yet. */
  candidatesFor(alg: unknown): readonly VerificationKey[] {
    const algorithm = algorithmNamed(alg);
    return this.keys
      .filter(({ key, slot }) => slot !== 'next' && key.algorithm === algorithm)
      .slice(0, keysTriedWithoutKid)
      .map(({ key }) => key);
  }

  /**
   * The key that signs, for the default algorithm unless another one is asked for.
   *
   * @throws OidcKeyError `OIDC_KEY_NONE_TO_SIGN`
   */
  signingKey(alg?: SigningAlgorithm): SigningKey {
    const algorithm = alg === undefined ? this.#defaultAlgorithm : algorithmNamed(alg);
    const signing = algorithm && this.#signing.get(algorithm);
    if (!signing) throw noneToSign('The key ring', alg);
    return signing;
  }

  /** The keys that sign, one for each algorithm. */
  signingKeys(): readonly SigningKey[] {
    return [...this.#signing.values()];
  }

  /** False where nothing is left to sign with unless an algorithm is asked for. */
  canSign(): boolean {
    return this.#defaultAlgorithm !== undefined && this.#signing.has(this.#defaultAlgorithm);
  }

  /** True where a ring of these would be the same. */
  isOf(keys: readonly KeyInSlot[], defaultAlgorithm: Algorithm | undefined): boolean {
    const other = inOrder(keys);
    return (
      this.#defaultAlgorithm === defaultAlgorithm &&
      this.keys.length === other.length &&
      this.keys.every(({ key, slot }, index) => key === other[index]?.key && slot === other[index].slot)
    );
  }

  /** The same in every replica that publishes the same keys, whatever slots they are in. Made once, when asked for. */
  get digest(): string {
    this.#digest ??= digestOf([...this.#byKid.values()]);
    return this.#digest;
  }

  /** The kids of all published keys. */
  kids(): string[] {
    return [...this.#byKid.keys()];
  }

  /** A copy of the published keys. */
  toKeySet(): JsonWebKeySet {
    return JSON.parse(this.jwks.body) as JsonWebKeySet;
  }
}

/** One order for one set of keys, so that every replica renders the same bytes. */
function sortedByKid(keys: readonly KeyInSlot[]): VerificationKey[] {
  return keys.map(({ key }) => key).toSorted(byKid);
}

function byKid(a: VerificationKey, b: VerificationKey): number {
  return a.kid < b.kid ? -1 : 1;
}

function render(keys: readonly VerificationKey[]): RenderedJwks {
  const body = `{"keys":[${keys.map(({ publicJson }) => publicJson).join(',')}]}`;
  return { body, etag: `"${sha256(body)}"` };
}

function digestOf(keys: readonly VerificationKey[]): string {
  return sha256(
    keys
      .toSorted(byKid)
      .map(({ publicJson }) => publicJson)
      .join(','),
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
