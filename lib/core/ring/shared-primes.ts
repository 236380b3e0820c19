import { publicNumbersOf } from '../key/rsa.js';
import { sharedPrime, sharesPrimeWith } from '../key/shared-primes.js';
import { pause } from '../key/steps.js';
import type { Steps } from '../key/steps.js';
import type { VerificationKey } from '../key/verification-key.js';

// About a millisecond with keys of 2048 bits.
const inOneTurn = 200;

/** Looks for RSA keys of which two have a prime in common: whoever sees both can work out both private keys. */
export class SharedPrimes {
  /** Worked out once for each key, since it is compared again with every new one. */
  readonly #moduli = new WeakMap<VerificationKey, bigint>();

  /**
   * @param compared keys that were compared with each other already
   * @throws OidcKeyError `OIDC_KEY_TOO_WEAK`
   */
  *refuse(compared: ReadonlySet<VerificationKey>, all: readonly VerificationKey[]): Steps<void> {
    const rsaKeys = all.filter(({ algorithm }) => algorithm.keyType === 'rsa');
    const done = rsaKeys.filter((key) => compared.has(key));
    for (const key of rsaKeys.filter((each) => !compared.has(each))) {
      // The key itself may be published already, under another kid.
      const others = done.filter(({ thumbprint }) => thumbprint !== key.thumbprint);
      for (let start = 0; start < others.length; start += inOneTurn) {
        const some = others.slice(start, start + inOneTurn);
        const moduli = some.map((other) => this.#modulusOf(other));
        const shared = sharesPrimeWith(this.#modulusOf(key), moduli);
        if (shared !== undefined) throw sharedPrime(key.where, some[shared]!.where);
        yield pause;
      }
      done.push(key);
    }
  }

  #modulusOf(key: VerificationKey): bigint {
    const known = this.#moduli.get(key);
    if (known !== undefined) return known;
    const { modulus } = publicNumbersOf(key.publicKey);
    this.#moduli.set(key, modulus);
    return modulus;
  }
}
