import type { KeyObject } from 'node:crypto';

import { maximumRsaBits, minimumRsaBits } from './algorithms.js';
import { OidcKeyError } from './errors.js';
import { makeOne } from './key-material.js';
import { isRocaModulus, modulusOf } from './rsa.js';

/** @throws OidcKeyError `OIDC_KEY_TOO_WEAK`, `OIDC_KEY_UNSUPPORTED` (too large) */
export function refuseWeakRsa(publicKey: KeyObject, where: string): void {
  const { modulusLength = 0, publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {};
  if (modulusLength < minimumRsaBits) {
    throw new OidcKeyError(
      'OIDC_KEY_TOO_WEAK',
      `${where} has ${modulusLength} bits; an RSA key needs at least ${minimumRsaBits} (RFC 7518 section 3.3). ${makeOne}.`,
    );
  }
  if (modulusLength > maximumRsaBits) {
    throw new OidcKeyError(
      'OIDC_KEY_UNSUPPORTED',
      `${where} has ${modulusLength} bits; more than ${maximumRsaBits} are too slow to sign and verify with. ` +
        'Use 2048 to 4096 bits.',
    );
  }
  if (publicExponent < 65537n || publicExponent % 2n === 0n) {
    throw new OidcKeyError(
      'OIDC_KEY_TOO_WEAK',
      `${where} has a public exponent below 65537 or an even one (FIPS 186-5 section 5.1). ${makeOne}.`,
    );
  }
  if (isRocaModulus(modulusOf(publicKey))) {
    throw new OidcKeyError(
      'OIDC_KEY_TOO_WEAK',
      `${where} has a modulus that can be factored (ROCA, CVE-2017-15361): the chip that made it is flawed. ${makeOne}.`,
    );
  }
}
