import { AssertionError } from 'node:assert';

import type { ExpectedAccessToken, ExpectedIdToken } from './claim-faults.js';
import type { KeysOfIssuer } from './signature-faults.js';
import { accessToken, idToken, signedBy } from './verdict.js';
import type { Verdict } from './verdict.js';

/**
 * The token is signed by one of these keys, with the algorithm of the key.
 *
 * @throws AssertionError that says what is wrong
 */
export function assertSignedBy(token: unknown, keys: KeysOfIssuer): asserts token is string {
  refuseUnless(signedBy(token, keys), assertSignedBy);
}

/**
 * The token is an access token (RFC 9068) that is valid now, and is what else is expected of it.
 *
 * @throws AssertionError that says what is wrong
 */
export function assertAccessToken(token: unknown, expected?: ExpectedAccessToken): asserts token is string {
  refuseUnless(accessToken(token, expected), assertAccessToken);
}

/**
 * The token is an ID token (OpenID Connect Core section 2) that is valid now, and is what else is expected of it.
 *
 * @throws AssertionError that says what is wrong
 */
export function assertIdToken(token: unknown, expected?: ExpectedIdToken): asserts token is string {
  refuseUnless(idToken(token, expected), assertIdToken);
}

function refuseUnless({ isGood, message }: Verdict, caller: (...args: never[]) => void): void {
  if (!isGood) throw new AssertionError({ message, stackStartFn: caller });
}
