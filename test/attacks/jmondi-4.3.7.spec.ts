import type { OAuthUserIdentifier } from '@jmondi/oauth2-server';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { JwtService } from 'nestjs-oidc-key';

import { as, redirectUri, TestServer } from '../support/authorization-server.js';
import { makeRsaKey } from '../support/keys.js';
import { payloadOf } from '../support/tokens.js';

/**
 * Weaknesses of @jmondi/oauth2-server 4.3.7 that no JwtService can close. What is expected here is wrong: each test
 * fails as soon as a weakness is gone, and then docs/oauth2-server-4.md and the sample can do without its remedy.
 * That the sample is not open to them is tested under the same numbers in test/sample.
 */
const jwt = new JwtService({ key: makeRsaKey() });
let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start(jwt);
});
afterEach(() => server.stop());

const signIn = async (on = server, client = as('client')) => {
  const { redemption } = await on.code({ client_id: client.client_id });
  return (await on.token({ ...redemption, ...client })).body;
};
const refreshes = async (refreshToken: unknown, on = server) =>
  (await on.token({ grant_type: 'refresh_token', refresh_token: refreshToken })).status === 200;

it('attack 21: a live refresh token without a hint is called inactive, and is not revoked', async () => {
  const { refresh_token: refreshToken } = await signIn();
  expect((await server.introspect(refreshToken)).body).toEqual({ active: false });
  expect((await server.revoke(refreshToken)).status).toBe(200);
  expect(await refreshes(refreshToken)).toBe(true);
});

it.each([undefined, 'refresh_token'])(
  'attack 22: a live opaque refresh token is called inactive and is not revoked, with the hint %p',
  async (hint) => {
    const opaque = await TestServer.start(jwt, server, { useOpaqueRefreshTokens: true });
    const { refresh_token: refreshToken } = await signIn(opaque);
    expect(refreshToken).toEqual(expect.stringMatching(/^[\da-f-]{36}$/));
    expect((await opaque.introspect(refreshToken, hint)).body).toEqual({ active: false });
    expect((await opaque.revoke(refreshToken, hint)).status).toBe(200);
    expect(await refreshes(refreshToken, opaque)).toBe(true);
  },
);

it('attack 23: a revoked refresh token is called active where the repository still finds its row', async () => {
  const { refresh_token: refreshToken } = await signIn();
  await server.revoke(refreshToken, 'refresh_token');
  expect(await refreshes(refreshToken)).toBe(false);
  expect((await server.introspect(refreshToken, 'refresh_token')).body).toMatchObject({ active: true });
});

it('attack 24: a public client may introspect the token of another one, without any proof of who it is', async () => {
  const { access_token: accessToken } = await signIn();
  expect(as('public').client_secret).toBeUndefined();
  const answer = await server.introspect(accessToken, undefined, as('public'));
  expect(answer.body).toMatchObject({ active: true, client_id: 'client' });
});

it('attack 25: a client without the client_credentials grant revokes nothing, and is told 200', async () => {
  const { access_token: accessToken } = await signIn(server, as('code-only'));
  expect((await server.revoke(accessToken, undefined, as('code-only'))).status).toBe(200);
  expect((await server.introspect(accessToken)).body).toMatchObject({ active: true, client_id: 'code-only' });
});

it('attack 15: the audience that a client asks for is the aud of its access token', async () => {
  const { body } = await server.token({
    grant_type: 'client_credentials',
    audience: 'https://other.example',
  });
  expect(payloadOf(String(body.access_token)).aud).toBe('https://other.example');
});

it('attack 31: of two requests at the same moment, both are given tokens for one code', async () => {
  const { redemption } = await server.code();
  const waiting: (() => void)[] = [];
  // Asked after the code was found good and before it is marked as spent.
  const untilBothAsk = async (id: OAuthUserIdentifier) => {
    await new Promise<void>((resolve) => {
      if (waiting.push(resolve) === 2) waiting.forEach((go) => go());
    });
    return { id };
  };
  const slow = await TestServer.start(jwt, server, {}, { getUserByCredentials: untilBothAsk });
  const answers = await Promise.all([slow.token(redemption), slow.token(redemption)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
});

it('attack 35: a code of a user who is gone is exchanged for a token of nobody, with that user’s scopes', async () => {
  const { redemption } = await server.code();
  const withoutUsers = await TestServer.start(
    jwt,
    server,
    {},
    { getUserByCredentials: async () => undefined },
  );
  const { status, body } = await withoutUsers.token(redemption);
  expect([status, body.scope]).toEqual([200, 'openid']);
  expect(payloadOf(String(body.access_token))).not.toHaveProperty('sub');
});

describe('attack 29: a redirect_uri that is not the registered one', () => {
  it.each(['https://client.example:8443/callback', `${redirectUri}?next=https://evil.example`])(
    '%s gets the code all the same',
    async (redirect_uri) => {
      const url = await server.authorize({
        redirect_uri,
        code_challenge: 'x'.repeat(43),
        code_challenge_method: 'S256',
      });
      expect(url.href.startsWith(redirect_uri)).toBe(true);
      expect(url.searchParams.has('code')).toBe(true);
    },
  );
});
