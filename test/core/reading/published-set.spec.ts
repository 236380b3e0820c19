import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import type { KeyInput } from '../../../lib/core/reading/key-material.js';
import { errorOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { jwkOf, makeRsaKey } from '../../support/keys.js';

const name = 'OIDC_PREVIOUS_KEYS';
const publicJwkOf = (key: KeyObject): JsonWebKey => createPublicKey(key).export({ format: 'jwk' });
const privateRsa = jwkOf(makeRsaKey());
const rsa = { kty: 'RSA', n: privateRsa.n, e: privateRsa.e };
const curve = (namedCurve: string) => publicJwkOf(makeKeyPair('ec', { namedCurve }).privateKey);
const p256 = curve('P-256');

/** What others publish beside the keys of their tokens. */
const others: [string, object, RegExp][] = [
  ['a key for encryption', { ...rsa, use: 'enc', alg: 'RSA-OAEP' }, /"use" is not "sig"/],
  ['a key for another use', { ...p256, use: 'ticket' }, /"use" is not "sig"/],
  ['a key of which keys are derived', { ...p256, key_ops: ['deriveKey'] }, /"key_ops" lack "verify"/],
  ['a key without operations', { ...rsa, key_ops: [] }, /"key_ops" lack "verify"/],
  ['a key for an algorithm of encryption', { ...rsa, alg: 'RSA-OAEP-256' }, /algorithm/],
  ['a key for ES256K', { ...curve('secp256k1'), alg: 'ES256K' }, /algorithm/],
  ['a key on secp256k1', curve('secp256k1'), /curve/],
  ['a key on a curve of Brainpool', { ...p256, crv: 'BP-256' }, /curve/],
  ['an Ed448 key', publicJwkOf(makeKeyPair('ed448').privateKey), /curve/],
  ['an X25519 key', publicJwkOf(makeKeyPair('x25519').privateKey), /curve/],
  ['a post-quantum key', { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA' }, /algorithm/],
  ['a post-quantum key without alg', { kty: 'AKP', pub: 'AAAA' }, /kind/],
];
const secret: [string, object, RegExp] = ['a shared secret', { kty: 'oct', k: 'AAAA' }, /shared secret/];

function load(value: unknown, role: 'signs' | 'verifies' = 'verifies') {
  const skipped: string[] = [];
  const onSkipped = (message: string) => skipped.push(message);
  const keys = loadKeyMaterial({ name, value: value as KeyInput, role, onSkipped });
  return { wheres: keys.map(({ where }) => where), skipped };
}

describe('RFC 7517 section 5: what a published set holds besides is skipped, and said', () => {
  it.each([...others, secret])('%s', (_, jwk, message) => {
    const expected = {
      wheres: [`${name} (key 2 of 2)`],
      skipped: [expect.stringMatching(message)],
    };
    const set = { keys: [jwk, rsa] };
    expect(load(set)).toEqual(expected);
    expect(load(JSON.stringify(set))).toEqual(expected);
    expect(load(set).skipped[0]).toMatch(/^OIDC_PREVIOUS_KEYS \(key 1 of 2\) .*, and is skipped\.$/);
  });

  it('all of them at once, before and behind the keys that are of use', () => {
    const keys = [...others.map(([, jwk]) => jwk), p256, { ...rsa, kid: 'a' }, secret[1]];
    const { wheres, skipped } = load({ keys });
    expect(wheres).toEqual([13, 14].map((place) => `${name} (key ${place} of 15)`));
    expect(skipped).toHaveLength(13);
  });

  it('no message repeats a part of a key', () => {
    const keys = [
      { ...rsa, use: 'encryption-of-mine' },
      { kty: 'my-own-kind-of-key' },
      { ...rsa, alg: 'my-own-algorithm' },
      rsa,
    ];
    for (const message of load({ keys }).skipped) expect(message).not.toMatch(/encryption-of-mine|my-own/);
  });

  it('a list of sets: each is looked at by itself', () => {
    const enc = { ...rsa, use: 'enc' };
    const list = [{ keys: [enc, rsa] }, { keys: [p256] }];
    expect(load(list).wheres).toEqual([`${name} (entry 1 of 2) (key 2 of 2)`, `${name} (entry 2 of 2)`]);
    expect(errorOf(() => load([{ keys: [rsa] }, { keys: [enc] }])).message).toMatch(/entry 2 of 2/);
  });
});

describe('it is refused', () => {
  it.each(others)('where no key is left: %s', (_, jwk, message) => {
    expect(errorOf(() => load({ keys: [jwk] }))).toMatchObject({
      code: 'OIDC_KEY_UNSUPPORTED',
      message: expect.stringMatching(message),
    });
  });

  it('where no key is left: a shared secret', () => {
    expect(errorOf(() => load({ keys: [secret[1]] })).code).toBe('OIDC_KEY_NOT_PRIVATE');
  });

  it('and says nothing of what it would have skipped', () => {
    const skipped: string[] = [];
    const value = { keys: others.map(([, jwk]) => jwk) } as KeyInput;
    errorOf(() =>
      loadKeyMaterial({ name, value, role: 'verifies', onSkipped: (message) => skipped.push(message) }),
    );
    expect(skipped).toEqual([]);
  });

  it.each(['use', 'key_ops'])('where keys sign: by its "%s"', (member) => {
    const jwk = { ...privateRsa, [member]: member === 'use' ? 'enc' : ['decrypt'] };
    expect(errorOf(() => load({ keys: [privateRsa, jwk] }, 'signs')).code).toBe('OIDC_KEY_UNSUPPORTED');
  });

  it('where it stands alone', () => {
    expect(errorOf(() => load({ ...rsa, use: 'enc' })).code).toBe('OIDC_KEY_UNSUPPORTED');
    expect(errorOf(() => load([rsa, { ...rsa, use: 'enc' }])).code).toBe('OIDC_KEY_UNSUPPORTED');
  });
});

describe('a damaged key is an error, whatever stands beside', () => {
  it.each([
    ['a modulus that is no base64url', { ...rsa, n: `${rsa.n}=` }],
    ['no modulus', { kty: 'RSA', e: 'AQAB' }],
    ['a point on no curve', { ...p256, x: p256.y }],
    ['a curve that is no text', { ...p256, crv: 256 }],
    ['a kid that is no text', { ...rsa, kid: 1 }],
    ['an alg that is no text', { ...rsa, alg: 256 }],
    ['no kty', { n: rsa.n, e: rsa.e }],
    ['null', null],
    ['a text', 'x'],
  ])('%s', (_, jwk) => {
    expect(errorOf(() => load({ keys: [rsa, jwk] })).code).toBe('OIDC_KEY_MALFORMED');
  });
});

it('RFC 7517 section 4.3: a private key that may sign is of use for its public half, and one that may verify too', () => {
  for (const operation of ['sign', 'verify']) {
    const jwk = { ...privateRsa, key_ops: [operation] };
    expect(load({ keys: [jwk] }).skipped).toEqual([]);
    expect(load(jwk).wheres).toEqual([name]);
  }
});

it('no one has to listen', () => {
  const value = { keys: [{ ...rsa, use: 'enc' }, rsa] } as KeyInput;
  expect(loadKeyMaterial({ name, value, role: 'verifies' })).toHaveLength(1);
});
