import { checkPrimeSync, generatePrimeSync } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { VerificationKey } from '../../../lib/core/key/verification-key.js';
import { errorOf } from '../../support/errors.js';
import { base64urlUInt } from '../../support/integers.js';

const smallPrimes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
  109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/** A number that may be the modulus of a key, though nobody knows its factors: these keys only verify. */
function someModulus(bits: number): bigint {
  let candidate = (1n << BigInt(bits)) - 1n;
  const isDegenerate = () =>
    smallPrimes.some((prime) => candidate % BigInt(prime) === 0n) || checkPrimeSync(candidate);
  while (isDegenerate()) candidate -= 2n;
  return candidate;
}

const modulus = someModulus(2048);

function unproven(n: bigint, e = 65537n): VerificationKey {
  const value = { kty: 'RSA', n: base64urlUInt(n), e: base64urlUInt(e) };
  const [material] = loadKeyMaterial({ name: 'OIDC_PREVIOUS_KEYS', value });
  return new VerificationKey(material!);
}

function verificationKey(n: bigint, e = 65537n): VerificationKey {
  return unproven(n, e).proveNow();
}

describe('a public key that can be trusted, in previous', () => {
  it.each([
    ['2048 bits', modulus, 65537n],
    ['8192 bits', someModulus(8192), 65537n],
    ['an exponent above 65537', modulus, 65539n],
    ['an exponent of 256 bits', modulus, 2n ** 256n - 1n],
  ])('%s', (_, n, e) => {
    expect(verificationKey(n, e).algorithm).toBe('RS256');
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
    ['a modulus with a small factor', 163n * someModulus(2041), 65537n, /two large primes/],
    ['a modulus that is prime', generatePrimeSync(2048, { bigint: true }), 65537n, /two large primes/],
  ])('%s', (_, n, e, message) => {
    const error = errorOf(() => verificationKey(n, e));
    expect(error).toMatchObject({ code: 'OIDC_KEY_TOO_WEAK', message: expect.stringMatching(message) });
  });

  it('a modulus that is prime, on the thread pool', async () => {
    const prime = generatePrimeSync(2048, { bigint: true });
    await expect(unproven(prime).prove()).rejects.toMatchObject({ code: 'OIDC_KEY_TOO_WEAK' });
    await expect(unproven(modulus).prove()).resolves.toMatchObject({ algorithm: 'RS256' });
  });

  it.each([8193, 8208])('%d bits, which are too slow to verify with', (bits) => {
    const error = errorOf(() => verificationKey((1n << BigInt(bits)) - 1n));
    expect(error.code).toBe('OIDC_KEY_UNSUPPORTED');
    expect(error.message).toContain(`${bits} bits; more than 8192`);
  });
});
