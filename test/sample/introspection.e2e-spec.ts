import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { makeRsaKey } from '../support/keys.js';
import { forge, headerOf, payloadOf } from '../support/tokens.js';
import { execute, register } from './database.js';
import { RawClient, now, resigned, tokensOf } from './raw-client.js';
import type { Answer, Code, Fields, Tokens } from './raw-client.js';
import { startSample } from './sample-server.js';
import type { Sample } from './sample-server.js';

let sample: Sample;
let client: RawClient;
let native: RawClient;
let tokens: Tokens;
let code: Code;

beforeAll(async () => {
  sample = await startSample();
  client = RawClient.web(sample);
  native = RawClient.native(sample);
  tokens = await client.tokens();
  code = await client.code();
});
afterAll(() => sample.server.stop());

/** RFC 7662 section 2.2: nothing else is told of a token that is not active. */
function expectInactive({ status, headers, body }: Answer): void {
  expect([status, body, headers.get('cache-control')]).toEqual([200, { active: false }, 'no-store']);
}

/** What only a client with credentials may do. */
const withoutCredentials: [string, Fields][] = [
  ['without a client', { client_id: undefined, client_secret: undefined }],
  ['without its secret', { client_secret: undefined }],
  ['with a wrong secret', { client_secret: 'wrong' }],
  ['as an unknown client', { client_id: 'unknown' }],
];

describe('introspection', () => {
  it('tells what is stored of an access token', async () => {
    const { status, headers, body } = await client.introspect(tokens.access_token);
    const { iss, aud, sub, exp, iat, nbf, jti } = payloadOf(tokens.access_token);
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toEqual({
      active: true,
      token_type: 'Bearer',
      client_id: 'demo-web',
      username: 'alice',
      scope: 'openid profile email api',
      iss,
      aud,
      sub,
      exp,
      iat,
      nbf,
      jti,
    });
  });

  it.each([undefined, 'refresh_token', 'access_token'])(
    'attack 21 and 26: knows a refresh token with the hint %p',
    async (token_type_hint) => {
      const { body } = await client.introspect(tokens.refresh_token, { token_type_hint });
      expect(body).toMatchObject({ active: true, client_id: 'demo-web', username: 'alice' });
      expect(body).not.toHaveProperty('token_type');
    },
  );

  it.each([undefined, 'refresh_token', 'access_token'])(
    'attack 26: knows an access token with the hint %p',
    async (token_type_hint) => {
      const { body } = await client.introspect(tokens.access_token, { token_type_hint });
      expect(body).toMatchObject({ active: true, token_type: 'Bearer' });
    },
  );

  it.each(withoutCredentials)('attack 24: is refused %s', async (_, credentials) => {
    const { status, headers, body } = await client.introspect(tokens.access_token, credentials);
    expect([status, body['error'], headers.get('www-authenticate')]).toEqual([
      401,
      'invalid_client',
      'Basic realm="oauth"',
    ]);
    expect(body).not.toHaveProperty('active');
  });

  it('attack 24: is refused to a public client, also for its own token', async () => {
    const { access_token } = await native.tokens();
    const { status, body } = await native.introspect(access_token);
    expect([status, body['error'], body['active']]).toEqual([401, 'invalid_client', undefined]);
  });

  it.each<[string, () => string]>([
    ['attack 10: an authorization code', () => code.code],
    ['attack 10: an ID token', () => tokens.id_token],
    [
      'attack 11: an ID token with the jti of the access token',
      () => resigned(sample, tokens.id_token, { jti: payloadOf(tokens.access_token)['jti'] }),
    ],
    [
      'attack 11: an ID token with the claims of the refresh token',
      () => resigned(sample, tokens.id_token, payloadOf(tokens.refresh_token)),
    ],
    [
      'attack 10: a code with the claims of both',
      () =>
        resigned(sample, code.code, {
          ...payloadOf(tokens.access_token),
          ...payloadOf(tokens.refresh_token),
        }),
    ],
    ['attack 26: garbage', () => 'garbage'],
    ['attack 26: three dots', () => '...'],
    ['attack 26: a NUL', () => '\0'],
    ['attack 26: an unknown jti', () => resigned(sample, tokens.access_token, { jti: 'unknown' })],
    [
      'attack 26: an unknown refresh_token_id',
      () => resigned(sample, tokens.refresh_token, { refresh_token_id: 'unknown' }),
    ],
    [
      'attack 19: a foreign key under our kid',
      () => forge(makeRsaKey(), headerOf(tokens.access_token), payloadOf(tokens.access_token)),
    ],
    [
      'attack 19: a refresh token by a foreign key',
      () => forge(makeRsaKey(), headerOf(tokens.refresh_token), payloadOf(tokens.refresh_token)),
    ],
  ])('%s is inactive, whatever the hint', async (_, token) => {
    for (const token_type_hint of [undefined, 'access_token', 'refresh_token']) {
      expectInactive(await client.introspect(token(), { token_type_hint }));
    }
  });

  it.each(['access_token', 'refresh_token'] as const)(
    'attack 23: a pair of tokens is inactive after its %s was revoked',
    async (name) => {
      const pair = await client.tokens();
      expect((await client.revoke(pair[name])).status).toBe(200);
      expectInactive(await client.introspect(pair.access_token));
      expectInactive(await client.introspect(pair.refresh_token));
    },
  );

  it('an expired access token is inactive, and its refresh token is not', async () => {
    const pair = await client.tokens();
    await expire(pair, 'access_token_expires_at');
    expectInactive(await client.introspect(pair.access_token));
    expect(await client.isActive(pair.refresh_token)).toBe(true);
    await expire(pair, 'refresh_token_expires_at');
    expectInactive(await client.introspect(pair.refresh_token));
  });

  it('attack 28: tells what is stored, whatever the token says of itself', async () => {
    const claims = { scope: 'admin', client_id: 'other', cid: 'other', sub: 'mallory', username: 'mallory' };
    const { body } = await client.introspect(resigned(sample, tokens.access_token, claims));
    expect(body).toEqual((await client.introspect(tokens.access_token)).body);
  });
});

describe('revocation', () => {
  it('attack 20: ends an access token that has expired, and its refresh token', async () => {
    const pair = await client.tokens();
    await expire(pair, 'access_token_expires_at');
    const expired = resigned(sample, pair.access_token, { exp: now() - 60 });
    expect((await client.revoke(expired)).status).toBe(200);
    expectInactive(await client.introspect(pair.refresh_token));
    expect((await client.refresh(pair.refresh_token)).body['error']).toBe('invalid_grant');
  });

  it.each([undefined, 'access_token', 'refresh_token'])(
    'attack 21 and 26: ends a refresh token with the hint %p, and its access token',
    async (token_type_hint) => {
      const pair = await client.tokens();
      expect((await client.revoke(pair.refresh_token, { token_type_hint })).status).toBe(200);
      expectInactive(await client.introspect(pair.access_token));
      expect((await client.refresh(pair.refresh_token)).body['error']).toBe('invalid_grant');
    },
  );

  it('attack 19: leaves the tokens of another client alone, and says nothing of them', async () => {
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      const { status, body } = await native.revoke(token);
      expect([status, body]).toEqual([200, {}]);
    }
    expect(await client.isActive(tokens.access_token)).toBe(true);
    expect(await client.isActive(tokens.refresh_token)).toBe(true);
  });

  it("attack 28: leaves it alone also if the token says that it is the other client's", async () => {
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      const claimed = resigned(sample, token, { cid: 'demo-native', client_id: 'demo-native' });
      expect((await native.revoke(claimed)).status).toBe(200);
      expect(await client.isActive(token)).toBe(true);
    }
  });

  it('attack 19: does nothing for a token by a foreign key', async () => {
    const foreign = forge(makeRsaKey(), headerOf(tokens.access_token), payloadOf(tokens.access_token));
    expect((await client.revoke(foreign)).status).toBe(200);
    expect(await client.isActive(tokens.access_token)).toBe(true);
  });

  it.each([
    ['public', 'code-only-public', undefined],
    ['confidential', 'code-only-confidential', 'the secret of a test'],
  ])(
    'attack 25: is open to a %s client that has only the code grant, for its own token',
    async (_, id, clientSecret) => {
      await register(sample, { id, secret: clientSecret, grants: ['authorization_code'] });
      const codeOnly = RawClient.of(sample, id, clientSecret);
      const { access_token, refresh_token } = await codeOnly.tokens({ scope: 'openid' });
      expect(refresh_token).toBeUndefined();
      expect(await client.isActive(access_token)).toBe(true);
      await native.revoke(access_token);
      expect(await client.isActive(access_token)).toBe(true);
      expect((await codeOnly.revoke(access_token)).status).toBe(200);
      expectInactive(await client.introspect(access_token));
    },
  );

  it('ends a token that a client got for itself', async () => {
    const { access_token } = tokensOf(await client.clientCredentials());
    expect(await client.isActive(access_token)).toBe(true);
    await client.revoke(access_token);
    expectInactive(await client.introspect(access_token));
  });

  it.each(withoutCredentials)('is refused %s, and ends nothing', async (_, credentials) => {
    const { status, body } = await client.revoke(tokens.access_token, credentials);
    expect([status, body['error']]).toEqual([401, 'invalid_client']);
    expect(await client.isActive(tokens.access_token)).toBe(true);
  });

  it.each<[string, () => string]>([
    ['garbage', () => 'garbage'],
    ['a code', () => code.code],
    ['an ID token', () => tokens.id_token],
  ])('answers %s as it answers a token (RFC 7009 section 2.2)', async (_, token) => {
    const { status, body } = await client.revoke(token());
    expect([status, body]).toEqual([200, {}]);
    expect(await client.isActive(tokens.access_token)).toBe(true);
  });
});

describe.each(['introspect', 'revoke'])('attack 26: /%s', (path) => {
  it.each(['id_token', 'auth_code', 'ACCESS_TOKEN', '__proto__', ''])('refuses the hint %p', async (hint) => {
    const { status, body } = await client.post(path, { token: tokens.access_token, token_type_hint: hint });
    expect([status, body['error']]).toEqual([400, 'unsupported_token_type']);
    expect(await client.isActive(tokens.access_token)).toBe(true);
  });
});

async function expire({ access_token }: Tokens, column: `${'access' | 'refresh'}_token_expires_at`) {
  await execute(sample, `UPDATE tokens SET ${column} = ? WHERE access_token_id = ?`, [
    Date.now() - 1000,
    String(payloadOf(access_token)['jti']),
  ]);
}
