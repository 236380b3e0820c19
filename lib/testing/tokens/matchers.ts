import type { ExpectedAccessToken, ExpectedIdToken } from './claim-faults.js';
import type { KeysOfIssuer } from './keys-of-issuer.js';
import { accessToken, idToken, signedBy } from './verdict.js';
import type { Verdict } from './verdict.js';

/**
 * What a matcher answers under Jest and Vitest.
 *
 * @inline
 */
interface MatcherResult {
  /** Whether the token is what it is to be. */
  readonly pass: boolean;
  /** What to say where a test expects the opposite. */
  readonly message: () => string;
}

const resultOf = ({ isGood, message }: Verdict): MatcherResult => ({ pass: isGood, message: () => message });

/** For `expect.extend(tokenMatchers)` under Jest and Vitest. None of them has to be awaited. */
export const tokenMatchers = {
  /** The token is signed by one of these keys, with the algorithm of the key. */
  toBeSignedBy: (token: unknown, keys: KeysOfIssuer): MatcherResult =>
    resultOf(signedBy('toBeSignedBy', token, keys)),
  /** The token is an access token (RFC 9068) that is valid now, and is what else is expected of it. */
  toBeAccessToken: (token: unknown, expected?: ExpectedAccessToken): MatcherResult =>
    resultOf(accessToken('toBeAccessToken', token, expected)),
  /** The token is an ID token (OpenID Connect Core section 2) that is valid now, and is what else is expected of it. */
  toBeIdToken: (token: unknown, expected?: ExpectedIdToken): MatcherResult =>
    resultOf(idToken('toBeIdToken', token, expected)),
};

/** The matchers as `expect(token)` has them, to be added to the declarations of Jest or Vitest. */
export interface TokenMatchers<Result = void> {
  /** The token is signed by one of these keys, with the algorithm of the key. */
  toBeSignedBy(keys: KeysOfIssuer): Result;
  /** The token is an access token (RFC 9068) that is valid now, and is what else is expected of it. */
  toBeAccessToken(expected?: ExpectedAccessToken): Result;
  /** The token is an ID token (OpenID Connect Core section 2) that is valid now, and is what else is expected of it. */
  toBeIdToken(expected?: ExpectedIdToken): Result;
}
