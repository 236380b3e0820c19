import { checkPrimeSync, createPrivateKey, generatePrimeSync, randomBytes, randomInt } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { base64urlUInt } from './integers.js';

/** The product of the first 126 primes, which the flawed library uses for keys of 2048 bits. */
function primorial(count: number): bigint {
  let product = 1n;
  for (let candidate = 2, found = 0; found < count; candidate++) {
    if (!checkPrimeSync(BigInt(candidate))) continue;
    product *= BigInt(candidate);
    found++;
  }
  return product;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (
    let rest = exponent, square = base % modulus;
    rest > 0n;
    rest >>= 1n, square = (square * square) % modulus
  ) {
    if (rest & 1n) result = (result * square) % modulus;
  }
  return result;
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % modulus) + modulus) % modulus;
}

/** A prime of 1024 bits in the form k * M + 65537^a mod M (Nemec et al., section 2.2). */
function flawedPrime(m: bigint): bigint {
  const highest = 1n << 1024n;
  const lowest = highest - (highest >> 2n);
  for (;;) {
    const residue = power(65537n, BigInt(randomInt(1, 2 ** 40)), m);
    const k =
      lowest / m + 1n + (BigInt(`0x${randomBytes(16).toString('hex')}`) % ((highest - lowest) / m - 2n));
    const candidate = k * m + residue;
    if (candidate % 65537n !== 1n && checkPrimeSync(candidate)) return candidate;
  }
}

/** A real RSA key of two given primes, or with a private exponent instead of a public one. */
export function rsaKeyOf(p: bigint, q: bigint, e = 65537n): KeyObject {
  const d = inverse(e, (p - 1n) * (q - 1n));
  const members = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const jwk = Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, base64urlUInt(value)]),
  );
  return createPrivateKey({ key: { kty: 'RSA', ...jwk }, format: 'jwk' });
}

/** A real RSA key of 2048 bits with the structure of CVE-2017-15361. */
export function makeRocaKey(): KeyObject {
  const m = primorial(126);
  return rsaKeyOf(flawedPrime(m), flawedPrime(m));
}

/** A key whose primes are neighbours (CVE-2022-26320). */
export function makeFermatKey(): KeyObject {
  const p = generatePrimeSync(1024, { bigint: true });
  let q = p + 2n;
  while (!checkPrimeSync(q) || (q - 1n) % 65537n === 0n) q += 2n;
  return rsaKeyOf(p > q ? p : q, p > q ? q : p);
}

/** A key with one short prime. */
export function makeUnbalancedKey(): KeyObject {
  return rsaKeyOf(generatePrimeSync(1800, { bigint: true }), generatePrimeSync(260, { bigint: true }));
}

/** A key whose p is no prime, though all of its numbers fit each other. */
export function makeCompositeKey(): KeyObject {
  const prime = (bits: number) => generatePrimeSync(bits, { bigint: true });
  for (;;) {
    const [p, q] = [prime(512) * prime(512), prime(1024)];
    const hasInverse = (p - 1n) % 65537n !== 0n && (q - 1n) % 65537n !== 0n;
    if (hasInverse && (p * q).toString(2).length === 2048) return rsaKeyOf(p, q);
  }
}
