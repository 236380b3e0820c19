import { sharedPrime, sharesPrimeWith } from '../key/shared-primes.js';
import { pause } from '../key/steps.js';
import type { Steps } from '../key/steps.js';
import type { VerificationKey } from '../key/verification-key.js';

/**
 * Refuses RSA keys of which two have a prime in common: whoever sees both public keys can work out both private ones.
 *
 * @param fresh keys that nobody has compared yet
 * @throws OidcKeyError `OIDC_KEY_TOO_WEAK`
 */
export function* refuseSharedPrimes(
  fresh: ReadonlySet<VerificationKey>,
  all: readonly VerificationKey[],
): Steps<void> {
  const moduli = new Map<VerificationKey, bigint>();
  for (const key of all) if ('n' in key.publicJwk) moduli.set(key, integerOf(key.publicJwk.n));
  const compared = [...moduli.keys()].filter((key) => !fresh.has(key));
  for (const key of fresh) {
    const modulus = moduli.get(key);
    if (modulus === undefined) continue;
    // The key itself may be published already, under another kid.
    const others = compared.filter(({ thumbprint }) => thumbprint !== key.thumbprint);
    const shared = sharesPrimeWith(
      modulus,
      others.map((other) => moduli.get(other)!),
    );
    if (shared !== undefined) throw sharedPrime(key.where, others[shared]!.where);
    compared.push(key);
    yield pause;
  }
}

function integerOf(base64url: string): bigint {
  return BigInt(`0x${Buffer.from(base64url, 'base64url').toString('hex') || '0'}`);
}
