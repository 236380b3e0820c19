import { bitLength, integerRoot, primesUpTo } from './integers.js';

/** The largest prime that is tried: the public exponent that most keys have. */
const largestSmallPrime = 65537;

/** A few primes to be tried at once: their product is within the exact range of `number`. */
interface PrimeGroup {
  readonly product: bigint;
  readonly primes: readonly number[];
}

// Worked out with the first RSA key, since it takes some milliseconds and not every issuer has one.
let primeGroups: readonly PrimeGroup[] | undefined;

function groupsOf(primes: readonly number[]): PrimeGroup[] {
  const groups: PrimeGroup[] = [];
  let [product, group]: [number, number[]] = [1, []];
  for (const prime of primes) {
    if (product * prime > Number.MAX_SAFE_INTEGER) {
      groups.push({ product: BigInt(product), primes: group });
      [product, group] = [1, []];
    }
    product *= prime;
    group.push(prime);
  }
  return [...groups, { product: BigInt(product), primes: group }];
}

/** True for a modulus that is even or has another prime factor of up to 65537. */
export function hasSmallFactor(modulus: bigint): boolean {
  primeGroups ??= groupsOf(primesUpTo(largestSmallPrime));
  return primeGroups.some(({ product, primes }) => {
    const rest = Number(modulus % product);
    return primes.some((prime) => rest % prime === 0);
  });
}

/** True for the square, the cube or any higher power of a number; of one with a small factor it may say false. */
export function isPerfectPower(modulus: bigint): boolean {
  // Without a small factor the root has more than 16 bits, and a power of any degree is one of a prime degree.
  const degrees = primesUpTo(Math.floor(bitLength(modulus) / 16));
  return degrees.some((degree) => integerRoot(modulus, degree) ** BigInt(degree) === modulus);
}

const fermatRounds = 100;

/** True where the two factors are so close to each other that Fermat's method finds them (CVE-2022-26320). */
export function hasCloseFactors(modulus: bigint): boolean {
  let middle = integerRoot(modulus, 2);
  let difference = middle * middle - modulus;
  for (let round = 0; round < fermatRounds; round++) {
    difference += 2n * middle + 1n;
    middle += 1n;
    if (isSquare(difference)) return true;
  }
  return false;
}

function isSquare(value: bigint): boolean {
  return [0n, 1n, 4n, 9n].includes(value & 15n) && integerRoot(value, 2) ** 2n === value;
}
