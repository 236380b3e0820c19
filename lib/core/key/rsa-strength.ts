import { checkPrime, checkPrimeSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

import { rsaModulus } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import { makeOne } from '../reading/missing-key.js';
import { hasCloseFactors, hasSmallFactor, isPerfectPower } from './factorable-modulus.js';
import { bitLength } from './integers.js';
import { hasMoreThanTwoPrimes, hasWeakFactors, isRocaModulus, publicNumbersOf } from './rsa.js';
import type { Step } from './steps.js';

// One round never misses a prime, and takes a product for one as good as never.
const rounds = { checks: 1 };

// With a callback node:crypto works on libuv's thread pool: a long modulus takes tens of milliseconds.
const checkPrimeOnThreadPool = promisify<bigint, typeof rounds, boolean>(checkPrime);

interface Weakness {
  readonly isIn: (modulus: bigint) => boolean;
  readonly because: string;
  /** True where the factors themselves show it, for whoever has them. */
  readonly showsInFactors?: boolean;
}

/** What makes a modulus cheap to factor, so that anybody could sign. */
const weaknesses: readonly Weakness[] = [
  {
    isIn: hasSmallFactor,
    because: 'it has a small factor, and so is no product of two large primes',
    showsInFactors: true,
  },
  {
    isIn: isPerfectPower,
    because: 'it is a power of a single number, and not a product of two primes',
    showsInFactors: true,
  },
  {
    isIn: hasCloseFactors,
    because: 'its two primes are close to each other (CVE-2022-26320)',
    showsInFactors: true,
  },
  // Some powers have its fingerprint too, and come from no chip.
  { isIn: isRocaModulus, because: 'the chip that made it is flawed (ROCA, CVE-2017-15361)' },
];

/**
 * Refuses a public key that is too short or too long, or whose private half can be worked out from it. Takes some
 * milliseconds for a modulus of the greatest length.
 *
 * @param hasFactors true for the public half of a private key, whose factors `refuseWeakFactors` looks at
 * @throws OidcKeyError `OIDC_KEY_TOO_WEAK`, `OIDC_KEY_UNSUPPORTED` (too large)
 */
export function refuseWeakRsa(publicKey: KeyObject, where: string, hasFactors = false): void {
  const { modulus, publicExponent } = publicNumbersOf(publicKey);
  const modulusLength = bitLength(modulus);
  if (modulusLength < rsaModulus.minimumBits) {
    throw tooWeak(
      where,
      `has ${modulusLength} bits; an RSA key needs at least ${rsaModulus.minimumBits} (RFC 7518 section 3.3)`,
    );
  }
  if (modulusLength > rsaModulus.maximumBits) {
    throw new OidcKeyError(
      'OIDC_KEY_UNSUPPORTED',
      `${where} has ${modulusLength} bits; more than ${rsaModulus.maximumBits} are too slow to sign and verify with. ` +
        'Use 2048 to 4096 bits.',
    );
  }
  // FIPS 186-5 section 5.1.
  if (publicExponent < 65537n || publicExponent % 2n === 0n || publicExponent >= 2n ** 256n) {
    throw tooWeak(where, 'has a public exponent that is below 65537, even, or longer than 256 bits');
  }
  const weakness = weaknesses.find(
    ({ isIn, showsInFactors }) => !(hasFactors && showsInFactors) && isIn(modulus),
  );
  if (weakness) throw tooWeak(where, `has a modulus that anybody can factor: ${weakness.because}`);
}

/** @throws OidcKeyError `OIDC_KEY_TOO_WEAK` */
export function refuseWeakFactors(privateKey: KeyObject, where: string): void {
  if (hasWeakFactors(privateKey)) {
    throw tooWeak(where, 'has primes or a private exponent that can be found (FIPS 186-5 appendix A.1.1)');
  }
}

/** @throws OidcKeyError `OIDC_KEY_UNSUPPORTED` */
export function refuseMoreThanTwoPrimes(privateKey: KeyObject, where: string): void {
  if (!hasMoreThanTwoPrimes(privateKey)) return;
  throw new OidcKeyError(
    'OIDC_KEY_UNSUPPORTED',
    `${where} is an RSA key of more than two primes. Use a key of two primes; ${makeOne}.`,
  );
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
