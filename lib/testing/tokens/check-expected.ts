import { isDate } from 'node:util/types';

import { isObject, isPlain } from '../../core/objects.js';
import { checkGivenOptions, invalidOption } from '../../options/given-options.js';
import type { OptionCheck, OptionChecks } from '../../options/given-options.js';
import type { ExpectedAccessToken, ExpectedIdToken } from './claim-faults.js';
import { isKeysOfIssuer, kindsOfKeys } from './keys-of-issuer.js';
import type { KeysOfIssuer } from './keys-of-issuer.js';

const isText = (value: unknown) => typeof value === 'string' && value !== '';
const isTexts = (value: unknown) =>
  Array.isArray(value) && value.length > 0 && Array.from(value as unknown[]).every(isText);

const text: OptionCheck = [isText, 'a string that is not empty'];

const ofEveryToken = {
  issuer: text,
  subject: text,
  claims: [
    // A claim that is undefined would be compared with nothing.
    (value) => isObject(value) && isPlain(value) && !Object.values(value).some((each) => each === undefined),
    'a plain object of claims, none of which is undefined',
  ],
  signedBy: [isKeysOfIssuer, kindsOfKeys],
  at: [
    (value) => isDate(value) && Number.isFinite(value.getTime()),
    'a Date that is valid, which `new Date()` of a text that it cannot read is not',
  ],
} satisfies Readonly<Record<string, OptionCheck>>;

const ofAccessToken: OptionChecks<ExpectedAccessToken> = {
  ...ofEveryToken,
  audience: text,
  clientId: text,
  scope: [(value) => isText(value) || isTexts(value), 'a string, or a list of strings, that is not empty'],
};

const ofIdToken: OptionChecks<ExpectedIdToken> = { ...ofEveryToken, clientId: text, nonce: text };

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function checkExpectedAccessToken(expected: unknown, caller: string): void {
  checkGivenOptions(expected, ofAccessToken, { owner: caller, example: '{ issuer, audience, signedBy }' });
}

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function checkExpectedIdToken(expected: unknown, caller: string): void {
  checkGivenOptions(expected, ofIdToken, { owner: caller, example: '{ issuer, clientId, signedBy }' });
}

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function checkKeysOfIssuer(keys: unknown, caller: string): asserts keys is KeysOfIssuer {
  if (!isKeysOfIssuer(keys)) throw invalidOption(`The keys that ${caller} takes have to be ${kindsOfKeys}.`);
}
