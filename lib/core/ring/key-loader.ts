import type { Algorithm, SigningAlgorithm } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import { pause, runLater, runNow } from '../key/steps.js';
import type { Steps } from '../key/steps.js';
import { signingKeyOf, verificationKeyOf } from '../key/signing-key.js';
import type { VerificationKey } from '../key/verification-key.js';
import { isObject } from '../objects.js';
import { instantIn } from '../reading/instant.js';
import { keyMaterialOf } from '../reading/key-material.js';
import type { KeyInput, KeySetting } from '../reading/key-material.js';
import type { KeySlots } from '../reading/key-slots.js';
import { missing } from '../reading/missing-key.js';
import { NamedValue } from '../reading/named-value.js';
import { revokedKidsOf } from '../reading/revoked-kids.js';
import { isUnset } from '../reading/text.js';
import { checkLives } from './check-lives.js';
import { defaultAlgorithmAmong, noneToSign } from './default-algorithm.js';
import { Fingerprints } from './fingerprints.js';
import { slotNames, withoutRevoked } from './life.js';
import type { IsRevoked, KeyInSlot, Life, Lives, Slot } from './life.js';
import { namesOf, RevocationList } from './revocation-list.js';
import { refuseSharedPrimes } from './refuse-shared-primes.js';

/** What a loader has to know beside the values. */
export interface LoadContext {
  /** The option "algorithm". */
  readonly algorithm?: SigningAlgorithm | undefined;
  /** The keys that are revoked, whether the values name them or not. */
  readonly isRevoked?: IsRevoked;
  /** The keys that are published already. */
  readonly published?: readonly KeyInSlot[];
}

type Loaded = Pick<Life, 'key' | 'signer'>;

/** What was loaded from one value. */
interface LoadedValue {
  readonly keys: readonly Loaded[];
  readonly warnings: readonly string[];
}

/** How messages call the members of a source that gives plain values. */
const nameOfSlot = (member: string) => `The source’s slot "${member}"`;

const members = [...slotNames, 'revokedKids', 'nextActivatesAt', 'passphrase'];

/**
 * The revocations of a source, which take effect whatever else is wrong: what is wrong with them is found when the
 * rest is loaded.
 */
export function revocationsIn(slots: KeySlots): RevocationList {
  return new RevocationList(revokedKidsIn(slots).kids);
}

function revokedKidsIn(slots: KeySlots): { kids: readonly string[]; defect?: OidcKeyError | undefined } {
  if (!isObject(slots)) return { kids: [] };
  const { where, value } = memberOf(slots, 'revokedKids');
  return value instanceof OidcKeyError ? { kids: [], defect: value } : revokedKidsOf(value, where);
}

function memberOf(slots: KeySlots, member: keyof KeySlots): NamedValue {
  const value = slots[member];
  return value instanceof NamedValue ? value : new NamedValue(nameOfSlot(member), value);
}

/** @throws OidcKeyError where the value could not be had */
function had({ value }: NamedValue): unknown {
  if (value instanceof OidcKeyError) throw value;
  return value;
}

/**
 * Loads what a source has: opens every key, has every private one sign once, and checks all of them as a whole. A value
 * that is the same as last time is not opened again.
 */
export class KeyLoader {
  #loaded = new Map<string, LoadedValue>();
  readonly #fingerprints = new Fingerprints();

  /** Rejects with whatever is wrong with a value, and then remembers what it remembered before. */
  load(slots: KeySlots, context: LoadContext): Promise<Lives> {
    return runLater(this.#livesOf(slots, context));
  }

  /** The same for a constructor, which cannot wait. */
  loadNow(slots: KeySlots, context: LoadContext): Lives {
    return runNow(this.#livesOf(slots, context));
  }

  *#livesOf(slots: KeySlots, context: LoadContext): Steps<Lives> {
    refuseUnknownMembers(slots);
    const { defect } = revokedKidsIn(slots);
    if (defect) throw defect;

    const passphrase = memberOf(slots, 'passphrase');
    const loaded = new Map<string, LoadedValue>();
    const lives: Life[] = [];
    const warnings: string[] = [];
    const fresh = new Set<VerificationKey>();
    const signsFrom = this.#instantIn(slots);
    for (const slot of slotNames) {
      const value = memberOf(slots, slot);
      // The option "key" that is undefined is a mistake to report, where another slot may be empty.
      if (isUnset(had(value))) continue;
      const role = slot === 'previous' ? 'verifies' : 'signs';
      const given = [value.value, value.about.alias?.value, passphrase.value];
      const fingerprint = this.#fingerprints.of([role, value.where, ...given]);
      const known = this.#loaded.get(fingerprint);
      const found = known ?? (yield* keysOf(slot, value, passphrase));
      if (!known) for (const { key } of found.keys) fresh.add(key);
      loaded.set(fingerprint, found);
      lives.push(
        ...found.keys.map((each) => ({ ...each, slot, signsFrom: slot === 'next' ? signsFrom : undefined })),
      );
      warnings.push(...found.warnings);
    }
    const whole = yield* this.#whole(slots, lives, warnings, fresh, context);
    this.#loaded = loaded;
    return whole;
  }

  *#whole(
    slots: KeySlots,
    lives: readonly Life[],
    warnings: readonly string[],
    fresh: ReadonlySet<VerificationKey>,
    { algorithm, isRevoked = () => false, published = [] }: LoadContext,
  ): Steps<Lives> {
    const current = memberOf(slots, 'current');
    const revoked = revocationsIn(slots);
    // Whoever knows one of its names knows the key.
    const gone = new Set(lives.flatMap(({ key }) => (revoked.names(key) ? key.thumbprint : [])));
    const isGone = (key: VerificationKey) => gone.has(key.thumbprint) || isRevoked(key);
    const names = new Set(lives.flatMap(({ key }) => namesOf(key)));
    const isEmpty = !lives.some(({ slot }) => slot === 'current');
    // A revocation of a key that is not there any more is why there is none to sign.
    const nextStandsIn = isEmpty && revoked.unknownAmong((name) => names.has(name)).length > 0;
    const whole = { lives, nextStandsIn, warnings };
    const left = withoutRevoked(whole, isGone);
    const signing = algorithmsOf(isEmpty ? left : lives, 'current');
    if (signing.length === 0) throw current.about.absence ?? missing(current.where);
    checkLives(left);
    yield* refuseSharedPrimes(
      fresh,
      [...left, ...published].map(({ key }) => key),
    );
    const defaultAlgorithm = defaultAlgorithmAmong(signing, algorithm);
    if (!defaultAlgorithm) throw noneToSign(current.where, algorithm);
    return { ...whole, defaultAlgorithm };
  }

  #instantIn(slots: KeySlots): number | undefined {
    const value = memberOf(slots, 'nextActivatesAt');
    return instantIn(had(value), value.where);
  }
}

function algorithmsOf(lives: readonly Life[], wanted: Slot): Algorithm[] {
  return [...new Set(lives.flatMap(({ key, slot }) => (slot === wanted ? key.algorithm : [])))];
}

function refuseUnknownMembers(slots: KeySlots): void {
  const unknown = isObject(slots) ? Object.keys(slots).find((name) => !members.includes(name)) : 'nothing';
  if (unknown === undefined) return;
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `The source gave "${unknown}", where only ${members.join(', ')} are known.`,
  );
}

/** The keys of a value, which has to hold the same ones under its other name, where it has another. */
function* keysOf(slot: Slot, value: NamedValue, passphrase: NamedValue): Steps<LoadedValue> {
  const { alias } = value.about;
  const found = yield* opened(slot, value, passphrase);
  if (!alias) return found;
  const other = yield* opened(slot, alias, passphrase);
  const thumbprints = ({ keys }: LoadedValue) =>
    keys
      .map(({ key }) => key.thumbprint)
      .toSorted()
      .join();
  if (thumbprints(found) === thumbprints(other)) return found;
  throw new OidcKeyError(
    'OIDC_KEY_CONFLICT',
    `${value.where} and ${alias.where} hold different keys. Remove one of them; ${alias.where} is only an alias.`,
  );
}

function* opened(slot: Slot, { where, value }: NamedValue, passphrase: NamedValue): Steps<LoadedValue> {
  const warnings: string[] = [];
  const setting: KeySetting = {
    name: where,
    value: value as KeyInput | readonly KeyInput[],
    passphrase: had(passphrase),
    passphraseRemedy: passphrase.about.remedy,
    role: slot === 'previous' ? 'verifies' : 'signs',
    onSkipped: (message) => warnings.push(message),
  };
  const keys: Loaded[] = [];
  for (const material of keyMaterialOf(setting)) {
    keys.push(
      slot === 'previous' ? { key: yield* verificationKeyOf(material) } : yield* signingKeyOf(material),
    );
    // Hundreds of keys must not hold up a request that waits.
    yield pause;
  }
  return { keys, warnings };
}
