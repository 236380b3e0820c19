import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { payloadOf } from '../support/tokens.js';
import { execute } from './database.js';
import { RawClient, challengeOf, request, resigned, secret, tokensOf } from './raw-client.js';
import type { Answer, Code, Fields, Tokens } from './raw-client.js';
import { startSample } from './sample-server.js';
import type { Sample } from './sample-server.js';
import { visit } from './visit.js';

let sample: Sample;
let client: RawClient;
let native: RawClient;

beforeAll(async () => {
  sample = await startSample();
  client = RawClient.web(sample);
  native = RawClient.native(sample);
});
afterAll(() => sample.server.stop());

function expectRefusal({ status, headers, body }: Answer, error = 'invalid_grant', expected = 400): void {
  expect([status, body]).toEqual([expected, { error, error_description: expect.any(String) }]);
  expect(headers.get('cache-control')).toBe('no-store');
}

async function expectDead({ access_token, refresh_token }: Tokens): Promise<void> {
  expect([await client.isActive(access_token), await client.isActive(refresh_token)]).toEqual([false, false]);
  expectRefusal(await client.refresh(refresh_token));
}

describe('attack 31: a code', () => {
  it('that comes a second time is refused, and ends the tokens that it was exchanged for', async () => {
    const code = await client.code();
    const tokens = tokensOf(await client.redeem(code));
    expect(await client.isActive(tokens.access_token)).toBe(true);
    expectRefusal(await client.redeem(code));
    await expectDead(tokens);
  });

  it('that comes a second time ends the tokens that came of a refresh too', async () => {
    const code = await client.code();
    const refreshed = tokensOf(await client.refresh(tokensOf(await client.redeem(code)).refresh_token));
    expect(await client.isActive(refreshed.access_token)).toBe(true);
    expectRefusal(await client.redeem(code));
    await expectDead(refreshed);
  });

  it('of one client is refused to another, and stays good for its own', async () => {
    const code = await client.code();
    expectRefusal(await native.redeem(code));
    expect((await client.redeem(code)).status).toBe(200);
  });

  it('that has expired is refused', async () => {
    const code = await client.code();
    const { expire_time } = payloadOf(code.code);
    expect(Number(expire_time) - Date.now() / 1000).toBeLessThanOrEqual(61);
    const expired = resigned(sample, code.code, { expire_time: Math.floor(Date.now() / 1000) - 1 });
    expectRefusal(await client.redeem({ ...code, code: expired }));
  });

  it('whose row is gone is refused', async () => {
    const code = await client.code();
    await execute(sample, 'DELETE FROM auth_codes WHERE id = ?', [idOf(code)]);
    expectRefusal(await client.redeem(code));
  });
});

describe('attack 30: the code verifier', () => {
  const verifier = secret();

  it.each<[string, string | undefined, string]>([
    ['of another request', secret(), 'invalid_grant'],
    ['that is the challenge itself', challengeOf(verifier), 'invalid_grant'],
    ['that is empty', '', 'invalid_request'],
    ['that is missing', undefined, 'invalid_grant'],
  ])('%s is refused', async (_, code_verifier, error) => {
    const code = await client.code({ code_challenge: challengeOf(verifier) });
    expectRefusal(await client.redeem(code, { code_verifier }), error);
    expect((await client.redeem(code, { code_verifier: verifier })).status).toBe(200);
  });

  it('that is too short is refused, although the challenge was made of it', async () => {
    const short = verifier.slice(1);
    const code = await client.code({ code_challenge: challengeOf(short) });
    expectRefusal(await client.redeem(code, { code_verifier: short }));
  });
});

describe('attack 30: a stored code challenge', () => {
  it.each([
    ['that is lost on the way back', 'code_challenge = NULL'],
    ['that is lost with its method', 'code_challenge = NULL, code_challenge_method = NULL'],
    ['whose method is rewritten to plain', "code_challenge_method = 'plain'"],
  ])('%s switches nothing off: the one in the signed code holds', async (_, change) => {
    const code = await client.code();
    await execute(sample, `UPDATE auth_codes SET ${change} WHERE id = ?`, [idOf(code)]);
    const challenge = String(payloadOf(code.code)['code_challenge']);
    expectRefusal(await client.redeem(code, { code_verifier: secret() }));
    expectRefusal(await client.redeem(code, { code_verifier: challenge }));
    expectRefusal(await client.redeem(code, { code_verifier: undefined }));
    expect((await client.redeem(code)).status).toBe(200);
  });

  it.each(['S256', 'plain'])('that is rewritten, with the method %s, is good for nobody', async (method) => {
    const code = await client.code();
    const theirs = secret();
    const challenge = method === 'plain' ? theirs : challengeOf(theirs);
    await execute(
      sample,
      'UPDATE auth_codes SET code_challenge = ?, code_challenge_method = ? WHERE id = ?',
      [challenge, method, idOf(code)],
    );
    expectRefusal(await client.redeem(code, { code_verifier: theirs }));
    expectRefusal(await client.redeem(code));
  });

  it('that is missing in both places, as in a code of before, is refused', async () => {
    const code = await client.code();
    await execute(sample, 'UPDATE auth_codes SET code_challenge = NULL WHERE id = ?', [idOf(code)]);
    const bare = resigned(sample, code.code, { code_challenge: undefined, code_challenge_method: undefined });
    expectRefusal(await client.redeem({ ...code, code: bare }));
  });
});

const idOf = ({ code }: Code) => String(payloadOf(code)['auth_code_id']);

describe('attack 29: the redirect_uri of the token request', () => {
  it.each<[string, string | undefined, string]>([
    ['with another loopback port', 'http://127.0.0.1:8081/callback', 'invalid_grant'],
    ['that is registered but was not used', 'http://127.0.0.1/callback', 'invalid_grant'],
    ['with a query', 'http://127.0.0.1:8080/callback?x=1', 'invalid_grant'],
    ['that is missing', undefined, 'invalid_request'],
  ])('%s is refused', async (_, redirect_uri, error) => {
    expectRefusal(await client.redeem(await client.code(), { redirect_uri }), error);
  });
});

describe('attack 10: at the token endpoint', () => {
  let tokens: Tokens;
  let code: Code;
  beforeAll(async () => {
    tokens = await client.tokens();
    code = await client.code();
  });

  it.each(['access_token', 'refresh_token', 'id_token'] as const)('the %s is no code', async (name) => {
    expectRefusal(await client.redeem({ ...code, code: tokens[name] }));
  });

  it.each<[string, () => string]>([
    ['a code', () => code.code],
    ['an access token', () => tokens.access_token],
    ['an ID token', () => tokens.id_token],
    ['garbage', () => 'garbage'],
  ])('%s is no refresh token', async (_, token) => {
    expectRefusal(await client.refresh(token()));
  });

  it('a code with the claims of a refresh token is none, and the reverse', async () => {
    const asRefreshToken = resigned(sample, tokens.refresh_token, {}, { typ: 'code+jwt' });
    expectRefusal(await client.refresh(asRefreshToken));
    expectRefusal(
      await client.redeem(code, { code: resigned(sample, code.code, {}, { typ: 'refresh+jwt' }) }),
    );
    expect((await client.refresh(tokens.refresh_token)).status).toBe(200);
    expect((await client.redeem(code)).status).toBe(200);
  });
});

describe('attack 12: an access token with the claims of another token', () => {
  it('is neither a code nor a refresh token', async () => {
    const { access_token, refresh_token } = await client.tokens();
    const code = await client.code();
    const asCode = resigned(sample, access_token, payloadOf(code.code));
    expectRefusal(await client.redeem({ ...code, code: asCode }));
    expectRefusal(await client.refresh(resigned(sample, access_token, payloadOf(refresh_token))));
    expect((await client.redeem(code)).status).toBe(200);
    expect((await client.refresh(refresh_token)).status).toBe(200);
  });
});

describe('attack 28: a refresh token that boasts', () => {
  it('gets the scope and the user that are stored, for the client that is stored', async () => {
    const tokens = await client.tokens({ scope: 'openid' });
    const claims = { scope: 'openid api', scopes: ['api'], user_id: 'mallory', sub: 'mallory' };
    const refreshed = tokensOf(await client.refresh(resigned(sample, tokens.refresh_token, claims)));
    const { sub, scope } = payloadOf(refreshed.access_token);
    expect([sub, scope]).toEqual([payloadOf(tokens.access_token)['sub'], 'openid']);
  });
});

describe('attack 36: an error_description', () => {
  it.each(['"', '\\', '\r\nset-cookie: a=b', 'é', '\0', '<script>'])(
    'has nothing in it that RFC 6749 section 5.2 forbids, although the scope has %j',
    async (text) => {
      const answer = await client.clientCredentials({ scope: `x${text}y` });
      expectRefusal(answer, 'invalid_scope');
      expect(String(answer.body['error_description'])).toMatch(/^[\x20\x21\x23-\x5B\x5D-\x7E]+$/);
      expect(answer.headers.getSetCookie()).toEqual([]);

      const { location } = await visit(client.authorizationUrl({ scope: `x${text}y` }));
      const { searchParams } = new URL(location!);
      expect(searchParams.get('error')).toBe('invalid_scope');
      expect(searchParams.get('error_description')).toMatch(/^[\x20\x21\x23-\x5B\x5D-\x7E]+$/);
    },
  );
});

describe('a refresh token', () => {
  it('that comes a second time is refused, and ends its successors', async () => {
    const first = await client.tokens();
    const second = tokensOf(await client.refresh(first.refresh_token));
    expect(await client.isActive(second.refresh_token)).toBe(true);
    expectRefusal(await client.refresh(first.refresh_token));
    await expectDead(second);
  });

  it('of one client is refused to another, and stays good for its own', async () => {
    const { refresh_token } = await client.tokens();
    expectRefusal(await native.refresh(refresh_token));
    expect((await client.refresh(refresh_token)).status).toBe(200);
  });

  it('gives fewer scopes but never more', async () => {
    const { refresh_token } = await client.tokens({ scope: 'openid api' });
    expectRefusal(await client.refresh(refresh_token, { scope: 'openid email' }), 'invalid_scope');
    expect((await client.refresh(refresh_token, { scope: 'api' })).body['scope']).toBe('api');
  });

  it('that has expired is refused', async () => {
    const { refresh_token } = await client.tokens();
    const expire_time = Math.floor(Date.now() / 1000) - 1;
    expectRefusal(await client.refresh(resigned(sample, refresh_token, { expire_time })));
  });
});

describe('a client', () => {
  it.each<[string, Fields]>([
    ['with a wrong secret', { client_secret: 'wrong' }],
    ['without its secret', { client_secret: undefined }],
    ['with an empty secret', { client_secret: '' }],
    ['that is unknown', { client_id: 'unknown' }],
    ['without a name', { client_id: undefined, client_secret: undefined }],
    ['that is public, with a secret', { client_id: 'demo-native' }],
  ])('%s is refused, and its code stays good', async (_, credentials) => {
    const code = await client.code();
    const answer = await client.redeem(code, credentials);
    expectRefusal(answer, 'invalid_client', 401);
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="oauth"');
    expect((await client.redeem(code)).status).toBe(200);
  });

  const withEmptySecret = (id: string, fields: Record<string, string>) =>
    request(sample, 'token', {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:`).toString('base64')}` },
      body: new URLSearchParams(fields),
    });

  it('that is public may send the header with an empty secret (RFC 6749 section 2.3.1)', async () => {
    const code = { ...(await native.code()), grant_type: 'authorization_code' };
    expect((await withEmptySecret('demo-native', code)).status).toBe(200);
  });

  it('that is confidential may not', async () => {
    const code = { ...(await client.code()), grant_type: 'authorization_code' };
    expectRefusal(await withEmptySecret('demo-web', code), 'invalid_client', 401);
  });

  it('that authenticates in two ways at once is refused (RFC 6749 section 2.3)', async () => {
    const { clientSecret } = sample;
    const answer = await request(sample, 'token', {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`demo-web:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', client_secret: clientSecret }),
    });
    expectRefusal(answer, 'invalid_request');
  });

  it('that is public gets no token for itself', async () => {
    expectRefusal(await native.clientCredentials(), 'unauthorized_client');
  });

  it.each(['password', 'implicit', 'urn:ietf:params:oauth:grant-type:token-exchange', '__proto__'])(
    'that asks with the grant type %s is refused',
    async (grant_type) => {
      const fields = { grant_type, username: 'alice', password: sample.userPassword };
      expectRefusal(await client.post('token', fields), 'unsupported_grant_type');
    },
  );
});
