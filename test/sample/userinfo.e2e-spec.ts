import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { makeRsaKey } from '../support/keys.js';
import { forge, forgeHmac, headerOf, payloadOf, publicPemOf } from '../support/tokens.js';
import { execute } from './database.js';
import { startAndIssue } from './issued.js';
import { now, request, resigned, tokensOf, withToken } from './raw-client.js';
import type { Answer, RawClient, Claims, Code, Tokens } from './raw-client.js';
import type { Sample } from './sample-server.js';

let sample: Sample;
let client: RawClient;
let tokens: Tokens;
let code: Code;

beforeAll(async () => {
  ({ sample, client, tokens, code } = await startAndIssue());
});
afterAll(() => sample.server.stop());

const userInfo = (token: string) => withToken(sample, 'userinfo', token);
const changed = (claims: Claims, header: Claims = {}) =>
  resigned(sample, tokens.access_token, claims, header);

const hmac = (key: string) =>
  forgeHmac(key, { ...headerOf(tokens.access_token), alg: 'HS256' }, payloadOf(tokens.access_token));

const setRow = (token: string, column: string) =>
  execute(sample, `UPDATE tokens SET ${column} = ? WHERE access_token_id = ?`, [
    Date.now() - 1000,
    String(payloadOf(token)['jti']),
  ]);

function expectInvalidToken({ status, headers, body }: Answer): void {
  expect([status, body['error'], headers.get('cache-control')]).toEqual([401, 'invalid_token', 'no-store']);
  expect(headers.get('www-authenticate')).toBe(
    'Bearer error="invalid_token", error_description="The access token is invalid, expired or revoked"',
  );
}

describe('userinfo answers', () => {
  it.each([
    ['openid', {}],
    [
      'openid profile',
      {
        name: 'Alice Adams',
        preferred_username: 'alice',
        given_name: 'Alice',
        family_name: 'Adams',
        middle_name: 'Beatrice',
        nickname: 'Al',
        profile: 'https://example.com/alice',
        picture: 'https://example.com/alice.jpg',
        website: 'https://alice.example.com',
        gender: 'female',
        birthdate: '1990-01-31',
        zoneinfo: 'Europe/Berlin',
        locale: 'en-GB',
        updated_at: 1_750_000_000,
      },
    ],
    ['openid phone', { phone_number: '+441632960000', phone_number_verified: true }],
    [
      'openid address',
      {
        address: {
          street_address: '1 Example Street',
          locality: 'London',
          postal_code: 'N1 1AA',
          country: 'GB',
        },
      },
    ],
    ['openid email', { email: 'alice@example.com', email_verified: true }],
  ])('to the scope %s with its claims and no others', async (scope, claims) => {
    const { access_token } = await client.tokens({ scope });
    const { status, headers, body } = await userInfo(access_token);
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(body).toEqual({ sub: payloadOf(access_token)['sub'], ...claims });
  });

  it('to POST as to GET', async () => {
    const { status, body } = await withToken(sample, 'userinfo', tokens.access_token, { method: 'POST' });
    expect([status, body]).toEqual([200, (await userInfo(tokens.access_token)).body]);
  });

  it('attack 28 and 36: from what is stored, whatever else the token says of its user', async () => {
    const { status, body } = await userInfo(changed({ sub: 'mallory', name: 'Mallory' }));
    expect([status, body]).toEqual([200, (await userInfo(tokens.access_token)).body]);
  });
});

describe('attack 36: userinfo refuses', () => {
  it.each<[string, () => string]>([
    ['an ID token', () => tokens.id_token],
    ['a refresh token', () => tokens.refresh_token],
    ['an authorization code', () => code.code],
    ['the type JWT', () => changed({}, { typ: 'JWT' })],
    ['no type', () => changed({}, { typ: undefined })],
    ['a foreign iss', () => changed({ iss: 'https://other.example' })],
    ['a slash after the iss', () => changed({ iss: `${sample.issuer}/` })],
    ['no iss', () => changed({ iss: undefined })],
    ['an exp of this second', () => changed({ exp: now() })],
    ['no exp', () => changed({ exp: undefined })],
    ['an exp that is past', () => changed({ exp: now() - 60 })],
    ['an nbf to come', () => changed({ nbf: now() + 60 })],
    ['our public PEM as secret, trimmed', () => hmac(publicPemOf(sample.key).trim())],
    ['no sub', () => changed({ sub: undefined })],
    ['no jti', () => changed({ jti: undefined })],
    ['a jti that is not stored', () => changed({ jti: 'unknown' })],
    ['an object as jti', () => changed({ jti: { a: 1 } })],
    [
      'a foreign key under our kid',
      () => forge(makeRsaKey(), headerOf(tokens.access_token), payloadOf(tokens.access_token)),
    ],
    ['HS256 keyed with our public PEM', () => hmac(publicPemOf(sample.key))],
    ['alg none', () => changed({}, { alg: 'none' }).replace(/[^.]+$/, '')],
    ['garbage', () => 'garbage'],
  ])('%s', async (_, token) => {
    expectInvalidToken(await userInfo(token()));
  });

  it.each(['exp', 'nbf'])('attack 17: %s as text, null, object or list', async (claim) => {
    for (const value of [String(now() + 60), null, {}, [now() + 60], true]) {
      expectInvalidToken(await userInfo(changed({ [claim]: value })));
    }
  });

  it('an access token whose row was flagged as revoked', async () => {
    const { access_token } = await client.tokens();
    expect((await userInfo(access_token)).status).toBe(200);
    await setRow(access_token, 'revoked_at');
    expectInvalidToken(await userInfo(access_token));
  });

  it('an access token whose row has expired, whatever its own exp', async () => {
    const { access_token } = await client.tokens();
    await setRow(access_token, 'access_token_expires_at');
    expectInvalidToken(await userInfo(access_token));
  });

  it.each(['"', 'a"b', 'a\\b', 'a\', error="x', 'é'])(
    'a token with %j, and repeats nothing of it in its header',
    async (text) => {
      for (const token of [text, `${tokens.access_token}${text}`]) {
        const { status, headers, body } = await userInfo(token);
        expect([status, body['sub']]).toEqual([401, undefined]);
        expect(headers.get('www-authenticate')).toMatch(
          /^Bearer( error="invalid_token", error_description="[\w ,]+")?$/,
        );
        expect(headers.get('cache-control')).toBe('no-store');
      }
    },
  );

  it.each<[string, (revoked: Tokens) => Promise<unknown>]>([
    ['revoked', ({ access_token }) => client.revoke(access_token)],
    ['revoked by its refresh token', ({ refresh_token }) => client.revoke(refresh_token)],
    ['refreshed', ({ refresh_token }) => client.refresh(refresh_token)],
  ])('an access token that was %s', async (_, end) => {
    const ended = await client.tokens();
    expect((await userInfo(ended.access_token)).status).toBe(200);
    await end(ended);
    expectInvalidToken(await userInfo(ended.access_token));
  });

  it('an access token whose row is gone', async () => {
    const { access_token } = await client.tokens();
    await execute(sample, 'DELETE FROM tokens WHERE access_token_id = ?', [
      String(payloadOf(access_token)['jti']),
    ]);
    expectInvalidToken(await userInfo(access_token));
  });

  it('a token that a client got for itself, with or without a sub', async () => {
    const { access_token } = tokensOf(await client.clientCredentials());
    expectInvalidToken(await userInfo(access_token));
    expectInvalidToken(await userInfo(resigned(sample, access_token, { sub: 'demo-web' })));
  });

  it('a token without the openid scope, also when it claims to have it', async () => {
    const { access_token } = await client.tokens({ scope: 'profile email api' });
    for (const token of [access_token, resigned(sample, access_token, { scope: 'openid profile' })]) {
      const { status, headers, body } = await userInfo(token);
      expect([status, body['error'], headers.get('cache-control')]).toEqual([
        403,
        'insufficient_scope',
        'no-store',
      ]);
      expect(headers.get('www-authenticate')).toBe(
        'Bearer error="insufficient_scope", error_description="The scope openid is required", scope="openid"',
      );
    }
  });

  it('a token in the body of a form, for which there is no need', async () => {
    const body = new URLSearchParams({ access_token: tokens.access_token });
    const { status, headers } = await request(sample, 'userinfo', { method: 'POST', body });
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });
});
