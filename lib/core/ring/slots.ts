import { signingAlgorithms } from '../algorithms.js';
import type { SigningAlgorithm } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import { loadKeyMaterial } from '../reading/key-material.js';
import type { KeySetting } from '../reading/key-material.js';
import type { KeySettings } from '../reading/key-settings.js';
import { missing } from '../reading/missing-key.js';
import { SigningKey } from '../key/signing-key.js';
import { VerificationKey } from '../key/verification-key.js';

/** The keys of all slots. */
export interface Slots {
  readonly current: readonly SigningKey[];
  readonly next: readonly SigningKey[];
  /** Newest first. */
  readonly previous: readonly VerificationKey[];
}

/**
 * Loads every key of every slot, has every private one sign once, and checks the slots as a whole.
 *
 * @throws OidcKeyError `OIDC_KEY_MISSING`, `OIDC_KEY_SEVERAL` (two current keys of one algorithm),
 * `OIDC_KEY_DUPLICATE_KID`, `OIDC_KEY_NONE_TO_SIGN`, and whatever is wrong with a single key.
 */
export function loadSlotsNow(settings: KeySettings): Slots {
  const slots: Slots = {
    current: signingKeys(settings.current),
    next: signingKeys(settings.next),
    previous: verificationKeys(settings.previous),
  };
  checkSlots(slots, settings);
  return slots;
}

function signingKeys(setting: KeySetting | undefined): SigningKey[] {
  return setting ? loadKeyMaterial(setting).map((material) => new SigningKey(material).proveNow()) : [];
}

function verificationKeys(setting: KeySetting | undefined): VerificationKey[] {
  return setting ? loadKeyMaterial(setting).map((material) => new VerificationKey(material).proveNow()) : [];
}

/** Checks the slots as a whole. Throws as {@link loadSlotsNow} does. */
export function checkSlots({ current, next, previous }: Slots, settings: KeySettings): void {
  if (current.length === 0) throw missing(settings.current.name);
  refuseSeveralOfOneAlgorithm(current);
  refuseDuplicateKids([...current, ...next, ...previous]);
  if (!defaultKeyOf(current, settings.algorithm)) throw noneToSign(settings.current.name);
}

/** RS256 where there is one, else the algorithm that was chosen, else the only key. */
export function defaultKeyOf(
  current: readonly SigningKey[],
  algorithm: SigningAlgorithm | undefined,
): SigningKey | undefined {
  const of = (name: SigningAlgorithm | undefined) => current.find((key) => key.algorithm === name);
  const only = algorithm === undefined && current.length === 1 ? current[0] : undefined;
  return of('RS256') ?? of(algorithm) ?? only;
}

export function noneToSign(where: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_NONE_TO_SIGN',
    `${where} has no current key of the algorithm that is asked for. Without an RS256 key and with several others, ` +
      'the option "algorithm" says which of them signs.',
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

function refuseDuplicateKids(keys: readonly VerificationKey[]): void {
  const byKid = new Map<string, VerificationKey>();
  for (const key of keys) {
    const other = byKid.get(key.kid);
    if (other) {
      throw new OidcKeyError(
        'OIDC_KEY_DUPLICATE_KID',
        `${other.where} and ${key.where} have the same kid, so no relying party could tell them apart ` +
          '(RFC 7517 section 4.5). Remove one of them, or give it another kid.',
      );
    }
    byKid.set(key.kid, key);
  }
}
