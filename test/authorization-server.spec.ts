import { createPublicKey } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { JwtService } from 'nestjs-oidc-key';

import { issuer, redirectUri, TestServer, userId } from './support/authorization-server.js';
import { makeRsaKey } from './support/keys.js';
import { forge, headerOf, payloadOf } from './support/tokens.js';

const key = makeRsaKey();
const other = makeRsaKey();
const extraTokenFields = () => ({ aud: 'api' });
const jwt = new JwtService({ key, extraTokenFields });
let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start(jwt);
});
afterEach(() => server.stop());

/** As a resource server would, that knows nothing but the JWKS. */
const verifyAsStranger = (token: unknown, service = jwt) =>
  jwtVerify(String(token), createLocalJWKSet(service.getKeySet()), {
    typ: 'at+jwt',
    issuer,
    audience: 'api',
    requiredClaims: ['exp', 'jti'],
  });

const signIn = async () => (await server.token((await server.code()).redemption)).body;

describe('every grant of @jmondi/oauth2-server 4.3.7, with this JwtService', () => {
  it('client_credentials: no sub is invented', async () => {
    const { status, body } = await server.token({ grant_type: 'client_credentials', scope: 'openid' });
    expect(status).toBe(200);
    const { payload } = await verifyAsStranger(body.access_token);
    expect(payload).toMatchObject({ iss: issuer, aud: 'api', cid: 'client', scope: 'openid' });
    expect(payload).not.toHaveProperty('sub');
  });

  it('authorization_code with PKCE: a signed code, and a numeric user id as string', async () => {
    const { code, redemption } = await server.code();
    expect(headerOf(code)).toMatchObject({ typ: 'code+jwt', alg: 'RS256' });
    const { status, body } = await server.token(redemption);
    expect(status).toBe(200);
    const { payload } = await verifyAsStranger(body.access_token);
    expect(payload.sub).toBe(String(userId));
    expect(headerOf(String(body.refresh_token)).typ).toBe('refresh+jwt');
  });

  it('attack 30 and 31: a wrong verifier, and the same code again, are refused', async () => {
    const first = await server.code();
    expect((await server.token({ ...first.redemption, code_verifier: 'x'.repeat(43) })).status).toBe(400);
    const second = await server.code();
    expect((await server.token(second.redemption)).status).toBe(200);
    expect((await server.token(second.redemption)).status).toBe(400);
  });

  it('refresh_token: once, and never a second time', async () => {
    const { refresh_token: refreshToken } = await signIn();
    const request = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const { status, body } = await server.token(request);
    expect(status).toBe(200);
    await expect(verifyAsStranger(body.access_token)).resolves.toBeDefined();
    expect((await server.token(request)).status).toBe(400);
  });

  it('password', async () => {
    const { status, body } = await server.token({
      grant_type: 'password',
      username: 'alice',
      password: 'wonderland',
      scope: 'openid',
    });
    expect(status).toBe(200);
    await expect(verifyAsStranger(body.access_token)).resolves.toMatchObject({
      payload: { sub: String(userId) },
    });
  });

  it('implicit: signed like every access token, but 4.3.7 gives it neither iss nor aud', async () => {
    const url = await server.authorize({ response_type: 'token' });
    const token = url.searchParams.get('access_token') ?? '';
    expect(headerOf(token).typ).toBe('at+jwt');
    await expect(jwtVerify(token, createLocalJWKSet(jwt.getKeySet()))).resolves.toMatchObject({
      payload: { cid: 'client' },
    });
  });

  it('token exchange (RFC 8693)', async () => {
    const { status, body } = await server.token({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'theirs',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
    expect(status).toBe(200);
    await expect(verifyAsStranger(body.access_token)).resolves.toBeDefined();
  });

  it('introspection and revocation, of an expired token too', async () => {
    const { access_token: accessToken, refresh_token: refreshToken } = await signIn();
    expect((await server.introspect(accessToken)).body).toMatchObject({
      active: true,
      client_id: 'client',
      sub: String(userId),
    });
    expect((await server.introspect(refreshToken, 'refresh_token')).body).toMatchObject({ active: true });

    const expired = forge(key, headerOf(String(accessToken)), { ...payloadOf(String(accessToken)), exp: 1 });
    expect((await server.revoke(expired)).status).toBe(200);
    expect((await server.introspect(accessToken)).body).toEqual({ active: false });
    expect((await server.token({ grant_type: 'refresh_token', refresh_token: refreshToken })).status).toBe(
      400,
    );
  });

  it('revoking a code whose signature cannot be verified decodes it, and revokes nothing', async () => {
    const { code, redemption } = await server.code();
    const forged = forge(other, { alg: 'RS256', typ: 'code+jwt' }, payloadOf(code));
    expect((await server.revoke(forged, 'auth_code')).status).toBe(200);
    expect((await server.token(redemption)).status).toBe(200);
  });

  it('attack 9: a relying party that knows nothing but the JWKS tells the kinds of token apart', async () => {
    const { refresh_token: refreshToken } = await signIn();
    const { code } = await server.code();
    for (const each of [code, refreshToken]) await expect(verifyAsStranger(each)).rejects.toThrow(/typ/);
  });
});

describe('attack 1: the key set', () => {
  it('has public members only, one kid in header and set, and is the same in a second instance', async () => {
    const second = new JwtService({ key });
    expect(second.getKeySet()).toEqual(jwt.getKeySet());
    const [jwk] = jwt.getKeySet().keys;
    expect(Object.keys(jwk!).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    const { body } = await server.token({ grant_type: 'client_credentials' });
    expect(headerOf(String(body.access_token)).kid).toBe(jwk!.kid);
    await expect(second.verify(String(body.access_token))).resolves.toBeDefined();
  });
});

describe('attack 3: a rotation', () => {
  it('tokens of the previous key verify and can be revoked while it is published, and are inactive afterwards', async () => {
    const before = await signIn();
    const { redemption } = await server.code();

    const rotated = new JwtService({ key: other, previousKeys: createPublicKey(key), extraTokenFields });
    const during = await TestServer.start(rotated, server);
    await expect(verifyAsStranger(before.access_token, rotated)).resolves.toBeDefined();
    expect((await during.introspect(before.access_token)).body).toMatchObject({ active: true });
    const redeemed = await during.token(redemption);
    expect(redeemed.status).toBe(200);
    expect(headerOf(String(redeemed.body.access_token)).kid).not.toBe(
      headerOf(String(before.access_token)).kid,
    );
    const refreshed = await during.token({
      grant_type: 'refresh_token',
      refresh_token: before.refresh_token,
    });
    expect(refreshed.status).toBe(200);

    const revocable = (await server.token({ grant_type: 'client_credentials' })).body.access_token;
    expect((await during.revoke(revocable)).status).toBe(200);
    expect((await during.introspect(revocable)).body).toEqual({ active: false });

    const unrevoked = (await server.token({ grant_type: 'client_credentials' })).body.access_token;
    const after = await TestServer.start(new JwtService({ key: other }), server);
    expect((await after.introspect(unrevoked)).body).toEqual({ active: false });
    await expect(verifyAsStranger(unrevoked, new JwtService({ key: other }))).rejects.toThrow();
  });

  it('the message of a token whose key is gone is the one that the refresh grant compares', async () => {
    const { refresh_token: refreshToken } = await signIn();
    const after = await TestServer.start(new JwtService({ key: other }), server);
    await expect(
      after.server.respondToAccessTokenRequest({
        headers: {},
        query: {},
        body: {
          grant_type: 'refresh_token',
          client_id: 'client',
          client_secret: 'client-secret',
          refresh_token: refreshToken,
        },
      }),
    ).rejects.toThrow(/Cannot verify the refresh token/);
  });
});

describe('attack 4: what must never reach the fourth argument of AuthorizationServer', () => {
  it('this JwtService is not its own JwtService, which would sign HS256 with whatever text it gets', async () => {
    const { body } = await server.token({ grant_type: 'client_credentials' });
    expect(headerOf(String(body.access_token)).alg).toBe('RS256');
    const theirs = await import('@jmondi/oauth2-server');
    const pem = createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString();
    // The weakness itself, so that this test says when it is gone.
    expect(headerOf(await new theirs.JwtService(pem).sign({ a: 1 })).alg).toBe('HS256');
    await expect(jwt.verify(await new theirs.JwtService(pem).sign({ a: 1 }))).rejects.toThrow(
      'invalid algorithm',
    );
  });
});

describe('attack 15: an audience that a client names', () => {
  const hostile = ['evil', ['evil'], { a: 1 }, Array.from({ length: 1000 }, (_, index) => `evil${index}`)];

  it.each(['audience', 'aud'])(
    '%s in query or body never lands in aud where extraTokenFields gives one',
    async (name) => {
      for (const value of hostile) {
        for (const [body, query] of [
          [{ [name]: value }, {}],
          [{}, { [name]: value }],
        ] as const) {
          const answer = await server.token({ grant_type: 'client_credentials', ...body }, query);
          expect(payloadOf(String(answer.body.access_token)).aud).toBe('api');
        }
      }
    },
  );

  it('an object never lands in aud at all (RFC 7519 section 4.1.3)', async () => {
    const bare = await TestServer.start(new JwtService({ key }));
    const answer = await bare.token({ grant_type: 'client_credentials', audience: { a: 1 } });
    expect(answer.status).toBe(500);
    expect(answer.body.message).toMatch(/the claim "aud"/);
    bare.stop();
  });

  it('one that is approved at /authorize is not reused at /token', async () => {
    const { redemption } = await server.code({ audience: 'approved' });
    expect(payloadOf(String((await server.token(redemption)).body.access_token)).aud).toBe('api');
  });
});

describe('claims', () => {
  it('attack 16: a numeric user id is a string in sub', async () => {
    expect(payloadOf(String((await signIn()).access_token)).sub).toBe('7');
  });

  it.each(['exp', 'nbf'])(
    'attack 17: %s as text, null or object is refused, also where expiry is ignored',
    async (claim) => {
      for (const value of ['9999999999', null, {}, [], true]) {
        const token = forge(key, { alg: 'RS256', typ: 'at+jwt' }, { jti: 'x', [claim]: value });
        await expect(jwt.verify(token)).rejects.toMatchObject({ code: 'OIDC_TOKEN_MALFORMED' });
        await expect(
          jwt.verify(token, { ignoreExpiration: true, ignoreNotBefore: true }),
        ).rejects.toMatchObject({ code: 'OIDC_TOKEN_MALFORMED' });
      }
    },
  );

  it('attack 17: exp = now is expired', async () => {
    const now = 1_800_000_000;
    await expect(
      jwt.verify(forge(key, { alg: 'RS256' }, { exp: now }), { clockTimestamp: now }),
    ).rejects.toThrow('jwt expired');
  });

  it.each(['https://other.example', `${issuer}/`, `${issuer}#x`, 'HTTPS://ISSUER.EXAMPLE', ''])(
    'attack 18: iss %p is another issuer',
    async (iss) => {
      await expect(jwt.verify(forge(key, { alg: 'RS256' }, { iss }), { issuer })).rejects.toThrow(
        'jwt issuer invalid',
      );
    },
  );
});

describe('attack 31: a failed sign', () => {
  it('because of a reserved field leaks no part of a token, and the code is dead', async () => {
    const careless = await TestServer.start(
      new JwtService({ key, extraTokenFields: () => ({ auth_code_id: 'x' }) }),
    );
    const { redemption } = await careless.code();
    const first = await careless.token(redemption);
    expect([first.status, first.body.access_token, first.body.refresh_token]).toEqual([
      500,
      undefined,
      undefined,
    ]);
    expect((await careless.token(redemption)).status).toBe(400);
    careless.stop();
  });
});

it('the redirect carries nothing but the code', async () => {
  const url = await server.authorize({
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
    state: 's',
  });
  expect(url.href.startsWith(redirectUri)).toBe(true);
  expect([...url.searchParams.keys()]).toEqual(['code', 'state']);
});
