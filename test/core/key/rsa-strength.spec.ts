import { checkPrimeSync, generatePrimeSync } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { hasSmallFactor } from '../../../lib/core/key/factorable-modulus.js';
import { integerRoot } from '../../../lib/core/key/integers.js';
import { hasWeakFactors, isConsistentRsaKey, publicNumbersOf } from '../../../lib/core/key/rsa.js';
import { refuseWeakRsa } from '../../../lib/core/key/rsa-strength.js';
import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { verificationKeyOf } from '../../../lib/core/key/signing-key.js';
import { runLater, runNow } from '../../../lib/core/key/steps.js';
import type { Steps } from '../../../lib/core/key/steps.js';
import type { VerificationKey } from '../../../lib/core/key/verification-key.js';
import { JwtService } from '../../../lib/core/jwt/jwt.service.js';
import { errorOf } from '../../support/errors.js';
import { base64urlUInt, integerOf } from '../../support/integers.js';
import { makeRsaKey } from '../../support/keys.js';
import {
  makeFermatKey,
  makeSquareKey,
  primeAfter,
  productOfPrimes,
  rsaPublicKeyOf,
} from '../../support/weak-keys.js';

/** A number that may be the modulus of a key, though nobody knows its factors: these keys only verify. */
function someModulus(bits: number): bigint {
  let candidate = (1n << BigInt(bits)) - 1n;
  while (hasSmallFactor(candidate) || checkPrimeSync(candidate)) candidate -= 2n;
  return candidate;
}

const modulus = someModulus(2048);

function opening(n: bigint, e = 65537n): Steps<VerificationKey> {
  const value = { kty: 'RSA', n: base64urlUInt(n), e: base64urlUInt(e) };
  const [material] = loadKeyMaterial({ name: 'OIDC_PREVIOUS_KEYS', value });
  return verificationKeyOf(material!);
}

function verificationKey(n: bigint, e = 65537n): VerificationKey {
  return runNow(opening(n, e));
}

describe('a public key that can be trusted, in previous', () => {
  it.each([
    ['2048 bits', modulus, 65537n],
    ['8192 bits', someModulus(8192), 65537n],
    ['an exponent above 65537', modulus, 65539n],
    ['an exponent of 256 bits', modulus, 2n ** 256n - 1n],
  ])('%s', (_, n, e) => {
    expect(verificationKey(n, e).alg).toBe('RS256');
  });
});

describe('a public key that cannot be trusted, in previous', () => {
  it.each([
    ['2047 bits', someModulus(2047), 65537n, /2047 bits; an RSA key needs at least 2048/],
    ['the exponent 3', modulus, 3n, /exponent/],
    ['the exponent 5', modulus, 5n, /exponent/],
    ['the exponent 17', modulus, 17n, /exponent/],
    ['an exponent just below 65537', modulus, 65535n, /exponent/],
    ['an exponent of 257 bits', modulus, 2n ** 256n + 1n, /exponent/],
    ['an even modulus', modulus - 1n, 65537n, /two large primes/],
    ['a modulus that is prime', generatePrimeSync(2048, { bigint: true }), 65537n, /two large primes/],
  ])('%s', (_, n, e, message) => {
    const error = errorOf(() => verificationKey(n, e));
    expect(error).toMatchObject({ code: 'OIDC_KEY_TOO_WEAK', message: expect.stringMatching(message) });
  });

  it('a modulus that is prime, on the thread pool', async () => {
    const prime = generatePrimeSync(2048, { bigint: true });
    await expect(runLater(opening(prime))).rejects.toMatchObject({ code: 'OIDC_KEY_TOO_WEAK' });
    await expect(runLater(opening(modulus))).resolves.toMatchObject({ alg: 'RS256' });
  });

  it.each([8193, 8208])('%d bits, which are too slow to verify with', (bits) => {
    const error = errorOf(() => verificationKey((1n << BigInt(bits)) - 1n));
    expect(error.code).toBe('OIDC_KEY_UNSUPPORTED');
    expect(error.message).toContain(`${bits} bits; more than 8192`);
  });
});

const prime = (bits: number) => generatePrimeSync(bits, { bigint: true });

/** Sees to it that the size is not what is refused. */
function expectToBeFactorable(n: bigint, message: RegExp): void {
  expect(n.toString(2).length).toBeGreaterThanOrEqual(2048);
  const error = errorOf(() => refuseWeakRsa(rsaPublicKeyOf(n), 'OIDC_PREVIOUS_KEYS'));
  expect(error).toMatchObject({ code: 'OIDC_KEY_TOO_WEAK', message: expect.stringMatching(message) });
  expect(error.message).toMatch(
    /^OIDC_PREVIOUS_KEYS has a modulus that anybody can factor: .*makes a key\.$/,
  );
}

describe('a modulus with a small factor', () => {
  const [largePrime, largeProduct] = [prime(2048), productOfPrimes(2, 2048)];

  it.each([2, 3, 163, 167, 173, 257, 641, 4099, 10007, 32771, 65521, 65537])('%d', (factor) => {
    expectToBeFactorable(BigInt(factor) * largePrime, /small factor/);
    expectToBeFactorable(BigInt(factor) * largeProduct, /small factor/);
  });

  it('many of them', () => {
    expectToBeFactorable(65521n ** 130n, /small factor/);
    const primes = Array.from({ length: 140 }, () => prime(16));
    expectToBeFactorable(
      primes.reduce((product, each) => product * each, 1n),
      /small factor/,
    );
  });

  it('a random number is refused in most cases, as one is that was damaged on its way', () => {
    const { n } = makeRsaKey().export({ format: 'jwk' });
    const bytes = Buffer.from(n!, 'base64url');
    const damaged = Array.from({ length: 100 }, (_, index) => {
      const copy = Buffer.from(bytes);
      copy[100 + index]! ^= 1;
      return BigInt(`0x${copy.toString('hex')}`);
    });
    expect(damaged.filter(hasSmallFactor).length).toBeGreaterThan(70);
  });
});

describe('a modulus that is a power', () => {
  it.each([2, 3, 4, 5, 6, 7, 9, 11, 16, 23, 31, 64, 97, 120])('of degree %d', (degree) => {
    const bits = Math.ceil(2048 / degree) + 1;
    for (let count = 0; count < 3; count++) expectToBeFactorable(prime(bits) ** BigInt(degree), /power/);
  });

  it('of up to 8192 bits', () => {
    for (const degree of [2, 3, 8, 127]) {
      expectToBeFactorable(someModulus(Math.floor(8192 / degree)) ** BigInt(degree), /power/);
    }
    expectToBeFactorable(65539n ** 509n, /power/);
  });

  it('of a product', () => {
    expectToBeFactorable(productOfPrimes(2, 1040) ** 2n, /power/);
    expectToBeFactorable(productOfPrimes(2, 700) ** 3n, /power/);
  });
});

describe('a modulus of two primes that are close to each other (CVE-2022-26320)', () => {
  it.each([2048, 2560])('neighbours, with %d bits', (bits) => {
    const p = prime(bits / 2);
    expectToBeFactorable(p * primeAfter(p), /close/);
  });

  it.each([64n, 200n, 500n, 512n])('%d bits apart', (distance) => {
    const p = prime(1024);
    expectToBeFactorable(p * primeAfter(p + (1n << distance)), /close/);
  });

  it('as far apart as a hundred rounds of Fermat go, and not much further', () => {
    const p = primeAfter(3n << 1022n);
    // After r rounds the primes are 2 √(2 r √n) apart, and √n is about p.
    const apart = (rounds: bigint) => 2n * integerRoot(2n * rounds * p, 2);
    expectToBeFactorable(p * primeAfter(p + apart(98n)), /close/);
    const n = p * primeAfter(p + apart(110n));
    expect(() => refuseWeakRsa(rsaPublicKeyOf(n), '')).not.toThrow();
  });

  it('the public half of a private key', () => {
    expectToBeFactorable(integerOf(makeFermatKey().export({ format: 'jwk' }).n), /close/);
  });
});

describe('a private key whose two primes are one', () => {
  it('is refused for its numbers, which do not fit each other, and its public half for its modulus', () => {
    const key = makeSquareKey();
    expect(errorOf(() => new JwtService({ key })).code).toBe('OIDC_KEY_MISMATCH');
    expectToBeFactorable(integerOf(key.export({ format: 'jwk' }).n), /power/);
    expect(hasWeakFactors(key)).toBe(true);
    expect(isConsistentRsaKey(key)).toBe(false);
  });
});

describe('an ordinary modulus', () => {
  it.each([2048, 2056, 3072, 4096])('%d bits', (bits) => {
    const { modulus: n } = publicNumbersOf(makeRsaKey(bits));
    expect(() => refuseWeakRsa(rsaPublicKeyOf(n), '')).not.toThrow();
  });

  it('with the smallest factor that is not looked for', () => {
    const n = 65539n * productOfPrimes(2, 2048);
    expect(() => refuseWeakRsa(rsaPublicKeyOf(n), '')).not.toThrow();
  });
});
