import { checkPrimeSync, randomBytes } from 'node:crypto';

/** An RSA public key of 2048 bits that passes every check of one. */
interface RsaPublicJwk {
  readonly kty: 'RSA';
  readonly n: string;
  readonly e: 'AQAB';
}

const smallPrimes = primesUpTo(65537).map(BigInt);

/**
 * Public keys of which no two have a factor in common. Their moduli are random numbers without a small factor and no
 * products of two primes, which nobody can see, and of which a thousand are made in seconds and not in minutes.
 */
export function makePublicKeys(count: number): RsaPublicJwk[] {
  const keys: RsaPublicJwk[] = [];
  let product = 1n;
  while (keys.length < count) {
    const bytes = randomBytes(256);
    bytes[0]! |= 0x80;
    bytes[255]! |= 1;
    const modulus = BigInt(`0x${bytes.toString('hex')}`);
    if (smallPrimes.some((prime) => modulus % prime === 0n)) continue;
    if (checkPrimeSync(modulus) || greatestCommonDivisor(modulus, product % modulus) !== 1n) continue;
    product *= modulus;
    keys.push({ kty: 'RSA', n: bytes.toString('base64url'), e: 'AQAB' });
  }
  return keys;
}

function primesUpTo(limit: number): number[] {
  const isComposite = new Uint8Array(limit + 1);
  const primes: number[] = [];
  for (let number = 2; number <= limit; number++) {
    if (isComposite[number]) continue;
    primes.push(number);
    for (let multiple = number * number; multiple <= limit; multiple += number) isComposite[multiple] = 1;
  }
  return primes;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [greater, less] = [a, b];
  while (less !== 0n) [greater, less] = [less, greater % less];
  return greater;
}
