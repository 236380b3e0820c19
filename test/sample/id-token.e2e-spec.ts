import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';

import { makeKeyPair } from '../support/key-pairs.js';
import { makeRsaKey, pemOf } from '../support/keys.js';
import { headerOf, payloadOf } from '../support/tokens.js';
import { executeAll } from './database.js';
import { RawClient, now, request, resigned, tokensOf, withToken } from './raw-client.js';
import type { Fields } from './raw-client.js';
import { startSample } from './sample-server.js';
import type { Sample } from './sample-server.js';

let sample: Sample;
let client: RawClient;

beforeAll(async () => {
  sample = await startSample();
  client = RawClient.web(sample);
});
afterAll(() => sample.server.stop());

describe('attack 11 and 33: the ID token', () => {
  it('has the claims of the standard, and none of another token or of the profile', async () => {
    const before = now();
    const { id_token, access_token } = await client.tokens({ nonce: 'the nonce' });
    const { iat, auth_time, sid, ...claims } = payloadOf(id_token);
    expect(claims).toEqual({
      iss: sample.issuer,
      sub: expect.stringMatching(/^[\da-f-]{36}$/),
      aud: 'demo-web',
      exp: payloadOf(access_token)['exp'],
      nonce: 'the nonce',
      // The left half of the SHA-256 hash (OpenID Connect Core section 3.1.3.6).
      at_hash: createHash('sha256').update(access_token).digest().subarray(0, 16).toString('base64url'),
      acr: 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password',
      amr: ['pwd'],
    });
    expect(sid).toMatch(/^[\w-]{22}$/);
    for (const time of [iat, auth_time]) {
      expect(time).toBeGreaterThanOrEqual(before);
      expect(time).toBeLessThanOrEqual(now());
    }
    expect(headerOf(id_token)).toEqual({ alg: 'RS256', typ: 'JWT', kid: headerOf(access_token)['kid'] });
  });

  it('is signed by ID_TOKEN_ALGORITHM, and its at_hash has the hash of that', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'oidc-key-two-')), 'keys.pem');
    const { privateKey } = makeKeyPair('ed25519');
    writeFileSync(file, pemOf(makeRsaKey()) + pemOf(privateKey), { mode: 0o600 });
    const other = await startSample({ OIDC_PRIVATE_KEY_FILE: file, ID_TOKEN_ALGORITHM: 'EdDSA' });
    try {
      const { id_token, access_token } = await RawClient.web(other).tokens();
      expect([headerOf(id_token)['alg'], headerOf(access_token)['alg']]).toEqual(['EdDSA', 'RS256']);
      const hash = createHash('sha512').update(access_token).digest();
      expect(payloadOf(id_token)['at_hash']).toBe(hash.subarray(0, 32).toString('base64url'));
    } finally {
      await other.server.stop();
    }
  });

  it('is verified by what the JWKS has, and no longer when a claim is changed', async () => {
    const keys = createRemoteJWKSet(new URL(`${sample.issuer}/.well-known/jwks.json`));
    const { id_token } = await client.tokens();
    const check = (token: string) =>
      jwtVerify(token, keys, { issuer: sample.issuer, audience: 'demo-web', typ: 'JWT' });
    await expect(check(id_token)).resolves.toBeDefined();
    const [, payload] = resigned(sample, id_token, { sub: 'mallory' }).split('.');
    await expect(check(id_token.replace(/\.[^.]+\./, `.${payload}.`))).rejects.toThrow('signature');
  });

  it('has no nonce if the request had none', async () => {
    expect(payloadOf((await client.tokens()).id_token)).not.toHaveProperty('nonce');
  });

  it('has the nonce and the hash of its own request when several run at once', async () => {
    const nonces = Array.from({ length: 8 }, (_, index) => `nonce ${index}`);
    const native = RawClient.native(sample);
    const of = (nonce: string) => (nonces.indexOf(nonce) % 2 ? native : client);
    // Some are exchanged while others are still being asked for.
    const all = await Promise.all(
      nonces.map(async (nonce) => tokensOf(await of(nonce).redeem(await of(nonce).code({ nonce })))),
    );
    expect(all.map(({ id_token }) => payloadOf(id_token)['nonce'])).toEqual(nonces);
    expect(all.map(({ id_token }) => payloadOf(id_token)['aud']).slice(0, 2)).toEqual([
      'demo-web',
      'demo-native',
    ]);
    for (const { id_token, access_token } of all) {
      const hash = createHash('sha256').update(access_token).digest().subarray(0, 16);
      expect(payloadOf(id_token)['at_hash']).toBe(hash.toString('base64url'));
    }
  });

  it('names the same user as the access token and userinfo', async () => {
    const { id_token, access_token } = await client.tokens();
    const { sub } = payloadOf(id_token);
    expect(typeof sub).toBe('string');
    expect(payloadOf(access_token)['sub']).toBe(sub);
    expect((await withToken(sample, 'userinfo', access_token)).body['sub']).toBe(sub);
  });

  it('has the public client as its audience when that asked', async () => {
    const { id_token } = await RawClient.native(sample).tokens();
    expect(payloadOf(id_token)['aud']).toBe('demo-native');
  });
});

describe('attack 35: there is no ID token', () => {
  it('without the openid scope', async () => {
    const tokens = await client.tokens({ scope: 'profile api', nonce: 'the nonce' });
    expect(tokens).not.toHaveProperty('id_token');
    expect(tokens).toHaveProperty('access_token');
  });

  it('on a refresh', async () => {
    const refreshed = tokensOf(await client.refresh((await client.tokens()).refresh_token));
    expect(refreshed).not.toHaveProperty('id_token');
    expect(payloadOf(refreshed.access_token)['scope']).toContain('openid');
  });

  it('for a client that asks for itself, which may not have the scope of one either', async () => {
    expect(tokensOf(await client.clientCredentials())).not.toHaveProperty('id_token');
    const { status, body } = await client.clientCredentials({ scope: 'openid' });
    expect([status, body['error']]).toEqual([400, 'invalid_scope']);
  });
});

describe('attack 35: when the user is gone', () => {
  // Each ends the one user that there is.
  let own: Sample;
  beforeEach(async () => {
    own = await startSample();
  });
  afterEach(() => own.server.stop());

  it.each<[string, string]>([
    ['and all that was theirs', 'PRAGMA foreign_keys = ON'],
    ['and their code is still there', 'PRAGMA foreign_keys = OFF'],
  ])('%s, there is no token for them', async (_, pragma) => {
    const web = RawClient.web(own);
    const tokens = await web.tokens();
    const code = await web.code();
    await executeAll(own, [pragma, 'DELETE FROM users']);
    for (const { status, body } of [await web.redeem(code), await web.refresh(tokens.refresh_token)]) {
      expect([status, body['error'], body['id_token']]).toEqual([400, 'invalid_grant', undefined]);
    }
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      expect((await web.introspect(token)).body).toEqual({ active: false });
    }
    expect((await withToken(own, 'userinfo', tokens.access_token)).status).toBe(401);
  });
});

describe('the access token', () => {
  it('attack 12: has no claim of a code, a refresh token or an ID token', async () => {
    const { access_token } = await client.tokens({ nonce: 'the nonce' });
    expect(new Set(Object.keys(payloadOf(access_token)))).toEqual(
      new Set(['iss', 'aud', 'client_id', 'cid', 'scope', 'sub', 'exp', 'nbf', 'iat', 'jti']),
    );
    expect(headerOf(access_token)['typ']).toBe('at+jwt');
  });

  it('attack 4: is signed with the key of the JWKS, as are the ID token, the refresh token and the code', async () => {
    const code = await client.code();
    const { access_token, id_token, refresh_token } = tokensOf(await client.redeem(code));
    const { body } = await request(sample, '.well-known/jwks.json');
    const [{ kid }] = body['keys'] as [{ kid: string }];
    for (const token of [access_token, id_token, refresh_token, code.code]) {
      expect(headerOf(token)).toMatchObject({ alg: 'RS256', kid });
    }
  });

  const form = (fields: [string, string][]) => new URLSearchParams(fields).toString();
  it.each(
    ['audience', 'aud'].flatMap((name): [string, string][] => [
      [`${name} as a list`, form([[`${name}[]`, 'evil']])],
      [`${name} as an object`, form([[`${name}[a]`, '1']])],
      [`${name} twice`, form([[name, 'evil'], [name, 'evil too']])], // prettier-ignore
      [`900 of ${name}`, form(Array.from({ length: 900 }, (_, index) => [name, `evil${index}`]))],
    ]),
  )('attack 15: has no audience that a client chose with %s, in the body or the query', async (_, fields) => {
    const credentials = { client_id: 'demo-web', client_secret: sample.clientSecret };
    const body = form(Object.entries({ ...credentials, grant_type: 'client_credentials', scope: 'api' }));
    const init = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    for (const answer of [
      await request(sample, 'token', { ...init, body: `${body}&${fields}` }),
      await request(sample, `token?${fields}`, { ...init, body }),
    ]) {
      expect(payloadOf(tokensOf(answer).access_token)['aud']).toBe(sample.audience);
    }
  });

  it.each<[string, Fields, Fields]>([
    ['at the authorization endpoint', { audience: 'https://evil.example', aud: 'https://evil.example' }, {}],
    ['at the token endpoint', {}, { audience: 'https://evil.example', aud: 'https://evil.example' }],
  ])('attack 15: has no audience that a client chose %s', async (_, asked, redeemed) => {
    const tokens = tokensOf(await client.redeem(await client.code(asked), redeemed));
    const refreshed = tokensOf(await client.refresh(tokens.refresh_token, redeemed));
    for (const { access_token } of [tokens, refreshed]) {
      expect(payloadOf(access_token)['aud']).toBe(sample.audience);
    }
  });
});
