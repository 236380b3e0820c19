import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { makeKeyPair } from '../../support/key-pairs.js';
import { signingKeyNow } from '../../support/loaded.js';
import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { derElement } from '../../support/der.js';
import { errorOf } from '../../support/errors.js';
import { derOf, jwkOf, makeRsaKey } from '../../support/keys.js';

const name = 'OIDC_PRIVATE_KEY';
const load = (value: string | Buffer) => loadKeyMaterial({ name, value });

describe('RFC 8410 section 10.3, an Ed25519 key of version 2 with attributes and its public key', () => {
  const example = [
    '-----BEGIN PRIVATE KEY-----',
    'MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC',
    'oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB',
    'Z9w7lshQhqowtrbLDFw4rXAxZuE=',
    '-----END PRIVATE KEY-----',
    '',
  ].join('\n');

  it('is the key that the RFC says', () => {
    const [material] = load(example);
    expect(jwkOf(material!.keyObject).x).toBe('Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE');
    expect(signingKeyNow(material!).key.algorithm).toBeDefined();
  });

  it('is the same without its line ends, and in base64', () => {
    expect(load(example.replaceAll('\n', ''))).toHaveLength(1);
    expect(load(example.split('\n').slice(1, 4).join(''))).toHaveLength(1);
  });
});

const kinds: [string, KeyObject, KeyObject][] = [
  ['Ed25519', makeKeyPair('ed25519').privateKey, makeKeyPair('ed25519').privateKey],
  [
    'P-256',
    makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey,
    makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey,
  ],
  ['RSA', makeRsaKey(), makeRsaKey()],
];

const attributes = derElement(
  0xa0,
  Buffer.from('301d060a2a864886f70d01090914310f0c0d437572646c6520436861697273', 'hex'),
);

/** The members of a PKCS#8 key behind its version. */
const membersOf = (key: KeyObject) => {
  const der = derOf(key);
  const start = der[1]! < 0x80 ? 2 : 2 + (der[1]! & 0x7f);
  return der.subarray(start + 3);
};

/** A BIT STRING with its count of unused bits, as SubjectPublicKeyInfo ends. */
const publicBitsOf = (key: KeyObject) => {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const length = { rsa: 271, ec: 66, ed25519: 33 }[key.asymmetricKeyType as 'rsa' | 'ec' | 'ed25519'];
  return spki.subarray(-length);
};

const versionOf = (version: number, key: KeyObject, ...others: Buffer[]) =>
  derElement(0x30, Buffer.concat([Buffer.from([2, 1, version]), membersOf(key), ...others]));

describe.each(kinds)('RFC 5958 section 2, version 2: %s', (_, key, other) => {
  const own = publicBitsOf(key);
  const thumb = (value: Buffer) => load(value).map(({ keyObject }) => derOf(keyObject).toString('hex'));

  it.each([
    ['with its public key', versionOf(1, key, derElement(0x81, own))],
    [
      'with attributes and its public key',
      versionOf(1, key, attributes, derElement(0xa1, derElement(0x03, own))),
    ],
    ['with attributes alone', versionOf(1, key, attributes)],
    ['with neither', versionOf(1, key)],
    ['with its public key under version 1', versionOf(0, key, derElement(0x81, own))],
    ['of version 1 with attributes', versionOf(0, key, attributes)],
  ])('loads %s', (__, value) => {
    expect(thumb(value)).toEqual([derOf(key).toString('hex')]);
  });

  it.each([
    ['of another key', derElement(0x81, publicBitsOf(other))],
    ['of another key, as a constructed member', derElement(0xa1, derElement(0x03, publicBitsOf(other)))],
    ['that is none', derElement(0x81, Buffer.from([0, 4]))],
    ['that is empty', derElement(0xa1, Buffer.alloc(0))],
  ])('refuses a public key %s', (__, member) => {
    expect(errorOf(() => load(versionOf(1, key, member))).code).toBe('OIDC_KEY_MISMATCH');
  });
});

it('a key loads although other code has left an error in the queue of OpenSSL', () => {
  const [, ed25519] = kinds[0]!;
  const [, rsa] = kinds[2]!;
  const passphrase = 'secret';
  const encrypted = rsa.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase });
  for (const value of [derOf(rsa), encrypted]) {
    // Leaves one, on Node 20 at least.
    rsa.equals(ed25519);
    expect(loadKeyMaterial({ name, value, passphrase })).toHaveLength(1);
  }
});
