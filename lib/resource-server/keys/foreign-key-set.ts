import type { JsonWebKey } from '../../core/json-web-key.js';
import { algorithmNamed, algorithms, fits } from '../../core/algorithms.js';
import type { Algorithm, SigningAlgorithm } from '../../core/algorithms.js';
import { OidcKeyError } from '../../core/errors.js';
import type { PublishedKeys } from '../../core/key/published-keys.js';
import { verificationKeyOf } from '../../core/key/signing-key.js';
import { pause } from '../../core/key/steps.js';
import type { Steps } from '../../core/key/steps.js';
import { VerificationKey } from '../../core/key/verification-key.js';
import { openJwk } from '../../core/reading/open-jwk.js';
import { otherPurposeOf } from '../../core/reading/published-set.js';

/** What became of one JWK. */
interface ReadJwk {
  readonly keys: readonly VerificationKey[];
  /** Why it is not used. */
  readonly warning?: string;
}

/**
 * How much may be checked of one set: a hundred keys of 2048 bits, or six of 8192. A check costs some milliseconds, and
 * its cost grows with the square of the length; no issuer that was seen publishes more than twenty keys.
 */
const mostWork = 100;

/** Keys of one name, or candidates of one algorithm, that are tried: each try costs a verification. */
const mostTried = 4;

/**
 * The keys that an issuer elsewhere publishes. Whatever cannot verify its tokens is left out, and the others stay
 * (RFC 7517 section 5).
 */
export class ForeignKeySet implements PublishedKeys {
  /** What was left out, and why, in sentences. */
  readonly warnings: readonly string[];
  readonly #read: ReadonlyMap<string, ReadJwk>;
  readonly #byKid = new Map<string, VerificationKey[]>();
  readonly #byAlgorithm = new Map<Algorithm, VerificationKey[]>();

  private constructor(read: ReadonlyMap<string, ReadJwk>, warnings: readonly string[]) {
    this.#read = read;
    this.warnings = warnings;
    for (const { keys } of read.values()) {
      for (const key of keys) {
        add(this.#byKid, key.kid, key);
        add(this.#byAlgorithm, key.algorithm, key);
      }
    }
  }

  /**
   * @param accepted the algorithms for which a JWK that names none is taken
   * @param before what was known already and is not checked again
   */
  static *of(
    jwks: readonly JsonWebKey[],
    accepted: readonly SigningAlgorithm[],
    before?: ForeignKeySet,
  ): Steps<ForeignKeySet> {
    const read = new Map<string, ReadJwk>();
    const checked = withinReach(jwks);
    for (const [index, jwk] of checked.entries()) {
      const text = JSON.stringify(jwk);
      const where = `Key ${index + 1} of ${jwks.length}`;
      const known = before ? before.#read.get(text) : undefined;
      read.set(text, known ?? (yield* readJwk(jwk, where, accepted)));
      yield pause;
    }
    const warnings = [...read.values()].flatMap(({ warning }) => warning ?? []);
    if (checked.length < jwks.length) {
      warnings.push(`Only the first ${checked.length} of ${jwks.length} keys are used.`);
    }
    const set = new ForeignKeySet(read, warnings);
    if (set.size === 0) warnings.push('The set holds no key that can be used, and every token is refused.');
    return set;
  }

  /** How many keys there are. */
  get size(): number {
    return [...this.#read.values()].filter(({ keys }) => keys.length > 0).length;
  }

  named(kid: string): readonly VerificationKey[] {
    return this.#byKid.get(kid) ?? [];
  }

  candidatesFor(alg: unknown): readonly VerificationKey[] {
    const algorithm = algorithmNamed(alg);
    return (algorithm && this.#byAlgorithm.get(algorithm)) ?? [];
  }
}

function withinReach(jwks: readonly JsonWebKey[]): readonly JsonWebKey[] {
  let work = 0;
  const first = jwks.findIndex(({ n }) => {
    const bits = typeof n === 'string' ? n.length * 6 : 0;
    work += Math.max(1, (bits / 2048) ** 2);
    return Math.floor(work) > mostWork;
  });
  return first < 0 ? jwks : jwks.slice(0, first);
}

function* readJwk(jwk: JsonWebKey, where: string, accepted: readonly SigningAlgorithm[]): Steps<ReadJwk> {
  const otherPurpose = otherPurposeOf(jwk);
  // Common and harmless, but for a secret that everybody can read.
  if (otherPurpose)
    return jwk.kty === 'oct' ? leftOut(`${where} ${otherPurpose[1]}, and is left out.`) : { keys: [] };
  try {
    // Whoever fetched the set can sign with it, the issuer's enemies too.
    if (jwk.d !== undefined)
      return leftOut(`${where} is a private key that everybody can read, and is left out.`);
    const { keyObject, kid, algorithm } = openJwk(jwk, where, 'verifies');
    const first = yield* verificationKeyOf({ keyObject, kid, algorithm, where });
    if (algorithm !== undefined) return { keys: [first] };
    const others = algorithmsThatFit(first, accepted).map(
      ({ names }) => new VerificationKey({ keyObject, kid, algorithm: names[0], where }),
    );
    return { keys: [first, ...others] };
  } catch (error) {
    // Its message speaks to the owner of the key.
    if (error instanceof OidcKeyError)
      return leftOut(`${where} cannot be used (${error.code}), and is left out.`);
    throw error;
  }
}

/** Those that are accepted, beside the one that the key has by default. */
function algorithmsThatFit(key: VerificationKey, accepted: readonly SigningAlgorithm[]): Algorithm[] {
  const named = accepted.map(algorithmNamed);
  return algorithms.filter(
    (each) => each !== key.algorithm && named.includes(each) && fits(key.publicKey, each),
  );
}

function leftOut(warning: string): ReadJwk {
  return { keys: [], warning };
}

function add<Name>(lists: Map<Name, VerificationKey[]>, name: Name, key: VerificationKey): void {
  const list = lists.get(name);
  if (!list) lists.set(name, [key]);
  else if (list.filter(({ algorithm }) => algorithm === key.algorithm).length < mostTried) list.push(key);
}
