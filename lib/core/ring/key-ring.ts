import { createHash } from 'node:crypto';

import { algorithmNamed } from '../algorithms.js';
import type { SigningAlgorithm } from '../algorithms.js';
import type { JsonWebKeySet } from '../key/public-jwk.js';
import type { SigningKey } from '../key/signing-key.js';
import { defaultKeyOf, noneToSign } from './slots.js';
import type { Slots } from './slots.js';
import type { VerificationKey } from '../key/verification-key.js';

/** The JWKS document as it goes over the wire. */
export interface RenderedJwks {
  readonly body: string;
  /** A strong entity tag (RFC 9110 section 8.8.3) over `body`. */
  readonly etag: string;
}

// A token without kid makes us try keys, and each try costs a verification.
const keysTriedWithoutKid = 4;

/** An immutable snapshot of all slots, with its JWKS document rendered once. */
export class KeyRing implements Slots {
  readonly current: readonly SigningKey[];
  readonly next: readonly SigningKey[];
  readonly previous: readonly VerificationKey[];
  readonly jwks: RenderedJwks;
  readonly #defaultKey: SigningKey | undefined;
  readonly #byKid: ReadonlyMap<string, VerificationKey>;

  /** @param slots checked already; `algorithm` is the default where there is no RS256 key */
  constructor(slots: Slots, algorithm?: SigningAlgorithm) {
    this.current = Object.freeze([...slots.current]);
    this.next = Object.freeze([...slots.next]);
    this.previous = Object.freeze([...slots.previous]);
    this.#defaultKey = defaultKeyOf(this.current, algorithm);

    const published = [this.current, this.next, this.previous].flatMap(sortedByKid);
    this.#byKid = new Map(published.map((key) => [key.kid, key]));
    this.jwks = Object.freeze(render(published));
    Object.freeze(this);
  }

  /** The key with this `kid`, in whatever slot it is. */
  find(kid: string): VerificationKey | undefined {
    return this.#byKid.get(kid);
  }

  /** The keys under which a token without `kid` may have been signed: never one that does not sign yet. */
  candidatesFor(alg: unknown): readonly VerificationKey[] {
    const name = algorithmNamed(alg)?.name;
    return [...this.current, ...this.previous]
      .filter((key) => key.algorithm === name)
      .slice(0, keysTriedWithoutKid);
  }

  /**
   * The key that signs, for the default algorithm unless another one is asked for.
   *
   * @throws OidcKeyError `OIDC_KEY_NONE_TO_SIGN`
   */
  signer(algorithm?: SigningAlgorithm): SigningKey {
    const key =
      algorithm === undefined ? this.#defaultKey : this.current.find((each) => each.algorithm === algorithm);
    if (!key) throw noneToSign('The key ring');
    return key;
  }

  /** True where a ring of these slots would be the same. */
  has(slots: Slots): boolean {
    return (['current', 'next', 'previous'] as const).every(
      (slot) =>
        this[slot].length === slots[slot].length &&
        this[slot].every((key, index) => key === slots[slot][index]),
    );
  }

  /** False where nothing is left to sign with. */
  canSign(): boolean {
    return this.#defaultKey !== undefined;
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
function sortedByKid<Key extends VerificationKey>(keys: readonly Key[]): Key[] {
  return keys.toSorted((a, b) => (a.kid < b.kid ? -1 : 1));
}

function render(keys: readonly VerificationKey[]): RenderedJwks {
  const body = `{"keys":[${keys.map(({ publicJson }) => publicJson).join(',')}]}`;
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}
