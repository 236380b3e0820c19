import { createPublicKey } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { makeKeyPair } from '../../support/key-pairs.js';
import { thumbprintOf } from '../../support/loaded.js';
import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import type { KeyInput } from '../../../lib/core/reading/key-material.js';
import { errorOf } from '../../support/errors.js';
import { manglings } from '../../support/manglings.js';
import { derOf, jwkOf, makeRsaKey, pemOf } from '../../support/keys.js';

const name = 'OIDC_PRIVATE_KEY';
const key = makeRsaKey();
const other = makeKeyPair('ed25519').privateKey;
const pem = pemOf(key);
const otherPem = pemOf(other);
const base64 = (value: string | Buffer) => Buffer.from(value).toString('base64');

const load = (value: unknown, passphrase?: string) =>
  loadKeyMaterial({ name, value: value as KeyInput, passphrase }).map(({ keyObject, ...facts }) => ({
    ...facts,
    is: keyObject.equals(key) ? 'key' : keyObject.equals(other) ? 'other' : '?',
  }));
const refusalOf = (value: unknown) => {
  const { code, message } = errorOf(() => load(value));
  return { code, message };
};

describe('what a text is, whatever was done to it', () => {
  const encoded: [string, string][] = [
    ['PEM', pem],
    ['PKCS#1 PEM', pemOf(key, 'pkcs1')],
    ['a JWK', JSON.stringify(jwkOf(key))],
    ['a pretty JWK', JSON.stringify(jwkOf(key), null, 2)],
    ['a JWK Set', JSON.stringify({ keys: [jwkOf(key)] })],
    ['a JSON list of a PEM', JSON.stringify([pem])],
    ['a described key', JSON.stringify({ key: pem })],
    ['base64 of DER', base64(derOf(key))],
    ['base64 of PEM', base64(pem)],
    ['base64 of a JSON list', base64(JSON.stringify([pem]))],
    ['base64 of a described key', base64(JSON.stringify({ key: pem }))],
  ];
  for (const [form, text] of encoded) {
    it.each(Object.entries(manglings))(`${form}, mangled: %s`, (_, mangle) => {
      expect(load(mangle(text)).map(({ is }) => is)).toEqual(['key']);
    });
  }
});

describe('JSON is parsed as JSON', () => {
  const kid = 'a/b, "c" \\n é';
  const jwk = { ...jwkOf(key), kid };

  it.each([
    ['as it is', JSON.stringify(jwk)],
    ['as PHP writes it', JSON.stringify(jwk).replaceAll('/', '\\/').replaceAll('é', '\\u00e9')],
    ['in a JSON string', JSON.stringify(JSON.stringify(jwk))],
    ['in a JSON string of a JSON string', JSON.stringify(JSON.stringify(JSON.stringify(jwk)))],
    ['in a JSON string without its quotes', JSON.stringify(JSON.stringify(jwk)).slice(1, -1)],
    ['in a list', `[${JSON.stringify(jwk)}]`],
    ['in base64', base64(JSON.stringify(jwk))],
  ])('and a kid keeps its characters: %s', (_, text) => {
    expect(load(text)).toEqual([{ is: 'key', where: name, kid }]);
  });

  it('a described key in a text is what it is as an object', () => {
    const described = { kid: 'a', algorithm: 'PS256', key: pem };
    const expected = [{ is: 'key', where: name, kid: 'a', algorithm: 'PS256' }];
    expect(load(described)).toEqual(expected);
    expect(load(JSON.stringify(described))).toEqual(expected);
    expect(load(JSON.stringify(JSON.stringify(described)))).toEqual(expected);
  });

  it('a described key has its own passphrase', () => {
    const encrypted = key
      .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'its own' })
      .toString();
    const text = JSON.stringify({ key: encrypted, passphrase: 'its own' });
    expect(load(text, 'of the setting').map(({ is }) => is)).toEqual(['key']);
  });

  it('what is said beside a text wins over what the text says', () => {
    const text = JSON.stringify({ key: { ...jwk, alg: 'RS256' }, kid: 'text' });
    expect(load({ key: text, kid: 'outside', algorithm: 'PS256' })).toEqual([
      { is: 'key', where: name, kid: 'outside', algorithm: 'PS256' },
    ]);
    expect(load({ key: text })).toEqual([{ is: 'key', where: name, kid: 'text', algorithm: 'RS256' }]);
  });

  it('a list holds keys of every form', () => {
    const text = JSON.stringify([
      { key: pem, kid: 'a' },
      jwkOf(other),
      base64(derOf(key)),
      { keys: [jwkOf(other)] },
    ]);
    expect(load(text)).toEqual([
      { is: 'key', where: `${name} (entry 1 of 4)`, kid: 'a' },
      { is: 'other', where: `${name} (entry 2 of 4)` },
      { is: 'key', where: `${name} (entry 3 of 4)` },
      { is: 'other', where: `${name} (entry 4 of 4)` },
    ]);
  });

  it('a PEM with real line ends in a string of JSON', () => {
    expect(load(`{"kid":"a","key":"${pem}"}`)).toEqual([{ is: 'key', where: name, kid: 'a' }]);
  });

  it.each<[string, unknown, string, RegExp]>([
    [
      'an unknown member',
      JSON.stringify({ key: pem, pass: 'x' }),
      'OIDC_KEY_INVALID_OPTION',
      /described by something/,
    ],
    [
      'a passphrase that is an object',
      JSON.stringify({ key: pem, passphrase: {} }),
      'OIDC_KEY_INVALID_OPTION',
      /passphrase/,
    ],
    ['one kid for two keys', JSON.stringify({ key: pem + otherPem, kid: 'a' }), 'OIDC_KEY_SEVERAL', /2 keys/],
    ['one kid for a list', { key: JSON.stringify([pem, otherPem]), kid: 'a' }, 'OIDC_KEY_SEVERAL', /2 keys/],
    ['a list in a list', JSON.stringify([[pem]]), 'OIDC_KEY_MALFORMED', /is no key/],
    ['an empty list', '[]', 'OIDC_KEY_MISSING', /holds no key/],
    ['nothing in a list', '[null]', 'OIDC_KEY_MISSING', /holds no key/],
    ['a description without its key', '{"key":""}', 'OIDC_KEY_MISSING', /holds no key/],
    ['a description in a description', { key: { key: pem } }, 'OIDC_KEY_MALFORMED', /no JWK/],
    ['a number in a list', '[42]', 'OIDC_KEY_MALFORMED', /is no key/],
  ])('%s is refused', (_, value, code, message) => {
    expect(refusalOf(value)).toEqual({ code, message: expect.stringMatching(message) });
  });

  it('wrapped more often than anybody does is refused, not unwrapped for ever', () => {
    const wrap = (text: string, times: number): string =>
      times ? wrap(JSON.stringify([text]), times - 1) : text;
    expect(load(wrap(pem, 3)).map(({ is }) => is)).toEqual(['key']);
    expect(refusalOf(wrap(pem, 8)).code).toBe('OIDC_KEY_MALFORMED');
  });
});

describe('RFC 7468 section 5.2: explanatory text outside of blocks', () => {
  it.each([
    [
      'what openssl pkcs12 writes',
      'Bag Attributes\n    friendlyName: {3F2504E0-4F89}\n    localKeyID: 54 69 6D 65 20 31\nKey Attributes: <No Attributes>\n',
    ],
    ['names', 'subject=C = US, O = "Issuer, Inc.", CN = issuer\nissuer=/C=US/O=Issuer\n'],
    ['a comment', '# made on 2030-01-01 by /home/alice/projects/oidc-issuer/scripts/2030/make-keys.sh\n'],
    ['a fingerprint', 'SHA-256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n'],
    ['the name of a setting', 'OIDC_PRIVATE_KEY='],
    ['the heading of a section', '[ issuer ]\n'],
  ])('may be %s', (_, text) => {
    expect(load(text + pem).map(({ is }) => is)).toEqual(['key']);
    expect(load(`${pem}\n${text}`).map(({ is }) => is)).toEqual(['key']);
  });

  it.each([
    ['a JWK', JSON.stringify(jwkOf(other))],
    ['a pretty JWK', JSON.stringify(jwkOf(other), null, 2)],
    ['a JWK Set', JSON.stringify({ keys: [jwkOf(other)] })],
    ['an escaped JWK', JSON.stringify(JSON.stringify(jwkOf(other))).slice(1, -1)],
    ['base64 of DER', base64(derOf(other))],
    ['base64 of an RSA key', base64(derOf(makeRsaKey()))],
    ['base64 of PEM', base64(otherPem)],
    ['base64 of a JWK', base64(JSON.stringify(jwkOf(other)))],
    ['base64url of random bytes', Buffer.alloc(64, 'key').toString('base64url')],
    ['an OpenSSH public key', `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)} alice@host`],
    ['an OpenSSH public key of a security key', 'sk-ssh-ed25519@openssh.com AAAAGnNrLXNza'],
  ])('may not be %s, which would be dropped', (_, text) => {
    const refusal = {
      code: 'OIDC_KEY_MALFORMED',
      message: expect.stringMatching(/holds more than .*entry of its own/),
    };
    expect(refusalOf(`${pem}\n${text}\n`)).toEqual(refusal);
    expect(refusalOf(`${text}\n${pem}`)).toEqual(refusal);
    expect(refusalOf(`${pem}${text}\n${otherPem}`)).toEqual(refusal);
  });

  it.each([
    ['a JWK', JSON.stringify(jwkOf(other))],
    ['anything', '; and more'],
  ])('behind JSON is refused as well: %s', (_, text) => {
    expect(refusalOf(`${JSON.stringify(jwkOf(key))}\n${text}`)).toEqual({
      code: 'OIDC_KEY_MALFORMED',
      message: expect.stringMatching(/holds more than JSON/),
    });
  });
});

describe('escapes in a PEM without JSON around it', () => {
  it.each([
    ['\\/', (text: string) => text.replaceAll('/', '\\/')],
    ['\\\\/', (text: string) => text.replaceAll('/', '\\\\/')],
    ['\\u002B', (text: string) => text.replaceAll('+', '\\u002B')],
    ['\\u002b and \\u003d', (text: string) => text.replaceAll('+', '\\u002b').replaceAll('=', '\\u003d')],
    ['\\u002F and \\u000a', (text: string) => text.replaceAll('/', '\\u002F').replaceAll('\n', '\\u000a')],
  ])('%s is undone', (_, escape) => {
    const [head, body, foot] = /^(-+[^-]+-+)([^-]+)(-+[^-]+-+\n)$/.exec(pem)!.slice(1) as [
      string,
      string,
      string,
    ];
    expect(load(head + escape(body) + foot).map(({ is }) => is)).toEqual(['key']);
    expect(load(escape(base64(derOf(key)))).map(({ is }) => is)).toEqual(['key']);
  });

  it.each(['\\u0041', '\\x2b', '\\u2B', '\\u002'])('%s stands for nothing in base64', (escape) => {
    expect(refusalOf(pem.replace('\nM', `\n${escape}M`)).code).toBe('OIDC_KEY_MALFORMED');
  });
});

describe('a public key beside a private one', () => {
  const publicPem = createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString();

  it.each([
    ['PEM blocks', pem + publicPem],
    ['PEM blocks, the public one first', publicPem + pem],
    ['a JWK Set', JSON.stringify({ keys: [jwkOf(key), createPublicKey(other).export({ format: 'jwk' })] })],
  ])('is refused where keys sign: %s', (_, value) => {
    expect(refusalOf(value)).toEqual({
      code: 'OIDC_KEY_NOT_PRIVATE',
      message: expect.stringMatching(/\(key \d of 2\).*Remove the public key/),
    });
  });

  it('is a key like any other where they verify', () => {
    const keys = loadKeyMaterial({ name, value: otherPem + publicPem, role: 'verifies' });
    expect(
      keys.map(({ keyObject }) =>
        thumbprintOf(
          createPublicKey(
            keyObject.type === 'private'
              ? keyObject
              : { key: keyObject.export({ format: 'pem', type: 'spki' }) },
          ),
        ),
      ),
    ).toEqual([other, key].map((each) => thumbprintOf(createPublicKey(each))));
  });

  it('without one it is left to whoever needs a private key', () => {
    expect(loadKeyMaterial({ name, value: publicPem + publicPem })).toHaveLength(2);
  });
});
