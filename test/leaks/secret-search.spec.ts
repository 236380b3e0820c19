import { createPublicKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { serialize } from 'node:v8';

import { expect, it } from '@jest/globals';

import { makeKeyPair } from '../support/key-pairs.js';
import { jwkOf, makeRsaKey, pemOf } from '../support/keys.js';
import {
  SecretSearch,
  secretOfText,
  secretsOfEncryptedKey,
  secretsOfKey,
  secretsOfToken,
} from '../support/secret-search.js';
import type { Secrets } from '../support/secret-search.js';
import { forge } from '../support/tokens.js';

const keys: [string, KeyObject][] = [
  ['RSA', makeRsaKey()],
  ['EC', makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey],
  ['Ed25519', makeKeyPair('ed25519').privateKey],
];
const passphrase = `a "pass" \\ phrase of ${randomBytes(16).toString('hex')} & 100 % more`;
const rsa = keys[0]![1];
const encrypted = rsa.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase });
const token = forge(rsa, { alg: 'RS256' }, { sub: randomBytes(16).toString('hex') });

const secrets: Secrets = {
  ...Object.assign({}, ...keys.map(([name, key]) => secretsOfKey(name, key))),
  ...secretsOfEncryptedKey('encrypted key', encrypted),
  ...secretOfText('passphrase', passphrase),
  ...secretsOfToken('token', token),
};
const search = new SecretSearch(secrets);

const behind = (count: number, bytes: Buffer) => Buffer.concat([randomBytes(count), bytes, randomBytes(2)]);
// Shorter lines than any tool makes, so that no piece of a line would do.
const wrapped = (text: string, end: string) => text.match(/.{1,16}/g)!.join(end);
const inspected = (value: unknown) => inspect(value, { maxArrayLength: Infinity, maxStringLength: Infinity });

/** How bytes get into a text. */
const plantings: [string, (bytes: Buffer) => string | Buffer][] = [
  ['base64url', (bytes) => bytes.toString('base64url')],
  ['base64', (bytes) => bytes.toString('base64')],
  ['base64, one byte behind something', (bytes) => behind(1, bytes).toString('base64')],
  ['base64, two bytes behind something', (bytes) => behind(2, bytes).toString('base64')],
  ['base64url, one byte behind something', (bytes) => behind(1, bytes).toString('base64url')],
  ['base64 on lines', (bytes) => wrapped(behind(1, bytes).toString('base64'), '\n')],
  ['base64 on lines of CRLF', (bytes) => wrapped(behind(2, bytes).toString('base64'), '\r\n')],
  ['base64 with literal \\n', (bytes) => wrapped(bytes.toString('base64'), '\\n')],
  ['base64 with literal \\\\n', (bytes) => wrapped(bytes.toString('base64'), '\\\\n')],
  [
    'base64 in JSON in JSON',
    (bytes) => JSON.stringify(JSON.stringify(wrapped(bytes.toString('base64'), '\n'))),
  ],
  [
    'base64 as inspect prints it',
    (bytes) => inspected({ a: { b: wrapped(bytes.toString('base64'), '\n') } }),
  ],
  ['base64 in a URL', (bytes) => encodeURIComponent(wrapped(bytes.toString('base64'), '\n'))],
  ['base64 in a form', (bytes) => new URLSearchParams({ key: bytes.toString('base64') }).toString()],
  ['hex', (bytes) => bytes.toString('hex')],
  ['HEX', (bytes) => bytes.toString('hex').toUpperCase()],
  ['hex with colons', (bytes) => bytes.toString('hex').replaceAll(/..(?=.)/g, '$&:')],
  ['hex as C', (bytes) => [...bytes].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(', ')],
  ['hex as inspect prints a Buffer', (bytes) => inspect(bytes)],
  ['integer', (bytes) => BigInt(`0x${bytes.toString('hex')}`).toString()],
  ['integer as inspect prints it', (bytes) => inspected({ d: BigInt(`0x${bytes.toString('hex')}`) })],
  [
    'integer with separators',
    (bytes) => inspect(BigInt(`0x${bytes.toString('hex')}`), { numericSeparator: true }),
  ],
  ['bytes with commas', (bytes) => bytes.join(',')],
  ['bytes as inspect prints them', (bytes) => inspected(new Uint8Array(bytes))],
  ['bytes as JSON of a Buffer', (bytes) => JSON.stringify({ key: bytes }, null, 2)],
  ['bytes as JSON of a Uint8Array', (bytes) => JSON.stringify(new Uint8Array(bytes))],
  ['bytes as inspect prints an object', (bytes) => inspected(Object.assign({}, bytes))],
  ['the bytes themselves', (bytes) => Buffer.concat([randomBytes(40), bytes])],
  ['the bytes serialized', (bytes) => serialize({ bytes })],
  ['half of it', (bytes) => bytes.subarray(0, bytes.length * 0.7).toString('hex')],
];

const around = (planted: string | Buffer) =>
  typeof planted === 'string'
    ? `[Nest] 1  - LOG [KeyRotation] "${planted}" and more`
    : Buffer.concat([Buffer.from('[Nest] 1 '), planted, Buffer.from(' and more')]);

it.each(plantings)('a secret is found as %s', (_, plant) => {
  const isFound = ([name, bytes]: [string, Buffer]) =>
    search.in(around(plant(bytes))).some((found) => found.startsWith(`${name} as `));
  expect(Object.entries(secrets).filter((each) => !isFound(each))).toEqual([]);
});

const texts: [string, (text: string) => string | Buffer][] = [
  ['as it is', (text) => text],
  ['in JSON', (text) => JSON.stringify({ text })],
  ['in JSON in JSON', (text) => JSON.stringify(JSON.stringify({ text }))],
  ['as inspect prints it', (text) => inspected({ text })],
  ['in a URL', (text) => encodeURIComponent(text)],
  ['in UTF-16', (text) => Buffer.from(text, 'utf16le')],
];

it.each(texts)('a text is found %s', (_, plant) => {
  for (const [name, text] of [
    ['passphrase', passphrase],
    ['token', token],
    ...keys.map(([kind, key]) => [kind, pemOf(key)]),
  ]) {
    expect(search.in(around(plant(text!))).join()).toMatch(new RegExp(`(^|,)${name}`));
  }
});

it.each(keys)('the PEM of a key is found in base64 of base64: %s', (name, key) => {
  for (const pem of [pemOf(key), pemOf(key).replaceAll('\n', '\\n')]) {
    expect(search.in(Buffer.from(pem).toString('base64')).join()).toContain(`${name} line of pkcs8 PEM`);
  }
});

it('what is public is not taken for a secret', () => {
  for (const [, key] of keys) {
    const publicKey = createPublicKey(key);
    const { x, y, n, e } = jwkOf(key);
    const told = [
      publicKey.export({ format: 'der', type: 'spki' }),
      x,
      y,
      n,
      e,
      inspect(publicKey, { showHidden: true }),
    ];
    expect(search.in(JSON.stringify(told))).toEqual([]);
  }
  expect(search.in(token.split('.')[0]!)).toEqual([]);
  expect(search.in(randomBytes(100_000))).toEqual([]);
});

it('a secret that would be found by chance is refused', () => {
  expect(() => new SecretSearch(secretOfText('pin', '1234'))).toThrow('pin as text is too short');
});
