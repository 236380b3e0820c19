import type { KeyObject } from 'node:crypto';

import { bitLength } from './integers.js';

/**
 * The primes whose residues make the published ROCA fingerprint (CVE-2017-15361; Nemec et al., "The Return of
 * Coppersmith's Attack", CCS 2017, section 3.2). A vulnerable modulus is a power of 65537 modulo every one of them,
 * which a random modulus is with a probability below 2^-27.
 */
const rocaPrimes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
  109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
] as const;

const rocaGenerator = 65537;

const rocaResidues = rocaPrimes.map((prime) => ({ prime: BigInt(prime), residues: rocaResiduesOf(prime) }));

/** The residues that the modulus of a vulnerable key can have: the powers of 65537 modulo the prime. */
export function rocaResiduesOf(prime: number): Set<number> {
  const residues = new Set<number>();
  for (let power = 1; !residues.has(power); power = (power * rocaGenerator) % prime) residues.add(power);
  return residues;
}

/** True for a modulus with the structure that makes it cheap to factor. */
export function isRocaModulus(modulus: bigint): boolean {
  return rocaResidues.every(({ prime, residues }) => residues.has(Number(modulus % prime)));
}

/**
 * True where the factors of a private key can be found: one is short, or they lie close to each other (Fermat,
 * CVE-2022-26320), or the private exponent is small (Wiener). The bounds are those of FIPS 186-5 appendix A.1.1.
 */
export function hasWeakFactors(privateKey: KeyObject): boolean {
  const jwk = privateKey.export({ format: 'jwk' });
  const [p, q, d] = [toBigInt(jwk.p), toBigInt(jwk.q), toBigInt(jwk.d)];
  const half = bitLength(toBigInt(jwk.n)) / 2;
  const distance = bitLength(p > q ? p - q : q - p);
  // Some libraries make one prime a few bits shorter than the standard has it.
  const shortest = half - 16;
  return bitLength(p) < shortest || bitLength(q) < shortest || distance <= half - 100 || bitLength(d) <= half;
}

/** The public numbers of an RSA key, by a way on which node:crypto copes with any length of them. */
export function publicNumbersOf(key: KeyObject): { modulus: bigint; publicExponent: bigint } {
  const { n, e } = key.export({ format: 'jwk' });
  return { modulus: toBigInt(n), publicExponent: toBigInt(e) };
}

/**
 * True where modulus, exponents, primes and CRT values of a private key fit each other (RFC 8017 section 3.2).
 * A key in which they don't may still sign correctly by one path and give its primes away by the other.
 */
export function isConsistentRsaKey(privateKey: KeyObject): boolean {
  const jwk = privateKey.export({ format: 'jwk' });
  const [n, e, d] = [toBigInt(jwk.n), toBigInt(jwk.e), toBigInt(jwk.d)];
  const [p, q] = [toBigInt(jwk.p), toBigInt(jwk.q)];
  return (
    p > 1n &&
    q > 1n &&
    p * q === n &&
    (e * d) % (p - 1n) === 1n &&
    (e * d) % (q - 1n) === 1n &&
    toBigInt(jwk.dp) === d % (p - 1n) &&
    toBigInt(jwk.dq) === d % (q - 1n) &&
    (toBigInt(jwk.qi) * q) % p === 1n
  );
}

/**
 * True for a private key of more than two primes (RFC 8017 section 3.2). OpenSSL signs with it, but node:crypto exports
 * its first two primes only, and a JWK of these would be of no use.
 */
export function hasMoreThanTwoPrimes(privateKey: KeyObject): boolean {
  const jwk = privateKey.export({ format: 'jwk' });
  const [n, p, q] = [toBigInt(jwk.n), toBigInt(jwk.p), toBigInt(jwk.q)];
  return p > 1n && q > 1n && n > p * q && n % (p * q) === 0n;
}

function toBigInt(base64url: string | undefined): bigint {
  return BigInt(`0x${Buffer.from(base64url ?? '', 'base64url').toString('hex') || '0'}`);
}
