import { OidcKeyError } from '../core/errors.js';

// While it is imported, so that nothing of it is there: its keys are anybody's who can read the memory of a test, and
// its module would sign with one.
if (process.env.NODE_ENV === 'production') {
  throw new OidcKeyError(
    'OIDC_KEY_TESTING_IN_PRODUCTION',
    'nestjs-oidc-key/testing is imported, and NODE_ENV is "production". It is for tests alone: import it from files ' +
      'that are not part of the application, or set NODE_ENV to "test" where the tests run.',
  );
}
