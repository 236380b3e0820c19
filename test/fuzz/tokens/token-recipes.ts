import * as fc from 'fast-check';

import { at, place } from '../places.js';
import { jsonStyle, memberChange, oddValue, plainStyle } from './json-texts.js';
import type { JsonStyle, MemberChange } from './json-texts.js';
import { signers } from './signers.js';

/** Seconds since 1970 that every case takes for now. */
export const now = 1_700_000_000;

const string = (value: string) => JSON.stringify(value);

const algorithmNames = [
  'RS256',
  'ES256',
  'PS256',
  'Ed25519',
  'EdDSA',
  'RS384',
  'RS512',
  'ES384',
  'ES512',
  'ES256K',
  'PS384',
  'PS512',
  'HS256',
  'HS512',
  'none',
  'None',
  'NONE',
  'nOnE',
  '',
  'rs256',
  'RS256 ',
  ' RS256',
  'RS1',
  'RSA-OAEP',
  'dir',
  'Ed448',
  'ML-DSA-44',
  '__proto__',
  'constructor',
  'toString',
];

const headerValues = fc.oneof(
  fc.constantFrom(...algorithmNames.map(string)),
  fc
    .constantFrom(
      'at+jwt',
      'AT+JWT',
      'application/at+jwt',
      'JWT',
      'jwt',
      'at+jwt ',
      'application/',
      '/',
      'at/jwt',
    )
    .map(string),
  fc.constantFrom(
    '["b64"]',
    '["exp"]',
    '["b64","b64"]',
    '["alg"]',
    '"b64"',
    '["b64","exp"]',
    '["__proto__"]',
    '["toString"]',
  ),
  fc.constantFrom(
    ...signers.map(({ kid }) => string(kid)),
    ...signers.map(({ kid }) => string(kid.toLowerCase())),
  ),
  fc.constantFrom('{"kty":"oct","k":"AAAA"}', '"http://127.0.0.1:9/jwks.json"', '["MIIB"]'),
  oddValue,
);
const headerNames = fc.constantFrom(
  'alg',
  'alg',
  'alg',
  'kid',
  'kid',
  'typ',
  'typ',
  'cty',
  'crit',
  'crit',
  'b64',
  'jwk',
  'jku',
  'x5u',
  'x5c',
  'zip',
  'enc',
  'exp',
  '__proto__',
  'constructor',
  'toString',
  'ALG',
  'alg ',
  '',
  'iss',
);

const numericDates = fc.oneof(
  fc.constantFrom(now - 5, now, now + 5).map(String),
  fc.constant('1e999'),
  fc.integer({ min: now - 12, max: now + 12 }).map(String),
  fc.constantFrom(`${now}.0`, `${now}.5`, `${now / 1000}e3`, `${now}e9`, `"${now}"`, `[${now}]`, `-${now}`),
  oddValue,
);
const claimChange = fc.oneof(
  memberChange(fc.constantFrom('exp', 'exp', 'nbf', 'iat'), numericDates),
  memberChange(
    fc.constantFrom('iss', 'aud', 'sub'),
    fc.oneof(
      fc
        .constantFrom('https://issuer.example', 'https://issuer.example/', 'api', 'API', 'alice', 'other')
        .map(string),
      fc.constantFrom(
        '["api"]',
        '["other","api"]',
        '[["api"]]',
        '{"api":1}',
        '["api",1]',
        '[{"toString":"api"}]',
      ),
      oddValue,
    ),
  ),
  memberChange(
    fc.constantFrom('jti', 'nonce', 'scope', '__proto__', 'constructor', 'toJSON', 'hasOwnProperty', ''),
    oddValue,
  ),
);

/** What a verifier asks for, in words of ours that jose has too. */
export interface Rules {
  readonly typ?: string;
  readonly issuer?: string | string[];
  readonly audience?: string | string[];
  readonly subject?: string;
  readonly requiredClaims?: string[];
  readonly maxAge?: number;
  readonly clockTolerance?: number;
}

const rules: fc.Arbitrary<Rules> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        typ: fc.constantFrom('at+jwt', 'JWT', 'application/at+jwt'),
        issuer: fc.constantFrom<string | string[]>('https://issuer.example', [
          'https://issuer.example',
          'other',
        ]),
        audience: fc.constantFrom<string | string[]>('api', ['api', 'other']),
        subject: fc.constant('alice'),
        requiredClaims: fc.constantFrom<string[]>(['exp'], ['jti', 'iat'], ['toString'], ['__proto__']),
        maxAge: fc.constantFrom(0, 10, 1e9),
        clockTolerance: fc.constantFrom(0, 5),
      },
      { requiredKeys: [] },
    ),
  },
);

/** What is done to the three parts, or to the whole, as text. */
export interface TextChange {
  readonly change: string;
  readonly part: number;
  readonly where: number;
  readonly insertion: string;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const insertions = [
  '=',
  '==',
  ' ',
  '\n',
  '\r\n',
  '	',
  '\f',
  '\v',
  '\0',
  '+',
  '/',
  '.',
  '..',
  '%',
  '%3D',
  ',',
  ':',
  '~',
  '*',
  '"',
  '\xA0',
  '﻿',
  '\u2028',
  '​',
  'é',
  'Ā',
  '🔑',
  '\ud800',
  'Ａ',
  'A',
  'AA',
  'AAA',
  'AAAA',
  '_',
  '-',
];

const textChanges: Readonly<Record<string, (text: string, change: TextChange) => string>> = {
  insert: (text, { where, insertion }) => {
    const index = at(where, text.length + 1);
    return text.slice(0, index) + insertion + text.slice(index);
  },
  'insert at the end': (text, { insertion }) => text + insertion,
  'insert at the beginning': (text, { insertion }) => insertion + text,
  'replace a character': (text, { where, insertion }) => {
    const index = at(where, text.length);
    return text.slice(0, index) + insertion + text.slice(index + 1);
  },
  'another character': (text, { where, insertion }) => {
    const index = at(where, text.length);
    const letter = alphabet[(insertion.charCodeAt(0) + where) % 64]!;
    return text.slice(0, index) + letter + text.slice(index + 1);
  },
  // Where base64url leaves bits unused, several characters say the same.
  'another last character': (text, { where }) => {
    const last = alphabet.indexOf(text.slice(-1));
    return last < 0 ? text : text.slice(0, -1) + alphabet[last ^ (1 + (where % 15))]!;
  },
  'cut the end': (text, { where }) => text.slice(0, at(where, text.length)),
  'cut the last character': (text) => text.slice(0, -1),
  'cut the beginning': (text, { where }) => text.slice(at(where, text.length)),
  'base64 for base64url': (text) => text.replaceAll('-', '+').replaceAll('_', '/'),
  'with padding': (text) => text + '='.repeat((4 - (text.length % 4)) % 4),
  'encoded twice': (text) => Buffer.from(text, 'utf8').toString('base64url'),
  'in hexadecimal': (text) => Buffer.from(text, 'base64url').toString('hex'),
  reversed: (text) => text.split('').toReversed().join(''),
  'in upper case': (text) => text.toUpperCase(),
  'for a URL': (text) => encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '')),
  nothing: () => '',
  twice: (text) => text + text,
};

const textChange: fc.Arbitrary<TextChange> = fc.record({
  change: fc.constantFrom(...Object.keys(textChanges)),
  // The three parts, and the whole.
  part: fc.constantFrom(0, 1, 2, 2, 3),
  where: place,
  insertion: fc.constantFrom(...insertions),
});

export function changeText(parts: readonly string[], changes: readonly TextChange[]): string[] {
  return changes.reduce<string[]>(
    (all, each) => {
      const change = textChanges[each.change]!;
      if (each.part > 2) return change(all.join('.'), each).split('.');
      return all.map((part, index) => (index === each.part ? change(part, each) : part));
    },
    [...parts],
  );
}

/** What is done to the parts as such; `other` is a token by the same key. */
export const arrangements: Readonly<Record<string, (parts: string[], other: string[]) => string>> = {
  'as they are': (parts) => parts.join('.'),
  'the header of another': ([, ...rest], [header]) => [header, ...rest].join('.'),
  'the payload of another': ([header, , signature], [, payload]) => [header, payload, signature].join('.'),
  'the signature of another': ([header, payload], other) => [header, payload, other[2]].join('.'),
  'a part too few': (parts) => parts.slice(0, 2).join('.'),
  'a part too many': (parts, [header]) => [...parts, header].join('.'),
  'five parts': (parts, other) => [...parts, ...other.slice(0, 2)].join('.'),
  'an empty part at the end': (parts) => `${parts.join('.')}.`,
  'an empty part at the beginning': (parts) => `.${parts.join('.')}`,
  'the other way round': (parts) => parts.toReversed().join('.'),
  'two tokens': (parts, other) => `${parts.join('.')} ${other.join('.')}`,
  'JSON serialization': ([header, payload, signature]) =>
    JSON.stringify({ protected: header, payload, signature }),
  'general JSON serialization': ([header, payload, signature]) =>
    JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
  'with a scheme': (parts) => `Bearer ${parts.join('.')}`,
  'in quotes': (parts) => `"${parts.join('.')}"`,
  'other dots': (parts) => parts.join('\u3002'),
  'slashes for dots': (parts) => parts.join('/'),
};

/** How a token comes about: what is written, how it is encoded, who signs what, and what happens to it then. */
export interface TokenRecipe {
  readonly signer: number;
  readonly rules: Rules;
  readonly headerChanges: readonly MemberChange[];
  readonly headerStyle: JsonStyle;
  readonly payloadChanges: readonly MemberChange[];
  readonly payloadStyle: JsonStyle;
  /** Of the parts before they are signed. */
  readonly encoding: readonly TextChange[];
  readonly signature: string;
  readonly textChanges: readonly TextChange[];
  readonly arrangement: string;
  /** Characters that a claim is made longer by. */
  readonly size: number;
}

const none = <Value>() => fc.constant<readonly Value[]>([]);
const signer = fc.constantFrom(...signers.keys());
const size = fc.oneof(
  { weight: 3_000, arbitrary: fc.constant(0) },
  { weight: 20, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
  // In base64url a third longer: a megabyte.
  { weight: 1, arbitrary: fc.integer({ min: 100_000, max: 740_000 }) },
);

/** Signed as any other token, and changed afterwards. */
const changedAfterwards: fc.Arbitrary<TokenRecipe> = fc.record({
  signer,
  rules,
  headerChanges: none<MemberChange>(),
  headerStyle: fc.constant(plainStyle),
  payloadChanges: none<MemberChange>(),
  payloadStyle: fc.constant(plainStyle),
  encoding: none<TextChange>(),
  signature: fc.constant('cached'),
  textChanges: fc.array(textChange, { maxLength: 3 }),
  arrangement: fc.oneof(
    { weight: 3, arbitrary: fc.constant('as they are') },
    { weight: 1, arbitrary: fc.constantFrom(...Object.keys(arrangements)) },
  ),
  size: fc.constant(0),
});

/** Signed with the right key whatever it says, so that header and claims are what decides. */
const signedAsItIs: fc.Arbitrary<TokenRecipe> = fc.record({
  signer,
  rules,
  headerChanges: fc.oneof(
    none<MemberChange>(),
    fc.array(memberChange(headerNames, headerValues), { maxLength: 3 }),
  ),
  headerStyle: fc.oneof(
    { weight: 2, arbitrary: fc.constant(plainStyle) },
    { weight: 1, arbitrary: jsonStyle },
  ),
  payloadChanges: fc.oneof(none<MemberChange>(), fc.array(claimChange, { maxLength: 3 })),
  payloadStyle: fc.oneof(
    { weight: 2, arbitrary: fc.constant(plainStyle) },
    { weight: 1, arbitrary: jsonStyle },
  ),
  encoding: fc.oneof(
    { weight: 3, arbitrary: none<TextChange>() },
    { weight: 1, arbitrary: fc.array(textChange, { maxLength: 2 }) },
  ),
  signature: fc.oneof(
    { weight: 12, arbitrary: fc.constant('ours') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('of a stranger', 'by HMAC', 'by another algorithm', 'none', 'in DER'),
    },
  ),
  textChanges: fc.oneof(
    { weight: 5, arbitrary: none<TextChange>() },
    { weight: 1, arbitrary: fc.array(textChange, { maxLength: 1 }) },
  ),
  arrangement: fc.constant('as they are'),
  size,
});

export const tokenRecipes: fc.Arbitrary<TokenRecipe> = fc.oneof(
  { weight: 3, arbitrary: changedAfterwards },
  { weight: 2, arbitrary: signedAsItIs },
);
