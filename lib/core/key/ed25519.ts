import type { KeyObject } from 'node:crypto';

import { OidcKeyError } from '../errors.js';
import { makeOne } from '../reading/missing-key.js';
import { power } from './integers.js';

/** The prime of the field, and the constant of the curve -x² + y² = 1 + dx²y² (RFC 8032 section 5.1). */
const p = 2n ** 255n - 19n;
const d = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

/**
 * Refuses an Ed25519 key with which anybody can sign, and one that is no point of the curve.
 *
 * @throws OidcKeyError `OIDC_KEY_TOO_WEAK` (a point of small order), `OIDC_KEY_MALFORMED`
 */
export function refuseWeakEd25519(publicKey: KeyObject, where: string): void {
  const encodedY = encodedYOf(publicKey);
  // OpenSSL reduces a number that is too large, so a point of small order is one in this spelling too.
  if (hasSmallOrder(encodedY % p)) {
    throw new OidcKeyError(
      'OIDC_KEY_TOO_WEAK',
      `${where} is an Ed25519 key of small order, with which anybody can sign. ${makeOne}.`,
    );
  }
  if (encodedY >= p || !isOnCurve(encodedY)) {
    throw new OidcKeyError(
      'OIDC_KEY_MALFORMED',
      `${where} is an Ed25519 key that is no point of the curve (RFC 8032 section 5.1.3). ` +
        `Export it again; ${makeOne}.`,
    );
  }
}

/** The number of 255 bits that stands in a public key, its bytes in reverse order; the last bit is the sign of x. */
function encodedYOf(publicKey: KeyObject): bigint {
  const bytes = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  return BigInt.asUintN(255, BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`));
}

/**
 * True for the y of a point whose order divides the cofactor, 8. In orders 1 and 2, x is 0, and so y² = 1. In order 4,
 * twice the point has x = 0 and is not the neutral point, and so y = 0. In order 8, twice the point has y = 0, hence
 * x² = -y², which makes the equation of the curve dy⁴ + 2y² = 1.
 */
function hasSmallOrder(y: bigint): boolean {
  const square = (y * y) % p;
  return y === 0n || square === 1n || (d * square * square + 2n * square) % p === 1n;
}

/** True where x² = (y² - 1) / (dy² + 1) has a solution. The divisor is never 0, and is squared away here. */
function isOnCurve(y: bigint): boolean {
  const square = (y * y) % p;
  const quotient = (square - 1n + p) * (d * square + 1n);
  // Euler's criterion; x = 0 was of small order.
  return power(quotient, (p - 1n) / 2n, p) === 1n;
}
