import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { LegacyTokenKind } from 'nestjs-oidc-key';
import { AccessTokenGuard, ResourceServerModule } from 'nestjs-oidc-key/resource-server';

import { redirectUri, TestServer } from './support/authorization-server.js';
import { configurationOf } from './support/configuration.js';
import { rejectionOf } from './support/errors.js';
import { forgeries } from './support/forgeries.js';
import { makeRsaKey, pemOf } from './support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from './support/platforms.js';
import { forgeHmac, headerOf, payloadOf } from './support/tokens.js';

const key = makeRsaKey();
const secret = randomBytes(32).toString('base64');
const until = new Date(Date.now() + 30 * 24 * 3600 * 1000);
const settings = {
  OIDC_PRIVATE_KEY: pemOf(key),
  OIDC_LEGACY_HS256_SECRET: secret,
  OIDC_LEGACY_HS256_UNTIL: until.toISOString(),
};
const audience = 'https://api.example';

@Controller('orders')
@UseGuards(AccessTokenGuard)
class OrdersController {
  @Get()
  list() {
    return 'orders';
  }
}

let before: TestServer;
beforeEach(async () => {
  before = await TestServer.start(secret);
});
afterEach(async () => {
  jest.restoreAllMocks();
  before.stop();
  await closeAll();
});

const signIn = async (server: TestServer) => (await server.token((await server.code()).redemption)).body;
const refresh = (server: TestServer, refreshToken: unknown) =>
  server.token({ grant_type: 'refresh_token', refresh_token: refreshToken });

/** The same server after the move: the same database, and a Nest application that keeps its keys. */
async function move(
  adapter = platforms[0]![1](),
  values: object = settings,
  options: Parameters<typeof OidcKeyModule.forRootAsync>[0] = {},
) {
  const logger = new RecordingLogger();
  const { app, fetch, url } = await boot(
    adapter,
    { imports: [configurationOf(values), OidcKeyModule.forRootAsync(options)] },
    undefined,
    logger,
  );
  const jwt = app.get(JwtService);
  return {
    server: await TestServer.start(jwt, before),
    jwt,
    fetch,
    url,
    status: () => app.get(KeyRotation).status(),
    warnings: () => logger.lines.map(([line]) => String(line)).filter((line) => /HS256|RFC 7518/.test(line)),
  };
}

describe.each(platforms)('a server of 4.3.7 that moves from HS256, on %s', (_, adapter) => {
  it('nobody signs in again: refresh tokens and codes of before are good for tokens of the key', async () => {
    const { access_token: accessToken, refresh_token: refreshToken } = await signIn(before);
    const { redemption } = await before.code();
    expect(headerOf(String(refreshToken))).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(headerOf(redemption.code!)).toEqual({ alg: 'HS256' });

    const { server, jwt, status } = await move(adapter());
    expect(status().legacyHs256).toEqual({
      until,
      accepted: { refresh_token: 0, authorization_code: 0, access_token: 0 },
      lastAcceptedAt: undefined,
      refused: 0,
    });
    const refreshed = await refresh(server, refreshToken);
    const redeemed = await server.token(redemption);
    const { accepted, lastAcceptedAt } = status().legacyHs256!;
    expect(accepted).toEqual({ refresh_token: 1, authorization_code: 1, access_token: 0 });
    expect(lastAcceptedAt).toBeInstanceOf(Date);
    for (const { status: answer, body } of [refreshed, redeemed]) {
      expect(answer).toBe(200);
      await jwtVerify(String(body.access_token), createLocalJWKSet(jwt.getKeySet()));
      expect(headerOf(String(body.refresh_token))).toMatchObject({ alg: 'RS256', typ: 'refresh+jwt' });
    }
    expect((await refresh(server, refreshed.body.refresh_token)).status).toBe(200);
    // Spent once, before or after the move.
    expect((await refresh(server, refreshToken)).status).toBe(400);
    expect((await server.token(redemption)).status).toBe(400);

    expect(await rejectionOf(jwt.verify(String(accessToken)))).toMatchObject({
      code: 'OIDC_TOKEN_INVALID_ALGORITHM',
    });
  });

  it('a refresh token of before can be introspected and revoked', async () => {
    const { refresh_token: refreshToken } = await signIn(before);
    const { server, status } = await move(adapter());
    expect((await server.introspect(refreshToken, 'refresh_token')).body).toMatchObject({ active: true });
    expect(status().legacyHs256?.accepted.refresh_token).toBe(1);
    expect((await server.revoke(refreshToken, 'refresh_token')).status).toBe(200);
    expect((await refresh(server, refreshToken)).status).toBe(400);
  });

  it('attack 20: where access tokens of before are accepted, revoking one ends its refresh token', async () => {
    const kinds: LegacyTokenKind[] = ['refresh_token', 'access_token'];
    for (const [named, afterwards] of [
      [kinds, 400],
      [undefined, 200],
    ] as const) {
      const { access_token: accessToken, refresh_token: refreshToken } = await signIn(before);
      const useFactory = () => ({ legacyHs256: { kinds: named && [...named] } });
      const { server } = await move(adapter(), settings, { useFactory });
      expect((await server.introspect(accessToken)).body).toMatchObject({ active: named !== undefined });
      expect((await server.revoke(accessToken)).status).toBe(200);
      expect((await refresh(server, refreshToken)).status).toBe(afterwards);
      await closeAll();
    }
  });

  it('in a rolling deploy, a replica of before refuses what the key signed and spends nothing', async () => {
    const { server } = await move(adapter());
    const { refresh_token: refreshToken } = await signIn(server);
    const { redemption } = await server.code();
    expect((await refresh(before, refreshToken)).status).toBe(400);
    expect((await before.token(redemption)).status).toBe(400);
    expect((await before.revoke(refreshToken, 'refresh_token')).status).toBe(200);
    expect((await refresh(server, refreshToken)).status).toBe(200);
    expect((await server.token(redemption)).status).toBe(200);
    // A replica of before goes on signing, and the new one takes it.
    expect((await refresh(server, (await signIn(before)).refresh_token)).status).toBe(200);
  });

  it('another secret than the one that signed is told by what is refused', async () => {
    const { refresh_token: refreshToken } = await signIn(before);
    const { server, status } = await move(adapter(), {
      ...settings,
      OIDC_LEGACY_HS256_SECRET: Buffer.from(secret, 'base64').toString('hex'),
    });
    expect((await refresh(server, refreshToken)).status).toBe(400);
    expect(status().legacyHs256).toMatchObject({ refused: 1, accepted: { refresh_token: 0 } });
  });

  it('access tokens of before are accepted on request, and never by the guard', async () => {
    const issuerApp = await move(adapter(), settings, {
      useFactory: () => ({
        legacyHs256: { kinds: ['access_token', 'refresh_token'] satisfies LegacyTokenKind[] },
      }),
    });
    const claims = {
      ...payloadOf(String((await signIn(before)).access_token)),
      iss: issuerApp.url,
      aud: audience,
      client_id: 'client',
    };
    const token = forgeHmac(secret, { alg: 'HS256', typ: 'JWT' }, claims);
    await expect(issuerApp.jwt.verify(token, { typ: 'at+jwt' })).resolves.toEqual(claims);

    const api = await boot(adapter(), {
      imports: [ResourceServerModule.forRoot({ issuer: issuerApp.url, audience })],
      controllers: [OrdersController],
    });
    const statusOf = async (bearer: string) =>
      (await api.fetch('/orders', { headers: { authorization: `Bearer ${bearer}` } })).status;
    expect(await statusOf(await issuerApp.jwt.sign(claims))).toBe(200);
    for (const header of [
      { alg: 'HS256', typ: 'JWT' },
      { alg: 'HS256', typ: 'at+jwt' },
      { alg: 'HS256', typ: 'at+jwt', kid: issuerApp.jwt.getKeySet().keys[0]!.kid },
    ]) {
      expect(await statusOf(forgeHmac(secret, header, claims))).toBe(401);
    }
  });
});

describe('while it is on', () => {
  // That one is signed well, and it is the size of the request that is refused.
  const forged = forgeries.filter(([title]) => title !== 'attack 7: 1 MB');

  const headers = [
    [
      'of the key',
      (jwt: JwtService) => ({ kid: jwt.getKeySet().keys[0]!.kid, alg: 'RS256', typ: 'refresh+jwt' }),
    ],
    ['of before', () => ({ alg: 'HS256', typ: 'JWT' })],
  ] as const;

  it.each(
    headers.flatMap(([of, headerFor]) =>
      forged.map(([title, make]) => [title, of, headerFor, make] as const),
    ),
  )('%s, with the header %s, is refused', async (_, __, headerFor, make) => {
    const { jwt } = await move();
    const { refresh_token: refreshToken } = await signIn(before);
    const header = headerFor(jwt);
    const token = make({ key, header, claims: payloadOf(String(refreshToken)) });
    await expect(jwt.verify(token)).rejects.toMatchObject({ name: 'OidcTokenError' });
    await expect(
      jwt.verify(token, { algorithms: ['RS256', 'HS256'], ignoreExpiration: true, ignoreNotBefore: true }),
    ).rejects.toMatchObject({ name: 'OidcTokenError' });
  });

  it('attack 10: one kind of token of before does not pass for another', async () => {
    const { access_token: accessToken, refresh_token: refreshToken } = await signIn(before);
    const { code } = await before.code();
    const { server } = await move();
    for (const each of [accessToken, code]) expect((await refresh(server, each)).status).toBe(400);
    for (const each of [accessToken, refreshToken]) {
      const redeemed = await server.token({
        grant_type: 'authorization_code',
        code: each,
        redirect_uri: redirectUri,
        code_verifier: 'v'.repeat(43),
      });
      expect(redeemed.status).toBe(400);
    }
    for (const each of [code, refreshToken]) {
      expect((await server.introspect(each)).body).toEqual({ active: false });
    }
  });

  it('a boot says so, and the status does for as long as it holds', async () => {
    const { warnings, status } = await move();
    const said = expect.stringMatching(
      /^Tokens that OIDC_LEGACY_HS256_SECRET signed with HS256 are accepted until .*Z \(refresh token, authorization code\)\. KeyRotation\.status\(\) counts them$/,
    );
    expect(warnings()).toEqual([said]);
    expect(status()).toMatchObject({ state: 'up', warnings: [said] });
  });

  it('a secret of fewer than 32 bytes is said as well', async () => {
    const { warnings, status } = await move(undefined, {
      ...settings,
      OIDC_LEGACY_HS256_SECRET: 'a'.repeat(31),
    });
    expect(warnings()).toEqual([
      expect.anything(),
      expect.stringMatching(/^OIDC_LEGACY_HS256_SECRET has fewer than 32 bytes, .*RFC 7518 section 3\.2/),
    ]);
    expect(status().warnings).toHaveLength(1);
    const { warnings: ofGood } = await move(undefined, {
      ...settings,
      OIDC_LEGACY_HS256_SECRET: 'a'.repeat(32),
    });
    expect(ofGood()).toHaveLength(1);
  });

  it('a secret in a file is read without its line end', async () => {
    const { refresh_token: refreshToken } = await signIn(before);
    const folder = mkdtempSync(join(tmpdir(), 'oidc-key-'));
    const path = join(folder, 'secret');
    writeFileSync(path, `${secret}\n`, { mode: 0o600 });
    const { OIDC_LEGACY_HS256_SECRET: _, ...others } = settings;
    const { server, warnings } = await move(undefined, { ...others, OIDC_LEGACY_HS256_SECRET_FILE: path });
    expect((await refresh(server, refreshToken)).status).toBe(200);
    expect(warnings()).toEqual([expect.stringContaining('OIDC_LEGACY_HS256_SECRET_FILE')]);
  });

  it('what the module is not told comes from the settings, and the prefix is that of the issuer', async () => {
    const values = {
      ADMIN_OIDC_PRIVATE_KEY: pemOf(key),
      ADMIN_OIDC_LEGACY_HS256_SECRET: secret,
      ADMIN_OIDC_LEGACY_HS256_UNTIL: until.toISOString(),
    };
    const { status } = await move(undefined, values, { envPrefix: 'ADMIN_OIDC_' });
    expect(status().legacyHs256?.until).toEqual(until);
    const { status: withKey } = await move(undefined, settings, { useFactory: () => ({ key }) });
    expect(withKey().legacyHs256?.until).toEqual(until);
    const { status: without } = await move(undefined, { OIDC_PRIVATE_KEY: pemOf(key) });
    expect(without().legacyHs256).toBeUndefined();
  });
});

describe('after the instant', () => {
  it('nothing of the old kind passes, and a boot says what can go', async () => {
    const { access_token: accessToken, refresh_token: refreshToken } = await signIn(before);
    const { code, redemption } = await before.code();
    const { server, jwt, status } = await move();
    jest.spyOn(Date, 'now').mockReturnValue(until.getTime());
    for (const each of [accessToken, refreshToken, code]) {
      expect(await rejectionOf(jwt.verify(String(each)))).toMatchObject({ name: 'OidcTokenError' });
    }
    expect((await refresh(server, refreshToken)).status).toBe(400);
    expect((await server.token(redemption)).status).toBe(400);
    expect((await server.introspect(refreshToken, 'refresh_token')).body).toEqual({ active: false });
    expect(status().warnings).toEqual([
      expect.stringMatching(
        /^No token that OIDC_LEGACY_HS256_SECRET signed is accepted any more: its time is over since .*Remove it, and the instant/,
      ),
    ]);
    expect((await move()).warnings()).toEqual([expect.stringMatching(/is over since/)]);
  });
});
