/**
 * For the tests of an application: keys that cost nothing, a clock that a test sets, relying parties, a store that fails
 * on demand, and what is wrong with a token. It cannot be imported under `NODE_ENV=production`.
 *
 * @module nestjs-oidc-key/testing
 */

// First, and for what it does.
// oxlint-disable-next-line import/no-unassigned-import
import './refuse-production.js';

export { testKey } from './test-key.js';
export { OidcKeyTestingModule } from './oidc-key-testing.module.js';
export type { OidcKeyTestingOptions } from './oidc-key-testing.module.js';
export { withTestKey } from './with-test-key.js';
export type { OverridesProviders } from './with-test-key.js';
export { MemoryKeyStore } from './memory-key.store.js';
export { withRotation } from './rotation/with-rotation.js';
export { RotationUnderTest } from './rotation/rotation-under-test.js';
export type { WithRotationOptions } from './rotation/with-rotation.options.js';
export type { Duration } from './rotation/durations.js';
export { BrokenRotationError } from './rotation/broken-rotation-error.js';
export type { BrokenRotationCode } from './rotation/broken-rotation-error.js';
export { tokenMatchers } from './tokens/matchers.js';
export type { TokenMatchers } from './tokens/matchers.js';
export { assertAccessToken, assertIdToken, assertSignedBy } from './tokens/assertions.js';
export type { ExpectedAccessToken, ExpectedIdToken } from './tokens/claim-faults.js';
export type { KeysOfIssuer } from './tokens/keys-of-issuer.js';
