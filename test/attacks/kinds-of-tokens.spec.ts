import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { JwtService } from 'nestjs-oidc-key';

import { issuer, TestServer, userId } from '../support/authorization-server.js';
import { rejectionOf } from '../support/errors.js';
import { makeRsaKey } from '../support/keys.js';
import { forge, headerOf, payloadOf } from '../support/tokens.js';

const key = makeRsaKey();
const audience = 'api';
const jwt = new JwtService({ key, extraTokenFields: () => ({ aud: audience }) });
const now = () => Math.floor(Date.now() / 1000);

/** What the README tells a resource server to ask for. */
const guard = (token: string, service = jwt) =>
  service.verify(token, { typ: 'at+jwt', issuer, audience, requiredClaims: ['exp', 'jti'] });
const guardOfUsers = (token: string) =>
  jwt.verify(token, { typ: 'at+jwt', issuer, audience, requiredClaims: ['exp', 'jti', 'sub'] });

let server: TestServer;
let accessToken: string;
let refreshToken: string;
let code: string;
let redemption: Record<string, string>;
let idToken: string;

beforeEach(async () => {
  server = await TestServer.start(jwt);
  const { body } = await server.token((await server.code()).redemption);
  accessToken = String(body.access_token);
  refreshToken = String(body.refresh_token);
  ({ code, redemption } = await server.code());
  idToken = await jwt.sign({ iss: issuer, sub: String(userId), aud: 'client', exp: now() + 60, nonce: 'n' });
});
afterEach(() => server.stop());

describe('attack 9: a resource server', () => {
  it('takes the access token', async () => {
    await expect(guard(accessToken)).resolves.toMatchObject({ sub: String(userId) });
  });

  it.each<[string, () => string]>([
    ['a code', () => code],
    ['a refresh token', () => refreshToken],
    ['an ID token', () => idToken],
    ['the access token under the type JWT', () => retyped('JWT')],
    ['the access token without a type', () => retyped(undefined)],
    ['the access token under the type at+jwt with a space', () => retyped('at+jwt ')],
  ])('refuses %s, although our key signed it', async (_, token) => {
    await expect(jwt.verify(token())).resolves.toBeDefined();
    expect((await rejectionOf(guard(token()))).message).toBe('jwt typ invalid');
  });
});

const retyped = (typ: string | undefined) =>
  forge(key, { ...headerOf(accessToken), typ }, payloadOf(accessToken));

describe('attack 10: one kind of token for another, at 4.3.7', () => {
  it.each<[string, () => string]>([
    ['an access token', () => accessToken],
    ['a refresh token', () => refreshToken],
    ['an ID token', () => idToken],
  ])('%s is no code, and the code stays good', async (_, token) => {
    expect((await server.token({ ...redemption, code: token() })).status).toBe(400);
    expect((await server.token(redemption)).status).toBe(200);
  });

  it.each<[string, () => string]>([
    ['an access token', () => accessToken],
    ['a code', () => code],
    ['an ID token', () => idToken],
  ])('%s is no refresh token', async (_, token) => {
    const answer = await server.token({ grant_type: 'refresh_token', refresh_token: token() });
    expect(answer.status).toBe(400);
  });

  it.each([undefined, 'access_token', 'refresh_token', 'auth_code'])(
    'a code and an ID token introspect as inactive with the hint %p',
    async (hint) => {
      for (const token of [code, idToken]) {
        expect(await server.introspect(token, hint)).toEqual({ status: 200, body: { active: false } });
      }
    },
  );
});

describe('attack 11: claims of another token in an ID token', () => {
  it('a jti makes 4.3.7 take it for the access token of that jti, and no resource server', async () => {
    const careless = await jwt.sign({ ...payloadOf(idToken), jti: String(payloadOf(accessToken).jti) });
    // The weakness itself, so that this test says when it is gone.
    expect((await server.introspect(careless)).body).toMatchObject({ active: true });
    expect(headerOf(careless).typ).toBe('JWT');
    expect((await rejectionOf(guard(careless))).message).toBe('jwt typ invalid');
  });
});

describe('attack 12: extraTokenFields', () => {
  const reserved = ['auth_code_id', 'refresh_token_id', 'access_token_id', 'nonce', 'at_hash'];

  it.each(reserved)('with %s makes no token at all', async (claim) => {
    const careless = new JwtService({ key, extraTokenFields: () => ({ [claim]: 'x' }) });
    const other = await TestServer.start(careless);
    const { status, body } = await other.token({ grant_type: 'client_credentials' });
    other.stop();
    expect([status, body.access_token]).toEqual([500, undefined]);
    expect(body.message).toContain(claim);
  });

  it('without that check an access token is redeemed as a code, which 4.3.7 does not notice', async () => {
    const claims = { ...payloadOf(code), ...payloadOf(accessToken), jti: 'x' };
    const token = forge(key, headerOf(accessToken), claims);
    // The weakness itself, so that this test says when it is gone.
    expect((await server.token({ ...redemption, code: token })).status).toBe(200);
  });

  it('with client_id is what RFC 9068 asks for', async () => {
    const service = new JwtService({
      key,
      extraTokenFields: ({ client }) => ({ aud: audience, client_id: client.id }),
    });
    const other = await TestServer.start(service);
    const { body } = await other.token({ grant_type: 'client_credentials' });
    await expect(guard(String(body.access_token))).resolves.toMatchObject({ client_id: 'client' });
    other.stop();
  });
});

describe('attack 13: a resource server refuses an access token', () => {
  it.each<[string, () => Record<string, unknown>, string]>([
    ['with another iss', () => ({ iss: 'https://other.example' }), 'jwt issuer invalid'],
    ['without iss', () => ({ iss: undefined }), 'jwt issuer invalid'],
    ['with another aud', () => ({ aud: 'other' }), 'jwt audience invalid'],
    ['without aud', () => ({ aud: undefined }), 'jwt audience invalid'],
    ['without exp', () => ({ exp: undefined }), 'jwt claim missing: exp'],
    ['without jti', () => ({ jti: undefined }), 'jwt claim missing: jti'],
    ['with an nbf to come', () => ({ nbf: now() + 5 }), 'jwt not active'],
    ['that expires in this second', () => ({ exp: now() }), 'jwt expired'],
  ])('%s', async (_, changes, message) => {
    const token = forge(key, headerOf(accessToken), { ...payloadOf(accessToken), ...changes() });
    expect((await rejectionOf(guard(token))).message).toBe(message);
  });

  it('of a client that asked for itself where a user is needed, also when it has the name of one', async () => {
    const { body } = await server.token({ grant_type: 'client_credentials' });
    const token = String(body.access_token);
    await expect(guard(token)).resolves.toMatchObject({ cid: 'client' });
    expect((await rejectionOf(guardOfUsers(token))).message).toBe('jwt claim missing: sub');
    await expect(guardOfUsers(accessToken)).resolves.toBeDefined();
  });
});

describe('attack 14: an implicit access token of 4.3.7', () => {
  const implicit = async (service: JwtService) => {
    const other = await TestServer.start(service);
    const url = await other.authorize({ response_type: 'token' });
    other.stop();
    return url.searchParams.get('access_token') ?? '';
  };

  it('has neither iss nor aud, and is refused', async () => {
    const token = await implicit(new JwtService({ key }));
    expect(payloadOf(token)).not.toHaveProperty('iss');
    expect(payloadOf(token)).not.toHaveProperty('aud');
    expect((await rejectionOf(guard(token))).message).toBe('jwt issuer invalid');
  });

  it('is taken where extraTokenFields gives both', async () => {
    const service = new JwtService({ key, extraTokenFields: () => ({ iss: issuer, aud: audience }) });
    await expect(guard(await implicit(service))).resolves.toMatchObject({ cid: 'client' });
  });
});
