import { describe, expect, it } from '@jest/globals';
import { JwtService } from 'nestjs-oidc-key';
import {
  assertAccessToken,
  assertIdToken,
  assertSignedBy,
  testKey,
  tokenMatchers,
} from 'nestjs-oidc-key/testing';
import type {
  ExpectedAccessToken,
  ExpectedIdToken,
  KeysOfIssuer,
  TokenMatchers,
} from 'nestjs-oidc-key/testing';

import { signingAlgorithms } from '../../lib/core/algorithms.js';
import { errorOf } from '../support/errors.js';

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>> extends TokenMatchers<R> {}
  interface AsymmetricMatchers extends TokenMatchers {}
}

expect.extend(tokenMatchers);

const jwt = new JwtService({ key: testKey('ES256'), previousKeys: testKey('ES256', 2) });
const [kid, previous] = jwt.getKeySet().keys.map((key) => key.kid);
const claims = { sub: 'alice', client_id: 'app', jti: '1', scope: 'orders profile' };
const options = { issuer: 'https://issuer.example', audience: 'https://orders.example', expiresIn: 60 };
const accessTokenWith = (changes: object = {}, typ = 'at+jwt') =>
  jwt.sign({ ...claims, ...changes }, { ...options, header: { typ } });

describe('a token that is good', () => {
  it('passes, negated it fails, and it stands in what is compared', async () => {
    const token = await accessTokenWith();
    const expected: ExpectedAccessToken = {
      issuer: options.issuer,
      audience: options.audience,
      subject: 'alice',
      clientId: 'app',
      scope: 'orders',
      claims: { jti: '1' },
      signedBy: jwt,
    };
    expect(token).toBeAccessToken(expected);
    expect(token).toBeSignedBy(jwt);
    expect({ token }).toEqual({ token: expect.toBeAccessToken(expected) });
    expect(token).not.toBeIdToken();
    assertAccessToken(token, expected);
    assertSignedBy(token, jwt.getKeySet());
    expect(errorOf(() => expect(token).not.toBeSignedBy(jwt)).message).toContain('and it is one');
  });

  it('is an ID token', async () => {
    const token = await jwt.sign({ sub: 'alice', nonce: 'n' }, options);
    const expected: ExpectedIdToken = { clientId: options.audience, nonce: 'n', signedBy: jwt };
    expect(token).toBeIdToken(expected);
    assertIdToken(token, expected);
  });

  it.each(signingAlgorithms)('is signed with %s', async (algorithm) => {
    const service = new JwtService({ key: testKey(algorithm), algorithm });
    const token = await service.sign({});
    expect(token).toBeSignedBy(service);
    expect(token).toBeSignedBy({ publicJwk: service.getKeySet().keys[0]! });
    expect(`${token.slice(0, -8)}AAAAAAAA`).not.toBeSignedBy(service);
  });
});

type Row = [title: string, token: () => Promise<unknown>, says: string];

const other = new JwtService({ key: testKey('ES256', 3) });
const headerless = (token: string, header: object) =>
  [Buffer.from(JSON.stringify(header)).toString('base64url'), ...token.split('.').slice(1)].join('.');

const describeRows = (
  name: string,
  rows: Row[],
  matcher: (token: unknown) => void,
  assertion: (token: unknown) => void,
) =>
  describe(name, () => {
    it.each(rows)('says of a token that %s', async (_, make, says) => {
      const token = await make();
      const errors = [errorOf(() => matcher(token)), errorOf(() => assertion(token))];
      for (const { message } of errors) {
        expect(message).toContain(says);
        // What is printed can be used by nobody.
        if (typeof token === 'string' && token.length > 20)
          expect(message).not.toContain(token.split('.').at(-1));
      }
      expect(errors[1]!.name).toBe('AssertionError');
    });
  });

const signers: KeysOfIssuer = jwt;

describeRows(
  'toBeSignedBy',
  [
    ['another key signed', () => other.sign({}), `the keys are ${kid}, ${previous}`],
    [
      'was changed',
      async () => (await jwt.sign({ a: 1 })).replace(/\.[^.]+\./, '.e30.'),
      `not by the key ${kid}`,
    ],
    [
      'names no key',
      async () => headerless(await jwt.sign({}), { alg: 'ES256' }),
      'no "kid", and there are 2 keys',
    ],
    [
      'names another algorithm',
      async () => headerless(await jwt.sign({}), { alg: 'none', kid }),
      '"alg": "none"',
    ],
    ['is no JWT', async () => 'abc', 'it has 1 of the 3 parts'],
    ['has no JSON in it', async () => 'a.b.c', 'it is no JWT'],
    ['is an object', async () => ({ access_token: 'a' }), 'no string, but an object'],
    ['is missing', async () => undefined, 'no string, but undefined'],
  ],
  (token) => expect(token).toBeSignedBy(signers),
  (token) => assertSignedBy(token, signers),
);

it('says that a token has to be awaited', async () => {
  const promise = jwt.sign({});
  expect(errorOf(() => expect(promise).toBeSignedBy(jwt)).message).toContain('await the token first');
  await promise;
});

const wantedAccess: ExpectedAccessToken = {
  issuer: options.issuer,
  audience: options.audience,
  subject: 'alice',
  clientId: 'app',
  scope: ['orders', 'profile'],
  signedBy: jwt,
};

describeRows(
  'toBeAccessToken',
  [
    ['has another typ', () => accessTokenWith({}, 'JWT'), '"typ": "JWT", and an access token has "at+jwt"'],
    ['has no jti', () => accessTokenWith({ jti: undefined }), 'it has no "jti" (RFC 9068 section 2.2)'],
    [
      'is of another client',
      () => accessTokenWith({ client_id: 'b' }),
      'its "client_id" is "b", and not "app"',
    ],
    [
      'has too little scope',
      () => accessTokenWith({ scope: 'orders' }),
      'its "scope" is "orders", without "profile"',
    ],
    ['has expired', () => jwt.sign(claims, { ...options, expiresIn: -60 }), 'it expired '],
    [
      'is for another server',
      async () => jwt.sign(claims, { ...options, audience: 'b' }),
      'its "aud" is "b", without',
    ],
    [
      'is of another issuer',
      async () => jwt.sign(claims, { ...options, issuer: 'b' }),
      'its "iss" is "b", and not',
    ],
    ['is not valid yet', () => accessTokenWith({ nbf: 4_000_000_000 }), 'it is not valid for another'],
    ['is signed by another', () => other.sign(claims, options), 'it is signed with the key'],
  ],
  (token) => expect(token).toBeAccessToken(wantedAccess),
  (token) => assertAccessToken(token, wantedAccess),
);

describeRows(
  'toBeIdToken',
  [
    ['is an access token', () => accessTokenWith(), 'it is an access token'],
    [
      'has another nonce',
      () => jwt.sign({ sub: 'alice', nonce: 'b' }, options),
      'its "nonce" is "b", and not "n"',
    ],
    [
      'has no subject',
      () => jwt.sign({ nonce: 'n' }, options),
      'it has no "sub" (OpenID Connect Core section 2)',
    ],
  ],
  (token) => expect(token).toBeIdToken({ clientId: options.audience, nonce: 'n' }),
  (token) => assertIdToken(token, { clientId: options.audience, nonce: 'n' }),
);

it('says everything that is wrong at once', async () => {
  const token = await jwt.sign({ sub: 'bob' }, { expiresIn: -10 });
  const { message } = errorOf(() => expect(token).toBeAccessToken({ subject: 'alice' }));
  expect(message.match(/^- /gm)!.length).toBeGreaterThan(5);
  expect(message).toContain('Claims: {');
});
