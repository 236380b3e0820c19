import { checkPrimeSync, randomBytes, randomInt } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import {
  bitLength,
  greatestCommonDivisor,
  integerRoot,
  power,
  primesUpTo,
} from '../../../lib/core/key/integers.js';

const random = (bytes: number) => BigInt(`0x${randomBytes(bytes).toString('hex')}`) + 2n;

describe('bitLength', () => {
  it.each([1, 2, 3, 4, 5, 31, 32, 33, 2047, 2048, 2049, 100_000])('%d', (bits) => {
    expect(bitLength(1n << BigInt(bits - 1))).toBe(bits);
    expect(bitLength((1n << BigInt(bits)) - 1n)).toBe(bits);
  });
});

describe('integerRoot', () => {
  it.each([2, 3, 5, 7, 13, 61, 127, 509])('of degree %d, of a power and of its neighbours', (degree) => {
    for (let bytes = 1; bytes <= 1024 / degree; bytes += Math.ceil(bytes / 3)) {
      const base = random(bytes);
      const value = base ** BigInt(degree);
      expect(integerRoot(value, degree)).toBe(base);
      expect(integerRoot(value + 1n, degree)).toBe(base);
      expect(integerRoot(value - 1n, degree)).toBe(base - 1n);
    }
  });

  it.each([1n, 2n, 3n, 4n, 15n, 16n, 17n, 2n ** 64n - 1n])('of the small number %d', (value) => {
    const root = integerRoot(value, 2);
    expect(root * root <= value && (root + 1n) ** 2n > value).toBe(true);
  });
});

it('greatestCommonDivisor', () => {
  for (let round = 0; round < 50; round++) {
    const [common, a, b] = [random(32), random(64), random(96)];
    const divisor = greatestCommonDivisor(common * a, common * b);
    expect([divisor % common, (common * a) % divisor, (common * b) % divisor]).toEqual([0n, 0n, 0n]);
    expect(greatestCommonDivisor((common * a) / divisor, (common * b) / divisor)).toBe(1n);
  }
  expect(greatestCommonDivisor(7n, 0n)).toBe(7n);
});

it('power', () => {
  for (let round = 0; round < 50; round++) {
    const [base, exponent, modulus] = [random(8), BigInt(randomInt(0, 200)), random(16)];
    expect(power(base, exponent, modulus)).toBe(base ** exponent % modulus);
  }
});

it('primesUpTo', () => {
  const primes = primesUpTo(2000);
  for (let n = 0; n <= 2000; n++) expect([n, primes.includes(n)]).toEqual([n, checkPrimeSync(BigInt(n))]);
  expect(primesUpTo(65537)).toHaveLength(6543);
  expect(primesUpTo(65537).at(-1)).toBe(65537);
});
