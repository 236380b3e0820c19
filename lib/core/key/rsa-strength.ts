import { checkPrime, checkPrimeSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

import { maximumRsaBits, minimumRsaBits } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import { makeOne } from '../reading/missing-key.js';
import { bitLength, hasSmallFactor, hasWeakFactors, isRocaModulus, publicNumbersOf } from './rsa.js';
import type { Step } from './steps.js';

// One round never misses a prime, and takes a product for one as good as never.
const rounds = { checks: 1 };

// With a callback node:crypto works on libuv's thread pool: a long modulus takes tens of milliseconds.
const checkPrimeOnThreadPool = promisify<bigint, typeof rounds, boolean>(checkPrime);

/** @throws OidcKeyError `OIDC_KEY_TOO_WEAK`, `OIDC_KEY_UNSUPPORTED` (too large) */
export function refuseWeakRsa(publicKey: KeyObject, where: string): void {
  const { modulus, publicExponent } = publicNumbersOf(publicKey);
  const modulusLength = bitLength(modulus);
  if (modulusLength < minimumRsaBits) {
    throw tooWeak(
      where,
      `has ${modulusLength} bits; an RSA key needs at least ${minimumRsaBits} (RFC 7518 section 3.3)`,
    );
  }
  if (modulusLength > maximumRsaBits) {
    throw new OidcKeyError(
      'OIDC_KEY_UNSUPPORTED',
      `${where} has ${modulusLength} bits; more than ${maximumRsaBits} are too slow to sign and verify with. ` +
        'Use 2048 to 4096 bits.',
    );
  }
  // FIPS 186-5 section 5.1.
  if (publicExponent < 65537n || publicExponent % 2n === 0n || publicExponent >= 2n ** 256n) {
    throw tooWeak(where, 'has a public exponent that is below 65537, even, or longer than 256 bits');
  }
  if (hasSmallFactor(modulus)) throw noProduct(where);
  if (isRocaModulus(modulus)) {
    throw tooWeak(
      where,
      'has a modulus that can be factored (ROCA, CVE-2017-15361): the chip that made it is flawed',
    );
  }
}

/** @throws OidcKeyError `OIDC_KEY_TOO_WEAK` */
export function refuseWeakFactors(privateKey: KeyObject, where: string): void {
  if (hasWeakFactors(privateKey)) {
    throw tooWeak(where, 'has primes or a private exponent that can be found (FIPS 186-5 appendix A.1.1)');
  }
}

/** Whether the modulus of a public key is itself a prime, so that anybody could sign with it. */
export function primalityOf(publicKey: KeyObject): Step<boolean> {
  const { modulus } = publicNumbersOf(publicKey);
  return {
    later: () => checkPrimeOnThreadPool(modulus, rounds),
    now: () => checkPrimeSync(modulus, rounds),
  };
}

/** @throws OidcKeyError `OIDC_KEY_TOO_WEAK` */
export function refusePrimeModulus(isPrime: boolean, where: string): void {
  if (isPrime) throw noProduct(where);
}

function noProduct(where: string): OidcKeyError {
  return tooWeak(where, 'has a modulus that is no product of two large primes');
}

function tooWeak(where: string, defect: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_TOO_WEAK', `${where} ${defect}. ${makeOne}.`);
}
