import {
  checkPrimeSync,
  createPrivateKey,
  createPublicKey,
  generatePrimeSync,
  randomBytes,
  randomInt,
} from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

import { base64urlUInt } from './integers.js';
import { multiPrimePkcs1Of, pkcs1Of } from './pkcs1.js';

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
  return createPrivateKey({ key: { kty: 'RSA', ...membersOf(p, q, e) }, format: 'jwk' });
}

function membersOf(p: bigint, q: bigint, e: bigint): JsonWebKey {
  const d = inverse(e, (p - 1n) * (q - 1n));
  const members = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, base64urlUInt(value)]));
}

/** A public RSA key of any modulus. */
export function rsaPublicKeyOf(n: bigint, e = 65537n): KeyObject {
  const key = { kty: 'RSA', n: base64urlUInt(n), e: base64urlUInt(e) };
  return createPublicKey({ key, format: 'jwk' });
}

/** The product of this many primes, of exactly this length. */
export function productOfPrimes(count: number, bits: number): bigint {
  for (;;) {
    const primes = Array.from({ length: count }, () => primeFor65537(Math.ceil(bits / count)));
    const product = primes.reduce((total, prime) => total * prime, 1n);
    if (product.toString(2).length === bits) return product;
  }
}

export function primeAfter(number: bigint): bigint {
  let candidate = number | 1n;
  do candidate += 2n;
  while (!checkPrimeSync(candidate));
  return candidate;
}

/** A prime that can be one of an RSA key with the usual public exponent. */
export function primeFor65537(bits: number): bigint {
  for (;;) {
    const prime = generatePrimeSync(bits, { bigint: true });
    if (prime % 65537n !== 1n) return prime;
  }
}

/** A real RSA private key of more than two primes (RFC 8017 section 3.2). */
export function multiPrimeKeyOf(primes: readonly bigint[], e = 65537n): KeyObject {
  const [p, q] = [primes[0]!, primes[1]!];
  const productOf = (numbers: readonly bigint[]) => numbers.reduce((product, number) => product * number, 1n);
  const d = inverse(e, productOf(primes.map((prime) => prime - 1n)));
  const others = primes
    .slice(2)
    .map((r, index) => [r, d % (r - 1n), inverse(productOf(primes.slice(0, index + 2)), r)]);
  const numbers = [productOf(primes), e, d, p, q, d % (p - 1n), d % (q - 1n), inverse(q, p)];
  return createPrivateKey({ key: multiPrimePkcs1Of(numbers, others), format: 'der', type: 'pkcs1' });
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

/** A private key of one prime, twice. */
export function makeSquareKey(): KeyObject {
  const p = primeFor65537(1024);
  // Some versions of Node check a JWK, and none checks PKCS#1.
  return createPrivateKey({ key: pkcs1Of(membersOf(p, p, 65537n)), format: 'der', type: 'pkcs1' });
}

/** A key with one short prime. */
export function makeUnbalancedKey(): KeyObject {
  return rsaKeyOf(generatePrimeSync(1800, { bigint: true }), generatePrimeSync(260, { bigint: true }));
}

/** A key whose p is no prime, though all of its numbers fit each other. */
export function makeCompositeKey(composite = () => largePrime(512) * largePrime(512)): KeyObject {
  for (;;) {
    const [p, q] = [composite(), largePrime(1024)];
    const hasInverse = (p - 1n) % 65537n !== 0n && (q - 1n) % 65537n !== 0n;
    if (hasInverse && (p * q).toString(2).length === 2048) return rsaKeyOf(p, q);
  }
}

function largePrime(bits: number): bigint {
  return generatePrimeSync(bits, { bigint: true });
}
