import { AssertionError } from 'node:assert';

import type { ExpectedAccessToken, ExpectedIdToken } from './claim-faults.js';
import type { KeysOfIssuer } from './keys-of-issuer.js';
import { accessToken, idToken, signedBy } from './verdict.js';
import type { Verdict } from './verdict.js';

/**
 * The token is signed by one of these keys, with the algorithm of the key.
 *
 * @throws AssertionError that says what is wrong
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` where the test asks for what there is not
 */
export function assertSignedBy(token: unknown, keys: KeysOfIssuer): asserts token is string {
  refuseUnless(signedBy('assertSignedBy', token, keys), assertSignedBy);
}

/**
 * The token is an access token (RFC 9068) that is valid now, and is what else is expected of it.
 *
 * @throws AssertionError that says what is wrong
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` where the test asks for what there is not
 */
export function assertAccessToken(token: unknown, expected?: ExpectedAccessToken): asserts token is string {
  refuseUnless(accessToken('assertAccessToken', token, expected), assertAccessToken);
}

/**
 * The token is an ID token (OpenID Connect Core section 2) that is valid now, and is what else is expected of it.
 *
 * @throws AssertionError that says what is wrong
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` where the test asks for what there is not
 */
export function assertIdToken(token: unknown, expected?: ExpectedIdToken): asserts token is string {
  refuseUnless(idToken('assertIdToken', token, expected), assertIdToken);
}

function refuseUnless({ isGood, message }: Verdict, caller: (...args: never[]) => void): void {
  if (!isGood) throw new AssertionError({ message, stackStartFn: caller });
}
