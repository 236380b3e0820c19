import { describe, expect, it } from '@jest/globals';

import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import type { KeyInput } from '../../../lib/core/reading/key-material.js';
import { VerificationKey } from '../../../lib/core/key/verification-key.js';
import { errorOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { jwkOf, makeRsaKey } from '../../support/keys.js';

const jwk = jwkOf(makeRsaKey());
const publicJwk = { kty: 'RSA', n: jwk.n, e: jwk.e };
const load = (value: unknown) =>
  loadKeyMaterial({ name: 'OIDC_PRIVATE_KEY', value: value as KeyInput }).map(
    (material) => new VerificationKey(material),
  );

describe('RFC 7517 section 4, members that are read', () => {
  it.each([
    ['use', { ...jwk, use: 'sig' }],
    ['key_ops of a private key', { ...jwk, key_ops: ['verify', 'sign'] }],
    ['key_ops of a public key', { ...publicJwk, key_ops: ['verify'] }],
    ['a private member that is undefined', { ...publicJwk, d: undefined }],
  ])('%s', (_, value) => {
    expect(load(value).map(({ alg }) => alg)).toEqual(['RS256']);
  });

  it.each(['other', '', null, 1])('4.2: use %p is refused', (use) => {
    expect(errorOf(() => load({ ...jwk, use })).code).toBe('OIDC_KEY_UNSUPPORTED');
  });

  it.each([[['verify']], [[]], ['sign'], [{}], [1], [null]])(
    '4.3: key_ops %j of a private key is refused',
    (operations) => {
      expect(errorOf(() => load({ ...jwk, key_ops: operations })).code).toBe('OIDC_KEY_UNSUPPORTED');
    },
  );

  it('4.3: key_ops without "verify" of a public key is refused', () => {
    expect(errorOf(() => load({ ...publicJwk, key_ops: ['sign'] })).code).toBe('OIDC_KEY_UNSUPPORTED');
  });

  it.each([
    ['alg', 1],
    ['alg', null],
    ['alg', ['RS256']],
    ['kid', 1],
    ['kid', null],
    ['kid', {}],
  ])('4.4 and 4.5: %s %j is refused', (member, value) => {
    expect(errorOf(() => load({ ...jwk, [member]: value })).code).toBe('OIDC_KEY_MALFORMED');
  });

  it('a kid beside the JWK has to be a string too', () => {
    expect(errorOf(() => load({ key: jwk, kid: 1 })).code).toBe('OIDC_KEY_INVALID_OPTION');
  });
});

describe('RFC 7518 section 6, members that make the key', () => {
  it.each([
    ['an RSA key without d and with its primes', { ...jwk, d: undefined }],
    ['an RSA key whose n has padding', { ...jwk, n: `${jwk.n}=` }],
    ['an EC key whose point is on no curve', { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' }],
    ['an EC key on a curve that there is not', { kty: 'EC', crv: 'nope', x: 'AAAA', y: 'AAAA' }],
    ['a kind of key that there is not', { kty: 'nope' }],
  ])('%s is refused', (_, value) => {
    expect(errorOf(() => load(value)).code).toBe('OIDC_KEY_MALFORMED');
  });
});

describe('RFC 8037 section 2, an OKP key of two halves', () => {
  const okpJwk = () => makeKeyPair('ed25519').privateKey.export({ format: 'jwk' });
  const okp = okpJwk();

  it('is the key that both say', () => {
    expect(load(okp).map(({ publicJwk: published }) => published)).toMatchObject([{ x: okp.x }]);
  });

  it.each([
    ['of another key', okpJwk().x],
    ['that is empty', ''],
    ['that is cut off', okp.x!.slice(0, -4)],
    ['that goes on', `${okp.x}AAAA`],
  ])('is refused where x is one %s', (_, x) => {
    expect(errorOf(() => load({ ...okp, x })).code).toBe('OIDC_KEY_MISMATCH');
  });
});

it.each([
  ['private', jwk],
  ['public', publicJwk],
])('a %s RSA key whose exponent is longer than any is refused at once', (_, value) => {
  // Asked for it, node:crypto would work for minutes, and the test's own time limit ends it.
  const e = Buffer.alloc(400_000, 0x55).toString('base64url');
  expect(errorOf(() => load({ ...value, e })).code).toBe('OIDC_KEY_TOO_WEAK');
});

it.each([
  ['null', [null]],
  ['a text', ['x']],
  ['a list', [[]]],
  ['a number', [1]],
  ['a key and null', [jwk, null]],
])('RFC 7517 section 5.1: a JWK Set that holds %s is refused', (_, keys) => {
  expect(errorOf(() => load({ keys })).code).toBe('OIDC_KEY_MALFORMED');
});
