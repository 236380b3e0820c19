import type { JsonWebKey } from 'node:crypto';

import * as fc from 'fast-check';

import { unusableKeys, usableKeys } from './base-keys.js';
import { casesOf } from './key-case.js';

const members = [
  'kty',
  'n',
  'e',
  'd',
  'p',
  'q',
  'dp',
  'dq',
  'qi',
  'oth',
  'crv',
  'x',
  'y',
  'k',
  'kid',
  'alg',
  'use',
  'key_ops',
  'x5c',
  'ext',
  'keys',
  'key',
  '__proto__',
  'toString',
  'constructor',
];

/** Values that no member should have, or only another one. */
const values: Readonly<Record<string, (old: unknown, other: unknown, size: number) => unknown>> = {
  missing: () => undefined,
  null: () => null,
  true: () => true,
  zero: () => 0,
  'a number': () => 65537,
  'a large number': () => 1e300,
  'no number': () => Number.NaN,
  'a bigint': () => 65537n,
  'a symbol': () => Symbol('member'),
  'a function': () => () => 'AQAB',
  'a list': (old) => [old],
  'an empty list': () => [],
  'a list of operations': () => ['sign', 'verify', 'sign'],
  'an object': (old) => ({ old }),
  'an object without prototype': () => Object.create(null) as unknown,
  'a Buffer': (old) => Buffer.from(text(old)),
  'a String object': (old) => Object(text(old)) as unknown,
  nothing: () => '',
  'a space': () => ' ',
  zeros: () => 'AAAA',
  'a small number': () => 'AQ',
  'an even number': () => 'AQAC',
  'with padding': (old) => `${text(old)}=`,
  'with white space': (old) => ` ${text(old)}\n`,
  'with characters of base64': (old) => text(old).replaceAll('-', '+').replaceAll('_', '/'),
  'with foreign characters': (old) => `${text(old)}é\0`,
  'with leading zeros': (old) => `AAAA${text(old)}`,
  'with trailing zeros': (old) => `${text(old)}AAAA`,
  'cut off': (old) => text(old).slice(0, -3),
  'one character less': (old) => text(old).slice(1),
  'another last character': (old) => `${text(old).slice(0, -1)}${text(old).endsWith('A') ? 'B' : 'A'}`,
  'another first character': (old) => `${text(old).startsWith('B') ? 'C' : 'B'}${text(old).slice(1)}`,
  'of another key': (_old, other) => other,
  long: (_old, _other, size) => 'V'.repeat(size),
  'upper case': (old) => text(old).toUpperCase(),
  'lower case': (old) => text(old).toLowerCase(),
  'another name': (_old, _other, size) =>
    [
      'RSA',
      'EC',
      'OKP',
      'oct',
      'P-256',
      'P-384',
      'P-521',
      'secp256k1',
      'Ed25519',
      'X25519',
      'EdDSA',
      'RS256',
      'PS256',
      'RS512',
      'ES256',
      'ES384',
      'HS256',
      'none',
      'sig',
      'enc',
    ][size % 20],
};

function text(value: unknown): string {
  return typeof value === 'string' ? value : 'AQAB';
}

const jwks = usableKeys.map(({ jwk }) => jwk as JsonWebKey & Record<string, unknown>);

const damage = fc.record({
  member: fc.constantFrom(...members),
  value: fc.constantFrom(...Object.keys(values)),
  other: fc.nat(jwks.length - 1),
  size: fc.oneof({ weight: 19, arbitrary: fc.nat(600) }, { weight: 1, arbitrary: fc.nat(20_000) }),
});

const carriers: Readonly<Record<string, (jwk: object) => unknown>> = {
  object: (jwk) => jwk,
  'a JWK Set': (jwk) => ({ keys: [jwk] }),
  'described, as an object': (jwk) => ({ key: jwk }),
  'described, for PS256': (jwk) => ({ key: jwk, algorithm: 'PS256' }),
  'described, for ES512': (jwk) => ({ key: jwk, algorithm: 'ES512' }),
  JSON: (jwk) => json(jwk),
  'JSON of a JWK Set': (jwk) => `{"keys":[${json(jwk)}]}`,
  'JSON with every member twice': (jwk) => `${json(jwk).slice(0, -1)},${json(jwk).slice(1)}`,
  'base64 of JSON': (jwk) => Buffer.from(json(jwk)).toString('base64'),
  'without prototype': (jwk) => Object.assign(Object.create(null) as object, jwk),
  frozen: (jwk) => Object.freeze(jwk),
};

function json(jwk: object): string {
  return JSON.stringify(jwk, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
}

/** JWKs with members that are missing, altered, of another key or of no type that a member has. */
export const damagedJwk = casesOf(
  'damaged JWK',
  fc.record({
    source: fc.nat(jwks.length - 1),
    damages: fc.array(damage, { maxLength: 3 }),
    carrier: fc.constantFrom(...Object.keys(carriers)),
  }),
  ({ source, damages, carrier }) => {
    const jwk: Record<string, unknown> = { ...jwks[source]! };
    for (const { member, value, other, size } of damages) {
      const changed = values[value]!(jwk[member], jwks[other]![member], size);
      // An own member even where it is called __proto__.
      Object.defineProperty(jwk, member, {
        value: changed,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return { input: carriers[carrier]!(jwk) };
  },
);

const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;
const [rsa, ec] = usableKeys as [(typeof usableKeys)[0], (typeof usableKeys)[0]];

/** Values that are no key in any form, or hold one where none belongs. */
const oddities: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  zero: () => 0,
  'a bigint': () => 1n,
  'a symbol': () => Symbol('key'),
  'a function': () => () => rsa.pems[0],
  'an empty text': () => '',
  'an empty list': () => [],
  'a list in a list': () => [[rsa.pems[0]]],
  'a list of keys': () => [rsa.pems[0], ec.pems[0]],
  'a list with a hole': () => [rsa.pems[0], undefined],
  'the same key twice': () => [rsa.pems[0], rsa.pems[0]],
  'a deep list': () => nested(5_000),
  'a deep JWK': () => ({ kty: nested(5_000) }),
  'a JWK that holds itself': () => {
    const jwk: Record<string, unknown> = { ...ec.jwk };
    jwk.ext = jwk;
    return jwk;
  },
  'a Date': () => new Date(),
  'a Map': () => new Map([['key', rsa.pems[0]]]),
  'an Error': () => new Error(rsa.pems[0]),
  'a promise': () => Promise.resolve(rsa.pems[0]),
  'a String object': () => Object(rsa.pems[0]) as unknown,
  'an ArrayBuffer': () => new Uint8Array(ec.ders[0]!).buffer,
  'a Uint16Array': () => new Uint16Array(ec.ders[0]!),
  'a DataView': () => new DataView(new Uint8Array(ec.ders[0]!).buffer),
  'a key in a key': () => ({ key: { key: rsa.pems[0] } }),
  'a misspelt member': () => ({ key: rsa.pems[0], passphrasse: 'x' }),
  'a passphrase that is none': () => ({ key: rsa.pems[0], passphrase: 1 }),
  'a kid that is none': () => ({ key: rsa.pems[0], kid: {} }),
  'a kid that is empty': () => ({ key: rsa.pems[0], kid: '' }),
  'an algorithm that is none': () => ({ key: rsa.pems[0], algorithm: '__proto__' }),
  'an algorithm of another kind': () => ({ key: rsa.pems[0], algorithm: 'ES256' }),
  'an algorithm that is a list': () => ({ key: rsa.pems[0], algorithm: ['RS256'] }),
  'a JWK Set of what is no JWK': () => ({ keys: [rsa.pems[0]] }),
  'a JWK Set in a JWK Set': () => ({ keys: [{ keys: [rsa.jwk] }] }),
  'an endless JWK Set': () => ({ keys: Array.from({ length: 5_000 }, () => null) }),
  'keys that cannot be used': () => unusableKeys.map(({ pems }) => pems[0]),
};

export const oddValues = casesOf(
  'odd value',
  fc.record({ value: fc.constantFrom(...Object.keys(oddities)), isDescribed: fc.boolean() }),
  ({ value, isDescribed }) => {
    const input = oddities[value]!();
    return { input: isDescribed ? { key: input } : input };
  },
);
