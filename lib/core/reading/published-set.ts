import type { JsonWebKey } from '../json-web-key.js';
import { algorithmNamed, algorithmOfJwk } from '../algorithms.js';
import type { OidcKeyErrorCode } from '../errors.js';
import { isObject } from '../objects.js';

/** The code of the error where no key is left, and the reason in words that follow the key's name. */
export type OtherPurpose = readonly [code: OidcKeyErrorCode, reason: string];

/**
 * Why a member of a published JWK Set verifies no token that could be ours; undefined where it does, or where it is
 * damaged. RFC 7517 section 5: members that are not understood should be ignored.
 */
export function otherPurposeOf(jwk: JsonWebKey): OtherPurpose | undefined {
  if (!isObject(jwk)) return undefined;
  const { kty, crv, use, alg, key_ops: operations } = jwk;
  if (kty === 'oct') return ['OIDC_KEY_NOT_PRIVATE', 'is a shared secret (JWK "oct")'];
  const purpose = otherUse(use) ?? otherOperations(operations, jwk) ?? otherAlgorithm(kty, crv, alg);
  return purpose === undefined ? undefined : ['OIDC_KEY_UNSUPPORTED', purpose];
}

function otherUse(use: unknown): string | undefined {
  const isOther = typeof use === 'string' && use !== 'sig';
  return isOther ? 'is for another use than signatures: its "use" is not "sig"' : undefined;
}

function otherOperations(operations: unknown, { d }: JsonWebKey): string | undefined {
  if (!Array.isArray(operations) || operations.includes('verify')) return undefined;
  // A private key that may sign is of use for its public half.
  const mayVerify = d !== undefined && operations.includes('sign');
  return mayVerify ? undefined : 'may not verify: its "key_ops" lack "verify"';
}

function otherAlgorithm(kty: unknown, crv: unknown, alg: unknown): string | undefined {
  if (typeof alg === 'string' && !algorithmNamed(alg)) return 'is for an algorithm that cannot be used here';
  if (typeof kty !== 'string' || kty === 'RSA') return undefined;
  if (!['EC', 'OKP'].includes(kty)) return 'is of a kind that cannot be used here';
  const isOnOtherCurve = typeof crv === 'string' && !algorithmOfJwk(kty, crv);
  return isOnOtherCurve ? 'is on a curve that cannot be used here' : undefined;
}
