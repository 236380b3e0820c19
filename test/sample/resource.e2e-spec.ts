import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { makeRsaKey } from '../support/keys.js';
import { forge, forgeHmac, headerOf, payloadOf, publicPemOf } from '../support/tokens.js';
import { register } from './database.js';
import { startAndIssue } from './issued.js';
import { RawClient, now, request, resigned, tokensOf, withToken } from './raw-client.js';
import type { Answer, Claims, Code, Tokens } from './raw-client.js';
import type { Sample } from './sample-server.js';

let sample: Sample;
let client: RawClient;
let tokens: Tokens;
let code: Code;

beforeAll(async () => {
  ({ sample, client, tokens, code } = await startAndIssue());
});
afterAll(() => sample.server.stop());

const me = (token: string) => withToken(sample, 'api/me', token);
const changed = (claims: Claims, header: Claims = {}) =>
  resigned(sample, tokens.access_token, claims, header);

/** RFC 6750 section 3. */
function expectInvalidToken({ status, headers, body }: Answer): void {
  const description = 'The access token is invalid, expired or revoked';
  expect([status, headers.get('www-authenticate')]).toEqual([
    401,
    `Bearer error="invalid_token", error_description="${description}"`,
  ]);
  expect(body).toEqual({
    statusCode: 401,
    message: description,
    error: 'invalid_token',
    error_description: description,
  });
}

describe('the API', () => {
  it('accepts an access token', async () => {
    const { status, body } = await me(tokens.access_token);
    expect([status, body]).toEqual([
      200,
      {
        sub: payloadOf(tokens.access_token)['sub'],
        client_id: 'demo-web',
        scope: 'openid profile email api',
      },
    ]);
  });

  it('accepts one that is signed again unchanged, so what it refuses below it refuses for the change', async () => {
    expect((await me(changed({}))).status).toBe(200);
  });

  it.each<[string, () => string]>([
    ['an ID token', () => tokens.id_token],
    ['a refresh token', () => tokens.refresh_token],
    ['an authorization code', () => code.code],
    ['an access token of the type JWT', () => changed({}, { typ: 'JWT' })],
    ['an access token without a type', () => changed({}, { typ: undefined })],
    ['an access token of the type code+jwt', () => changed({}, { typ: 'code+jwt' })],
  ])('attack 9: refuses %s', async (_, token) => {
    expectInvalidToken(await me(token()));
  });

  it.each<[string, () => Claims]>([
    ['another aud', () => ({ aud: 'https://other.example' })],
    ['the client as aud', () => ({ aud: 'demo-web' })],
    ['no aud', () => ({ aud: undefined })],
    ['another iss', () => ({ iss: 'https://other.example' })],
    ['a slash after the iss', () => ({ iss: `${sample.issuer}/` })],
    ['no iss', () => ({ iss: undefined })],
    ['an exp of this second', () => ({ exp: now() })],
    ['no exp', () => ({ exp: undefined })],
    ['a text as exp', () => ({ exp: String(now() + 60) })],
    ['null as exp', () => ({ exp: null })],
    ['an nbf to come', () => ({ nbf: now() + 60 })],
    ['no jti', () => ({ jti: undefined })],
    ['no sub', () => ({ sub: undefined })],
    ['no iat', () => ({ iat: undefined })],
    ['no client_id', () => ({ client_id: undefined })],
  ])('attack 13: refuses an access token with %s', async (_, claims) => {
    expectInvalidToken(await me(changed(claims())));
  });

  it('refuses an access token without the scope that it takes', async () => {
    const { access_token } = await client.tokens({ scope: 'openid profile' });
    const { status, headers, body } = await me(access_token);
    expect([status, body['error']]).toEqual([403, 'insufficient_scope']);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer error="insufficient_scope", .*, scope="api"$/);
  });

  it('attack 13: refuses a token that a client got for itself, for there is no user in it', async () => {
    expectInvalidToken(await me(tokensOf(await client.clientCredentials()).access_token));
  });

  it('attack 13: refuses it too if the client has the identifier of a user, and so does UserInfo', async () => {
    const id = String(payloadOf(tokens.access_token)['sub']);
    const clientSecret = 'the secret of a test';
    await register(sample, { id, secret: clientSecret, grants: ['client_credentials'] });
    const impostor = RawClient.of(sample, id, clientSecret);
    const { access_token } = tokensOf(await impostor.clientCredentials());
    expect(payloadOf(access_token)).toMatchObject({ client_id: id, cid: id });
    expect(payloadOf(access_token)).not.toHaveProperty('sub');
    expectInvalidToken(await me(access_token));
    expect((await withToken(sample, 'userinfo', access_token)).body['error']).toBe('invalid_token');
    expect((await client.introspect(access_token)).body).not.toHaveProperty('sub');
  });

  it.each<[string, (header: Claims, claims: Claims) => string]>([
    ['attack 6: a foreign key under our kid', (header, claims) => forge(makeRsaKey(), header, claims)],
    [
      'attack 5: HS256 keyed with our public PEM',
      (header, claims) => forgeHmac(publicPemOf(sample.key), { ...header, alg: 'HS256' }, claims),
    ],
    [
      'attack 5: alg none',
      (header, claims) => forge(sample.key, { ...header, alg: 'none' }, claims).replace(/[^.]+$/, ''),
    ],
    ['attack 7: no token at all', () => 'garbage'],
  ])('%s is refused', async (_, make) => {
    expectInvalidToken(await me(make(headerOf(tokens.access_token), payloadOf(tokens.access_token))));
  });
});

describe.each(['api/me', 'userinfo'])('%s', (path) => {
  it.each<[string, Record<string, string>]>([
    ['without an Authorization header', {}],
    ['with another scheme', { authorization: 'Basic ZGVtby13ZWI6c2VjcmV0' }],
  ])('asks for a token %s, and tells of no error (RFC 6750 section 3.1)', async (_, headers) => {
    const { status, headers: answered, body } = await request(sample, path, { headers });
    const asked = { statusCode: 401, message: 'An access token is required' };
    expect([status, answered.get('www-authenticate'), body]).toEqual([401, 'Bearer', asked]);
  });

  it('takes a scheme without a token for a token that is invalid', async () => {
    const { status, body } = await request(sample, path, { headers: { authorization: 'Bearer' } });
    expect([status, body['error']]).toEqual([401, 'invalid_token']);
  });

  it('attack 36: refuses a token in the query string, even next to one in the header', async () => {
    const query = `${path}?access_token=${tokens.access_token}`;
    for (const answer of [
      await request(sample, query),
      await withToken(sample, query, tokens.access_token),
    ]) {
      expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_request", /);
    }
  });

  it('answers with no-store, also when it refuses', async () => {
    for (const token of [tokens.access_token, 'garbage']) {
      const { headers } = await withToken(sample, path, token);
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});
