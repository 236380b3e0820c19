import { accessTokenFaults, idTokenFaults } from './claim-faults.js';
import type { ExpectedAccessToken, ExpectedIdToken } from './claim-faults.js';
import { headerFaults, unsignedFaults } from './header-faults.js';
import { readToken } from './read-token.js';
import type { ReadToken } from './read-token.js';
import { signatureFaults } from './signature-faults.js';
import type { KeysOfIssuer } from './signature-faults.js';

/** Whether a token is what it is to be, and what to say of it. */
export interface Verdict {
  readonly isGood: boolean;
  /** What is wrong, or for a test that expects the opposite, that nothing is. */
  readonly message: string;
}

export function signedBy(token: unknown, keys: KeysOfIssuer): Verdict {
  return verdictOn(token, 'a token that is signed by these keys', (read) => [
    ...headerFaults(read),
    ...signatureFaults(read, keys),
  ]);
}

export function accessToken(token: unknown, expected: ExpectedAccessToken = {}): Verdict {
  return verdictOn(token, 'an access token', (read) => [
    ...headerFaults(read),
    ...accessTokenFaults(read, expected),
    ...(expected.signedBy ? signatureFaults(read, expected.signedBy) : unsignedFaults(read)),
  ]);
}

export function idToken(token: unknown, expected: ExpectedIdToken = {}): Verdict {
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
