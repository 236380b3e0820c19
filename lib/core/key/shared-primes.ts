import { OidcKeyError } from '../errors.js';
import { makeOne } from '../reading/missing-key.js';
import { greatestCommonDivisor } from './integers.js';

/**
 * The index of a modulus among `others` that has a prime in common with `modulus`: whoever knows the two public keys
 * knows both private ones. An equal modulus has all of them in common, so leave the key itself out.
 *
 * It costs one multiplication for each of the others and a single greatest common divisor, unless something is found.
 */
export function sharesPrimeWith(modulus: bigint, others: readonly bigint[]): number | undefined {
  const product = others.reduce((rest, other) => (rest * other) % modulus, 1n);
  if (greatestCommonDivisor(modulus, product) === 1n) return undefined;
  if (others.length === 1) return 0;
  const half = Math.ceil(others.length / 2);
  const inFirstHalf = sharesPrimeWith(modulus, others.slice(0, half));
  if (inFirstHalf !== undefined) return inFirstHalf;
  const inSecondHalf = sharesPrimeWith(modulus, others.slice(half));
  return inSecondHalf === undefined ? undefined : half + inSecondHalf;
}

/** What is said of two keys that {@link sharesPrimeWith} finds; each is named by where it stands. */
export function sharedPrime(where: string, otherWhere: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_TOO_WEAK',
    `${where} and ${otherWhere} share a prime, so that anybody can work out both private keys. ` +
      `Replace both; ${makeOne}.`,
  );
}
