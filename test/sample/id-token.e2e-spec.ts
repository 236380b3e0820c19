import { createHash } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';

import { headerOf, payloadOf } from '../support/tokens.js';
import { RawClient, now, resigned, tokensOf, withToken } from './raw-client.js';
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

describe('attack 33: the ID token', () => {
  it('has the claims of the standard and the user name, and (attack 11) none of another token', async () => {
    const before = now();
    const { id_token, access_token } = await client.tokens({ nonce: 'the nonce' });
    const { iat, auth_time, ...claims } = payloadOf(id_token);
    expect(claims).toEqual({
      iss: sample.issuer,
      sub: expect.stringMatching(/^[\da-f-]{36}$/),
      aud: 'demo-web',
      exp: payloadOf(access_token)['exp'],
      nonce: 'the nonce',
      // The left half of the SHA-256 hash (OpenID Connect Core section 3.1.3.6).
      at_hash: createHash('sha256').update(access_token).digest().subarray(0, 16).toString('base64url'),
      preferred_username: 'alice',
    });
    for (const time of [iat, auth_time]) {
      expect(time).toBeGreaterThanOrEqual(before);
      expect(time).toBeLessThanOrEqual(now());
    }
    expect(headerOf(id_token)).toEqual({ alg: 'RS256', typ: 'JWT', kid: headerOf(access_token)['kid'] });
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
    const nonces = ['one', 'two', 'three', 'four'];
    const codes = await Promise.all(nonces.map((nonce) => client.code({ nonce })));
    const all = await Promise.all(codes.map(async (code) => tokensOf(await client.redeem(code))));
    expect(all.map(({ id_token }) => payloadOf(id_token)['nonce'])).toEqual(nonces);
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

describe('the access token', () => {
  it('attack 12: has no claim of a code, a refresh token or an ID token', async () => {
    const { access_token } = await client.tokens({ nonce: 'the nonce' });
    expect(new Set(Object.keys(payloadOf(access_token)))).toEqual(
      new Set(['iss', 'aud', 'client_id', 'cid', 'scope', 'sub', 'exp', 'nbf', 'iat', 'jti']),
    );
    expect(headerOf(access_token)['typ']).toBe('at+jwt');
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
