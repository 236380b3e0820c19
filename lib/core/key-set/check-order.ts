import { OidcKeyError } from '../errors.js';
import { refuseSameTwice } from '../key/same-twice.js';
import type { KeyOfSet } from './key-of-set.js';
import type { KeySet } from './key-set.js';

/**
 * Checks keys as a whole that are sound one by one.
 *
 * @throws OidcKeyError `OIDC_KEY_DUPLICATE_KID`, `OIDC_KEY_AMBIGUOUS_NEXT` (two keys of one algorithm with one
 * instant), `OIDC_KEY_NOT_PRIVATE` (a public key as the newest)
 */
export function checkOrder(set: KeySet): void {
  refuseSameTwice(set.keys, '; if one is revoked, the other');
  for (const algorithm of set.algorithms) {
    const keys = set.unrevokedOf(algorithm);
    refuseSameInstant(keys);
    refusePublicAsNewest(keys);
  }
}

function refuseSameInstant(keys: readonly KeyOfSet[]): void {
  for (const [index, key] of keys.entries()) {
    const before = keys[index - 1];
    if (before?.order !== key.order) continue;
    const what = Number.isFinite(key.order)
      ? 'start to sign at one instant'
      : 'say nothing of when they sign';
    throw new OidcKeyError(
      'OIDC_KEY_AMBIGUOUS_NEXT',
      `${before.where} and ${key.where} are both for ${key.alg} and ${what}, so that no server could tell which of ` +
        'them signs. Give each an "nbf" of its own, or revoke one.',
    );
  }
}

/** A key without its private half has stopped to sign: one that is newer took over, or it was retired (`exp`). */
function refusePublicAsNewest(keys: readonly KeyOfSet[]): void {
  const newest = keys.at(-1);
  const lastAble = keys.findLastIndex(({ canSign }) => canSign);
  const wrong = lastAble < 0 ? (newest?.exp === undefined ? newest : undefined) : keys[lastAble + 1];
  if (!wrong) return;
  throw new OidcKeyError(
    'OIDC_KEY_NOT_PRIVATE',
    `${wrong.where} is the newest key for ${wrong.alg} and is a public key, which cannot sign. Put its private half or ` +
      'its "signer" there. If it is a key of earlier, give it the "nbf" and "exp" that it had.',
  );
}
