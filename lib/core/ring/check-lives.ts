import { algorithms } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import { refuseSameTwice } from '../key/same-twice.js';
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
