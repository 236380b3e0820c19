import type { ReadToken } from './read-token.js';
import { shown } from './shown.js';

interface ClaimType {
  readonly description: string;
  readonly isOf: (value: unknown) => boolean;
}

const isText = (value: unknown) => typeof value === 'string' && value !== '';

const text: ClaimType = { description: 'a string that is not empty', isOf: isText };
const date: ClaimType = { description: 'a number of seconds since 1970', isOf: Number.isFinite };
const audience: ClaimType = {
  description: 'a string, or a list of strings, that is not empty',
  isOf: (value) => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
};

const claimTypes: readonly (readonly [name: string, type: ClaimType, section: string])[] = [
  ['iss', text, 'RFC 7519 section 4.1.1'],
  ['sub', text, 'RFC 7519 section 4.1.2'],
  ['aud', audience, 'RFC 7519 section 4.1.3'],
  ['exp', date, 'RFC 7519 section 4.1.4'],
  ['nbf', date, 'RFC 7519 section 4.1.5'],
  ['iat', date, 'RFC 7519 section 4.1.6'],
  ['jti', text, 'RFC 7519 section 4.1.7'],
  ['client_id', text, 'RFC 8693 section 4.3'],
  ['scope', text, 'RFC 8693 section 4.2'],
  ['auth_time', date, 'OpenID Connect Core section 2'],
  ['nonce', text, 'OpenID Connect Core section 2'],
  ['azp', text, 'OpenID Connect Core section 2'],
];

/** Which claims that are there are of another type than their standard says. */
export function claimTypeFaults(claims: ReadToken['claims']): string[] {
  return claimTypes
    .filter(([name, { isOf }]) => claims[name] !== undefined && !isOf(claims[name]))
    .map(
      ([name, { description }, section]) =>
        `its "${name}" is ${shown(claims[name])}, and has to be ${description} (${section})`,
    );
}
