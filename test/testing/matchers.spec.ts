import { createPrivateKey, sign } from 'node:crypto';

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

/** As something else than `JwtService` makes it, with the key of `jwt`. */
const signedByHand = (header: object, payload: object) => {
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encoded({ alg: 'ES256', kid, ...header })}.${encoded(payload)}`;
  const key = createPrivateKey(testKey('ES256'));
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
};
const now = Math.floor(Date.now() / 1000);
const good = {
  ...claims,
  iss: options.issuer,
  aud: options.audience,
  iat: now,
  exp: now + 600,
};
const unsigned = (header: object) => [...signedByHand(header, good).split('.').slice(0, 2), ''].join('.');

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
    ['has a signature with other characters behind', async () => `${await jwt.sign({})}!`, 'no base64url'],
    ['has a padded signature', async () => `${await jwt.sign({})}==`, 'no base64url'],
    [
      'has something in the header that has to be understood',
      async () => signedByHand({ crit: ['x'], x: 1 }, {}),
      '"crit": ["x"]',
    ],
    [
      'has a payload that is not encoded',
      async () => signedByHand({ crit: ['b64'], b64: false }, {}),
      'has "b64"',
    ],
    ['is no JWT', async () => 'abc', 'it has 1 of the 3 parts'],
    ['has no JSON in it', async () => 'a.b.c', 'it is no JWT'],
    ['is an object', async () => ({ access_token: 'a' }), 'no string, but an object'],
    ['is missing', async () => undefined, 'no string, but undefined'],
  ],
  (token) => expect(token).toBeSignedBy(signers),
  (token) => assertSignedBy(token, signers),
);

const withoutAlg = (key: object) => ({ ...key, alg: undefined });
const edwards = new JwtService({ key: testKey('EdDSA') });
const [keyOfJwt] = jwt.getKeySet().keys;

it.each<[string, object, () => Promise<string>, string]>([
  ...(['RS256', 'EdDSA', 'ES384'] as const).map((alg): [string, object, () => Promise<string>, string] => [
    `a key without "alg", of another kind than ${alg}`,
    withoutAlg(keyOfJwt!),
    async () => headerless(await jwt.sign({}), { alg, kid }),
    `"alg": "${alg}", which takes`,
  ]),
  [
    'a key that has the other name of the algorithm',
    { ...edwards.getKeySet().keys[0]!, kid: 'e' },
    async () => headerless(await edwards.sign({}), { alg: 'Ed25519', kid: 'e' }),
    '"alg": "Ed25519", and the key',
  ],
  ['a key for encryption', { ...keyOfJwt, use: 'enc' }, () => jwt.sign({}), '"use": "enc"'],
  ['a key for other operations', { ...keyOfJwt, key_ops: ['encrypt'] }, () => jwt.sign({}), '["encrypt"]'],
  ['a key that is none', { ...keyOfJwt, x: 'AA' }, () => jwt.sign({}), 'no public key'],
])('toBeSignedBy refuses %s', async (_, key, make, says) => {
  const token = await make();
  expect(errorOf(() => assertSignedBy(token, { keys: [key] })).message).toContain(says);
});

it('toBeSignedBy takes a key without "alg" that fits', async () => {
  expect(await jwt.sign({})).toBeSignedBy({ keys: [withoutAlg(keyOfJwt!)] });
});

const oddClaims: [name: string, value: unknown][] = [
  ...['iss', 'sub', 'jti', 'client_id', 'scope', 'nonce', 'azp'].flatMap((name) =>
    [null, 1, '', {}, ['a']].map((value): [string, unknown] => [name, value]),
  ),
  ...['exp', 'nbf', 'iat', 'auth_time'].flatMap((name) =>
    [null, 'tomorrow', String(now), {}].map((value): [string, unknown] => [name, value]),
  ),
  ...[null, '', [], [''], ['a', 1], {}].map((value): [string, unknown] => ['aud', value]),
];

describe.each([
  ['toBeAccessToken', 'at+jwt', assertAccessToken],
  ['toBeIdToken', 'JWT', assertIdToken],
] as [string, string, (token: unknown) => void][])('%s', (_, typ, assertion) => {
  it.each(oddClaims)('refuses "%s" where it is %j', (name, value) => {
    const token = signedByHand({ typ }, { ...good, [name]: value });
    const { message } = errorOf(() => assertion(token));
    expect(message).toContain(`its "${name}" is ${JSON.stringify(value)}, and has to be`);
  });

  it.each([
    ['nobody signed', unsigned({ typ, alg: 'none' }), '"alg": "none", and a token has to be signed'],
    ['nobody signed, in capitals', unsigned({ typ, alg: 'NONE' }), '"alg": "NONE"'],
    ['has no algorithm', signedByHand({ typ, alg: undefined }, good), '"alg": missing'],
    ['lost its signature', unsigned({ typ }), 'its signature is empty'],
    ['is of tomorrow', signedByHand({ typ }, { ...good, iat: now + 86_400 }), 'after the time of its use'],
    ['has a header to be understood', signedByHand({ typ, crit: ['x'], x: 1 }, good), '"crit": ["x"]'],
    ['has a payload that is not encoded', signedByHand({ typ, b64: false }, good), 'has "b64"'],
    ['has no base64url', `${signedByHand({ typ }, good)}!`, 'no base64url'],
  ])('refuses a token that %s, whoever was to sign it', (__, token, says) => {
    expect(errorOf(() => assertion(token)).message).toContain(says);
  });

  it('takes the same without any of that', () => {
    assertion(signedByHand({ typ }, { ...good, nbf: now, aud: [options.audience] }));
  });
});

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
      'is for a logout',
      async () => signedByHand({ typ: 'logout+jwt' }, { ...good, nonce: 'n' }),
      'it is a token of another kind',
    ],
    [
      'was issued for another client',
      async () => signedByHand({}, { ...good, nonce: 'n', aud: [options.audience, 'b'], azp: 'b' }),
      'its "azp" is "b", and not',
    ],
    [
      'is for two, and does not say for which',
      async () => signedByHand({}, { ...good, nonce: 'n', aud: [options.audience, 'b'] }),
      'it has 2 audiences, and no "azp"',
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
