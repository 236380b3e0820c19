import { OidcKeyError } from '../core/errors.js';

/**
 * Its keys are anybody's who can read the memory of a test, and its module would sign with one.
 *
 * @throws OidcKeyError `OIDC_KEY_TESTING_IN_PRODUCTION`
 */
export function refuseProduction(what: string): void {
  if (process.env.NODE_ENV?.trim().toLowerCase() !== 'production') return;
  throw new OidcKeyError(
    'OIDC_KEY_TESTING_IN_PRODUCTION',
    `nestjs-oidc-key/testing is ${what}, and NODE_ENV is "production". It is for tests alone: import it from files ` +
      'that are not part of the application, or set NODE_ENV to "test" where the tests run.',
  );
}

// While it is imported, so that nothing of it is there; and by whatever gives a key, since a file of settings may be
// read later.
refuseProduction('imported');
