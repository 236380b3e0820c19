import { algorithms } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import type { VerificationKey } from '../key/verification-key.js';
import { makeOne } from '../reading/missing-key.js';
import type { Life } from './life.js';

/**
 * Checks keys as a whole that are sound one by one.
 *
 * @throws OidcKeyError `OIDC_KEY_SEVERAL` (two current keys of one algorithm), `OIDC_KEY_DUPLICATE_KID`,
 * `OIDC_KEY_AMBIGUOUS_NEXT`
 */
export function checkLives(lives: readonly Life[]): void {
  refuseSeveralOfOneAlgorithm(lives);
  refuseSameTwice(lives.map(({ key }) => key));
  refuseAmbiguousSchedule(lives);
}

/** @param keySet how messages call the key set, where the keys come from one */
export function noneLeft(keySet?: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_NONE_TO_SIGN',
    keySet === undefined
      ? `Every key of an algorithm that could sign is revoked. Put a new key into the current or the next keys; ${makeOne}.`
      : `${keySet} has no key that may sign: every one of them is revoked. Put a new key into it, with "iat" as the ` +
          'instant of now in seconds since 1970.',
  );
}

function refuseSeveralOfOneAlgorithm(lives: readonly Life[]): void {
  for (const algorithm of algorithms) {
    const [first, second] = lives.filter(
      ({ key, slot }) => slot === 'current' && key.algorithm === algorithm,
    );
    if (first && second) {
      throw new OidcKeyError(
        'OIDC_KEY_SEVERAL',
        `${first.key.where} and ${second.key.where} are both current keys for ${algorithm.names[0]}, and only one can ` +
          'sign. Keep one, and move the other to the next or the previous keys.',
      );
    }
  }
}

/** @throws OidcKeyError `OIDC_KEY_DUPLICATE_KID` */
export function refuseSameTwice(keys: readonly VerificationKey[]): void {
  const byName = new Map<string, VerificationKey>();
  for (const key of keys) {
    const sameKid = byName.get(`kid ${key.kid}`);
    if (sameKid && sameKid.thumbprint !== key.thumbprint) {
      throw duplicate(
        `${sameKid.where} and ${key.where} have the same kid, so no relying party could tell them apart ` +
          '(RFC 7517 section 4.5). Remove one of them, or give it another kid.',
      );
    }
    const same = sameKid ?? byName.get(`key ${key.thumbprint}`);
    if (same) {
      throw duplicate(
        `${same.where} and ${key.where} are one and the same key. Remove one of them: a key has one kid, one ` +
          'algorithm and one slot.',
      );
    }
    byName.set(`kid ${key.kid}`, key).set(`key ${key.thumbprint}`, key);
  }
}

function duplicate(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_DUPLICATE_KID', message);
}

function refuseAmbiguousSchedule(lives: readonly Life[]): void {
  const scheduled = lives.filter(({ slot, signsFrom }) => slot === 'next' && signsFrom !== undefined);
  for (const { key } of scheduled) {
    const rival = scheduled.find((other) => other.key !== key && other.key.algorithm === key.algorithm);
    if (rival) {
      throw new OidcKeyError(
        'OIDC_KEY_AMBIGUOUS_NEXT',
        `${key.where} and ${rival.key.where} are both next keys for ${key.alg}, and only one can start to sign at ` +
          'the scheduled instant. Keep one for each algorithm, or remove the schedule.',
      );
    }
  }
}
