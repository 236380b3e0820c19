// Arithmetic on whole numbers of any length, which node:crypto keeps to itself.

export function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return (hex.length - 1) * 4 + Number.parseInt(hex.charAt(0), 16).toString(2).length;
}

export function greatestCommonDivisor(first: bigint, second: bigint): bigint {
  let [a, b] = [first, second];
  while (b > 0n) [a, b] = [b, a % b];
  return a;
}

export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** The root of a positive number, rounded down, by Newton's method. */
export function integerRoot(value: bigint, degree: number): bigint {
  const times = BigInt(degree);
  let root = slightlyAboveRoot(value, degree);
  for (;;) {
    const next = ((times - 1n) * root + value / root ** (times - 1n)) / times;
    if (next >= root) return root;
    root = next;
  }
}

/** Newton's method has to start above the root; floating point is right in the first 30 bits at least. */
function slightlyAboveRoot(value: bigint, degree: number): bigint {
  const omitted = Math.max(bitLength(value) - 64, 0);
  const logarithm = (Math.log2(Number(value >> BigInt(omitted))) + omitted) / degree;
  const shift = Math.max(Math.floor(logarithm) - 50, 0);
  return BigInt(Math.ceil(2 ** (logarithm - shift) * (1 + 2 ** -30)) + 1) << BigInt(shift);
}

/** The primes up to and including `limit`, by the sieve of Eratosthenes. */
export function primesUpTo(limit: number): number[] {
  const primes: number[] = [];
  const isComposite = new Uint8Array(limit + 1);
  for (let candidate = 2; candidate <= limit; candidate++) {
    if (isComposite[candidate]) continue;
    primes.push(candidate);
    for (let multiple = candidate ** 2; multiple <= limit; multiple += candidate) isComposite[multiple] = 1;
  }
  return primes;
}
