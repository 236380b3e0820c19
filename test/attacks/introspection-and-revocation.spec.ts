import { createPublicKey } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { JwtService } from 'nestjs-oidc-key';

import { as, TestServer, userId } from '../support/authorization-server.js';
import { makeRsaKey } from '../support/keys.js';
import { forge, headerOf, payloadOf } from '../support/tokens.js';

const key = makeRsaKey();
const foreign = makeRsaKey();
const jwt = new JwtService({ key });
const inactive = { status: 200, body: { active: false } };

let server: TestServer;
let accessToken: string;
let refreshToken: string;
beforeEach(async () => {
  server = await TestServer.start(jwt);
  const { body } = await server.token((await server.code()).redemption);
  accessToken = String(body.access_token);
  refreshToken = String(body.refresh_token);
});
afterEach(() => server.stop());

const isActive = async (token: string) => (await server.introspect(token)).body.active;
const changed = (token: string, claims: object, signer = key) =>
  forge(signer, headerOf(token), { ...payloadOf(token), ...claims });

describe('attack 19: a token that nobody vouches for, at 4.3.7 with this JwtService', () => {
  it.each([undefined, 'access_token', 'refresh_token'])(
    'by a foreign key is inactive and revokes nothing, with the hint %p',
    async (hint) => {
      for (const token of [accessToken, refreshToken]) {
        const forged = changed(token, {}, foreign);
        expect(await server.introspect(forged, hint)).toEqual(inactive);
        expect((await server.revoke(forged, hint)).status).toBe(200);
      }
      expect(await isActive(accessToken)).toBe(true);
    },
  );

  it('by a key that was retired is inactive and revokes nothing', async () => {
    const rotated = await TestServer.start(new JwtService({ key: foreign }), server);
    expect(await rotated.introspect(accessToken)).toEqual(inactive);
    await rotated.revoke(accessToken);
    const previous = new JwtService({ key: foreign, previousKeys: createPublicKey(key) });
    const during = await TestServer.start(previous, server);
    expect((await during.introspect(accessToken)).body.active).toBe(true);
  });

  it('of another client is not revoked', async () => {
    expect((await server.revoke(accessToken, undefined, as('other'))).status).toBe(200);
    expect((await server.revoke(refreshToken, 'refresh_token', as('other'))).status).toBe(200);
    expect(await isActive(accessToken)).toBe(true);
  });
});

describe('attack 20: an access token that has expired, at 4.3.7 with this JwtService', () => {
  it('is still revoked, and its refresh token with it', async () => {
    await server.revoke(changed(accessToken, { exp: 1, nbf: 9_999_999_999 }));
    expect(await isActive(accessToken)).toBe(false);
    const request = { grant_type: 'refresh_token', refresh_token: refreshToken };
    expect((await server.token(request)).status).toBe(400);
  });
});

describe('attack 26: hints, at 4.3.7 with this JwtService', () => {
  it('a wrong one does not hide an access token', async () => {
    for (const hint of ['refresh_token', 'auth_code']) {
      expect((await server.introspect(accessToken, hint)).body.active).toBe(true);
    }
  });

  it('an unknown one is an unsupported token type', async () => {
    for (const hint of ['id_token', 'ACCESS_TOKEN', '']) {
      expect(await server.introspect(accessToken, hint)).toEqual({
        status: 400,
        body: { error: 'unsupported_token_type' },
      });
    }
  });

  it.each(['garbage', 'a.b.c', '..', '\0', 'x'.repeat(100_000)])(
    'an unknown token is inactive: %p',
    async (token) => {
      for (const hint of [undefined, 'access_token', 'refresh_token']) {
        expect(await server.introspect(token, hint)).toEqual(inactive);
        expect((await server.revoke(token, hint)).status).toBe(200);
      }
    },
  );

  it('an unknown jti or refresh_token_id under our key is inactive', async () => {
    expect(await server.introspect(changed(accessToken, { jti: 'unknown' }))).toEqual(inactive);
    const unknown = changed(refreshToken, { refresh_token_id: 'unknown' });
    expect(await server.introspect(unknown, 'refresh_token')).toEqual(inactive);
  });
});

describe('attack 27: what is no string, from a JSON body, at 4.3.7 with this JwtService', () => {
  it.each([[{ a: 1 }], [['a.b.c']], [1], [true], [{ toString: 'a' }], [{ length: 3 }]])(
    '%j',
    async (value) => {
      expect(await server.introspect(value)).toEqual(inactive);
      expect((await server.revoke(value)).status).toBe(200);
      const { redemption } = await server.code();
      expect((await server.token({ ...redemption, code: value })).status).toBe(400);
      const refresh = { grant_type: 'refresh_token', refresh_token: value };
      expect((await server.token(refresh)).status).toBe(400);
      expect(await isActive(accessToken)).toBe(true);
      expect((await server.token(redemption)).status).toBe(200);
    },
  );
});

describe('attack 28: what a token says of itself, at 4.3.7 with this JwtService', () => {
  it('does not win over the scope and client that are stored', async () => {
    const boasting = changed(accessToken, {
      scope: 'admin',
      client_id: 'other',
      active: 'yes',
      token_type: 'x',
    });
    expect((await server.introspect(boasting)).body).toMatchObject({
      active: true,
      scope: 'openid',
      client_id: 'client',
      token_type: 'access_token',
      sub: String(userId),
    });
  });
});
