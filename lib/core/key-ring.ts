import { createHash } from 'node:crypto';

import { signingAlgorithms } from './algorithms.js';
import type { SigningAlgorithm } from './algorithms.js';
import { OidcKeyError } from './errors.js';
import { loadKeyMaterial, missing } from './key-material.js';
import type { KeySetting } from './key-material.js';
import type { KeySettings } from './key-settings.js';
import type { JsonWebKeySet } from './public-jwk.js';
import { SigningKey, VerificationKey } from './signing-key.js';

/** The JWKS document as it goes over the wire. */
export interface RenderedJwks {
  readonly body: string;
  /** A strong entity tag (RFC 9110 section 8.8.3) over `body`. */
  readonly etag: string;
}

// A token without kid makes us try keys, and each try costs a verification.
const keysTriedWithoutKid = 4;

/** An immutable snapshot of all slots, validated whole, with its JWKS document rendered once. */
export class KeyRing {
  readonly current: readonly SigningKey[];
  readonly next: readonly SigningKey[];
  readonly previous: readonly VerificationKey[];
  /** The key that signs where no algorithm is asked for. */
  readonly defaultKey: SigningKey;
  readonly jwks: RenderedJwks;
  readonly #byKid: ReadonlyMap<string, VerificationKey>;

  /**
   * Loads and checks every key of every slot.
   *
   * @throws OidcKeyError `OIDC_KEY_DUPLICATE_KID`, `OIDC_KEY_SEVERAL` (two current keys of one algorithm),
   * `OIDC_KEY_NONE_TO_SIGN`, and whatever is wrong with a single key.
   */
  constructor(settings: KeySettings) {
    const load = (setting: KeySetting | undefined) => (setting ? loadKeyMaterial(setting) : []);
    this.current = Object.freeze(load(settings.current).map((material) => new SigningKey(material)));
    this.next = Object.freeze(load(settings.next).map((material) => new SigningKey(material)));
    this.previous = Object.freeze(load(settings.previous).map((material) => new VerificationKey(material)));
    refuseSeveralOfOneAlgorithm(this.current);
    this.defaultKey = defaultKeyOf(this.current, settings);

    const published = [this.current, this.next, this.previous].flatMap(byKid);
    this.#byKid = indexByKid(published);
    this.jwks = Object.freeze(render({ keys: published.map(({ publicJwk }) => publicJwk) }));
    Object.freeze(this);
  }

  /** The key with this `kid`, in whatever slot it is. */
  find(kid: string): VerificationKey | undefined {
    return this.#byKid.get(kid);
  }

  /** The keys under which a token without `kid` may have been signed: never one that does not sign yet. */
  candidatesFor(algorithm: unknown): readonly VerificationKey[] {
    const candidates = [...this.current, ...this.previous].filter((key) => key.algorithm === algorithm);
    return candidates.slice(0, keysTriedWithoutKid);
  }

  /** @throws OidcKeyError `OIDC_KEY_NONE_TO_SIGN` where no current key has this algorithm. */
  signer(algorithm?: SigningAlgorithm): SigningKey {
    if (algorithm === undefined) return this.defaultKey;
    const key = this.current.find((each) => each.algorithm === algorithm);
    if (!key) throw noneToSign('the ring');
    return key;
  }

  /** A copy of the published keys. */
  toKeySet(): JsonWebKeySet {
    return JSON.parse(this.jwks.body) as JsonWebKeySet;
  }
}

function noneToSign(where: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_NONE_TO_SIGN',
    `${where} has no current key of the algorithm that is asked for.`,
  );
}

function refuseSeveralOfOneAlgorithm(current: readonly SigningKey[]): void {
  for (const algorithm of signingAlgorithms) {
    const [first, second] = current.filter((key) => key.algorithm === algorithm);
    if (first && second) {
      throw new OidcKeyError(
        'OIDC_KEY_SEVERAL',
        `${first.where} and ${second.where} are both current keys for ${algorithm}, and only one can sign. ` +
          'Keep one, and move the other to the next or the previous keys.',
      );
    }
  }
}

function defaultKeyOf(
  current: readonly SigningKey[],
  { algorithm, current: setting }: KeySettings,
): SigningKey {
  const [first] = current;
  if (!first) throw missing(setting.name);
  const key =
    current.find((each) => each.algorithm === 'RS256') ??
    current.find((each) => each.algorithm === algorithm);
  if (key) return key;
  if (algorithm !== undefined || current.length > 1) throw noneToSign(setting.name);
  return first;
}

/** One order for one set of keys, so that every replica renders the same bytes. */
function byKid<Key extends VerificationKey>(keys: readonly Key[]): Key[] {
  return keys.toSorted((a, b) => (a.kid < b.kid ? -1 : 1));
}

function indexByKid(keys: readonly VerificationKey[]): Map<string, VerificationKey> {
  const index = new Map<string, VerificationKey>();
  for (const key of keys) {
    const other = index.get(key.kid);
    if (other) {
      throw new OidcKeyError(
        'OIDC_KEY_DUPLICATE_KID',
        `${other.where} and ${key.where} have the same kid, so no relying party could tell them apart ` +
          '(RFC 7517 section 4.5). Remove one of them, or give it another kid.',
      );
    }
    index.set(key.kid, key);
  }
  return index;
}

function render(jwks: JsonWebKeySet): RenderedJwks {
  const body = JSON.stringify(jwks);
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}
