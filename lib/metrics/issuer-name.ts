import { OidcKeyError } from '../core/errors.js';

/**
 * What metrics call an issuer: the option "issuerName", else what its settings begin with.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
 */
export function issuerNameOf(given: unknown, envPrefix: string): string {
  if (given === undefined) return envPrefix.toLowerCase().replace(/_+$/, '') || 'oidc';
  if (typeof given === 'string' && /^[^\p{Cc}]{1,200}$/u.test(given)) return given;
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    'The option "issuerName" has to be a text of 1 to 200 characters on one line.',
  );
}
