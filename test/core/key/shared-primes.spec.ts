import { generatePrimeSync } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { publicNumbersOf } from '../../../lib/core/key/rsa.js';
import { sharedPrime, sharesPrimeWith } from '../../../lib/core/key/shared-primes.js';
import { makeRsaKey } from '../../support/keys.js';

const prime = (bits = 1024) => generatePrimeSync(bits, { bigint: true });
const [p, q] = [prime(), prime()];
const modulus = p * q;

const strangers = [2048, 2048, 3072].map((bits) => publicNumbersOf(makeRsaKey(bits)).modulus);
const related = p * prime();

describe('two keys of one ring with a prime in common', () => {
  it.each([0, 1, 2, 3])('found at place %d among others', (place) => {
    expect(sharesPrimeWith(modulus, strangers.toSpliced(place, 0, related))).toBe(place);
  });

  it.each([
    ['the first prime', p * prime()],
    ['the second prime', prime() * q],
    ['a prime, and of another length', prime(1536) * p],
    ['a prime, and of more than two', prime(700) * p * prime(700)],
  ])('%s', (_, other) => {
    expect(sharesPrimeWith(modulus, [other])).toBe(0);
    expect(sharesPrimeWith(other, [strangers[0]!, modulus])).toBe(1);
  });

  it('the first of several', () => {
    const others = [strangers[0]!, prime() * q, related, strangers[1]!];
    expect(sharesPrimeWith(modulus, others)).toBe(1);
  });

  it('an equal modulus', () => {
    expect(sharesPrimeWith(modulus, [...strangers, modulus])).toBe(3);
  });
});

describe('keys with no prime in common', () => {
  it.each([
    ['no others', []],
    ['one other', strangers.slice(0, 1)],
    ['several', strangers],
    ['several that share a prime among themselves', [...strangers, strangers[0]!]],
  ])('%s', (_, others) => {
    expect(sharesPrimeWith(modulus, others)).toBeUndefined();
  });
});

it('the error names both places, and what to do', () => {
  expect(sharedPrime('OIDC_NEXT_KEYS', 'OIDC_PREVIOUS_KEYS')).toMatchObject({
    code: 'OIDC_KEY_TOO_WEAK',
    message: expect.stringMatching(/^OIDC_NEXT_KEYS and OIDC_PREVIOUS_KEYS share a prime, .*Replace both/),
  });
});
