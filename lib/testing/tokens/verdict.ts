import { accessTokenFaults, idTokenFaults } from './claim-faults.js';
import type { ExpectedAccessToken, ExpectedIdToken } from './claim-faults.js';
import { checkExpectedAccessToken, checkExpectedIdToken, checkKeysOfIssuer } from './check-expected.js';
import { headerFaults, unsignedFaults } from './header-faults.js';
import { readToken } from './read-token.js';
import type { ReadToken } from './read-token.js';
import { signatureFaults } from './signature-faults.js';
import type { KeysOfIssuer } from './keys-of-issuer.js';

/** Whether a token is what it is to be, and what to say of it. */
export interface Verdict {
  readonly isGood: boolean;
  /** What is wrong, or for a test that expects the opposite, that nothing is. */
  readonly message: string;
}

/**
 * @param caller what messages call what was called wrongly
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
 */
export function signedBy(caller: string, token: unknown, keys: KeysOfIssuer): Verdict {
  checkKeysOfIssuer(keys, caller);
  return verdictOn(token, 'a token that is signed by these keys', (read) => [
    ...headerFaults(read),
    ...signatureFaults(read, keys),
  ]);
}

/**
 * @param caller what messages call what was called wrongly
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
 */
export function accessToken(caller: string, token: unknown, expected: ExpectedAccessToken = {}): Verdict {
  checkExpectedAccessToken(expected, caller);
  return verdictOn(token, 'an access token', (read) => [
    ...headerFaults(read),
    ...accessTokenFaults(read, expected),
    ...(expected.signedBy ? signatureFaults(read, expected.signedBy) : unsignedFaults(read)),
  ]);
}

/**
 * @param caller what messages call what was called wrongly
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
 */
export function idToken(caller: string, token: unknown, expected: ExpectedIdToken = {}): Verdict {
  checkExpectedIdToken(expected, caller);
  return verdictOn(token, 'an ID token', (read) => [
    ...headerFaults(read),
    ...idTokenFaults(read, expected),
    ...(expected.signedBy ? signatureFaults(read, expected.signedBy) : unsignedFaults(read)),
  ]);
}

function verdictOn(token: unknown, what: string, faultsIn: (token: ReadToken) => string[]): Verdict {
  const read = readToken(token);
  const faults = typeof read === 'string' ? [read] : faultsIn(read);
  // Without the signature, so that nobody can use what is printed.
  const content =
    typeof read === 'string'
      ? ''
      : `\n\nHeader: ${JSON.stringify(read.header)}\nClaims: ${JSON.stringify(read.claims, undefined, 2)}`;
  return faults.length === 0
    ? { isGood: true, message: `Expected anything but ${what}, and it is one.${content}` }
    : {
        isGood: false,
        message: `Expected ${what}:\n${faults.map((fault) => `- ${fault}`).join('\n')}${content}`,
      };
}
