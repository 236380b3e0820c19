import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { makeRsaKey, pemOf } from '../support/keys.js';
import { headerOf, payloadOf, publicPemOf } from '../support/tokens.js';
import { execute, register } from './database.js';
import { RawClient, now, resigned, secret, tokensOf, withToken } from './raw-client.js';
import type { Code, Fields, Tokens } from './raw-client.js';
import { restart, startSample } from './sample-server.js';
import type { SampleProcess } from './sample-server.js';
import { csrfTokenOf, hiddenFieldsOf, visit } from './visit.js';

let sample: SampleProcess;
let client: RawClient;
let hosted: RawClient;
let plain: RawClient;

const signedOut = 'https://app.example/signed-out';

beforeAll(async () => {
  sample = await startSample();
  const redirectUris = ['https://app.example/callback'];
  const grants = ['authorization_code', 'refresh_token'];
  await register(sample, { id: 'hosted', redirectUris, grants, scopes: ['openid', 'profile', 'api'] });
  const clientSecret = secret();
  const postLogoutRedirectUris = [signedOut];
  await register(sample, {
    id: 'other',
    secret: clientSecret,
    grants,
    isPkceRequired: false,
    postLogoutRedirectUris,
  });
  await execute(
    sample,
    'INSERT INTO users (id, username, password_hash, name, email, email_verified) SELECT ?, ?, password_hash, ?, ?, 1 FROM users WHERE username = ?',
    ['bob', 'bob', 'Bob', 'bob@example.com', 'alice'],
  );
  client = RawClient.web(sample);
  hosted = RawClient.of(sample, 'hosted');
  plain = RawClient.of(sample, 'other', clientSecret);
});
afterAll(() => sample.server.stop());

const noPkce: Fields = { code_challenge: undefined, code_challenge_method: undefined };
const noPrompt: Fields = { ...noPkce, prompt: undefined, scope: 'openid' };

/** A browser that has signed in; where it was sent, and its cookie. */
async function signIn(url: URL, cookie = '', username = 'alice') {
  const first = await visit(url, cookie);
  const session = first.cookie ?? cookie;
  const form = {
    csrf_token: csrfTokenOf(await visit(first.location!, session)),
    username,
    password: sample.userPassword,
  };
  const done = await visit(first.location!, session, form);
  return { cookie: done.cookie!, page: done.location! };
}

async function decide(page: string, cookie: string, decision = 'approve') {
  const form = hiddenFieldsOf(await visit(page, cookie));
  return new URL((await visit(page, cookie, { ...form, decision })).location!).searchParams;
}

/** A browser in which a user has allowed the client `other` the scope openid. */
async function allowed(username = 'alice', changes: Fields = {}) {
  const { page, cookie } = await signIn(
    plain.authorizationUrl({ ...noPrompt, prompt: 'consent', ...changes }),
    '',
    username,
  );
  const answer = await decide(page, cookie);
  return { cookie, tokens: await redeem(answer) };
}

async function redeem(answer: URLSearchParams): Promise<Tokens> {
  const code: Code = {
    code: answer.get('code')!,
    code_verifier: '',
    redirect_uri: 'http://127.0.0.1:8080/callback',
  };
  return tokensOf(await plain.redeem(code, { code_verifier: undefined }));
}

async function ask(cookie: string, changes: Fields = {}, asking = plain) {
  const { location } = await visit(asking.authorizationUrl({ ...noPrompt, ...changes }), cookie);
  const url = new URL(location!);
  return { page: location!, path: url.pathname.split('/')[1], answer: url.searchParams };
}

describe('a consent', () => {
  it('is remembered, also for prompt=none, and gives no scope that was not shown', async () => {
    const { cookie } = await allowed();
    expect((await ask(cookie)).answer.has('code')).toBe(true);
    const silent = await ask(cookie, { prompt: 'none' });
    expect(payloadOf((await redeem(silent.answer)).access_token)['scope']).toBe('openid');
    expect((await ask(cookie, { prompt: 'consent' })).path).toBe('consent');

    const more = await ask(cookie, { scope: 'openid api' });
    expect(more.path).toBe('consent');
    const { html } = await visit(more.page, cookie);
    expect(html).toMatch(/Know who you are<.*Use the sample API <em>\(new\)/s);
    const none = await ask(cookie, { scope: 'openid api', prompt: 'none' });
    expect(none.answer.get('error')).toBe('consent_required');
    // What is refused is not remembered.
    expect((await decide(more.page, cookie, 'deny')).get('error')).toBe('access_denied');
    expect((await ask(cookie, { scope: 'openid api' })).path).toBe('consent');
    // Nor is what another user or another client was allowed.
    const bob = await signIn(plain.authorizationUrl(noPrompt), '', 'bob');
    expect((await visit(bob.page, bob.cookie)).html).toContain('(new)');
  });

  it('of a public client is remembered at an https address only', async () => {
    const native = RawClient.native(sample);
    const challenge: Fields = { scope: 'openid', prompt: undefined };
    for (const [asking, redirect_uri, isAsked] of [
      [native, 'http://127.0.0.1:8080/callback', true],
      [hosted, 'https://app.example/callback', false],
    ] as const) {
      const url = asking.authorizationUrl({ ...challenge, redirect_uri });
      const { page, cookie } = await signIn(url);
      await decide(page, cookie);
      const { location } = await visit(url, cookie);
      expect(location!.includes('/consent/')).toBe(isAsked);
    }
  });

  it('is shown and withdrawn, with its tokens and codes, by a form of its own session only', async () => {
    const { cookie, tokens } = await allowed();
    const underWay = await ask(cookie);
    const page = `${sample.issuer}/consents`;
    expect((await visit(page)).status).toBe(403);
    const { html } = await visit(page, cookie);
    expect(html).toContain('<strong>other</strong>');
    const form = { csrf_token: csrfTokenOf(await visit(page, cookie)), client_id: 'other' };
    expect((await visit(page, cookie, { ...form, csrf_token: 'x' })).status).toBe(403);
    expect(await client.isActive(tokens.access_token)).toBe(true);
    expect((await visit(page, cookie, form)).status).toBe(303);
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      expect(await client.isActive(token)).toBe(false);
    }
    await expect(redeem(underWay.answer)).rejects.toThrow('invalid_grant');
    expect((await ask(cookie)).path).toBe('consent');
  });
});

describe('id_token_hint', () => {
  it('of the user who is signed in is taken, though it has expired', async () => {
    const { cookie, tokens } = await allowed();
    const old = resigned(sample, tokens.id_token, { exp: now() - 9999 });
    for (const id_token_hint of [tokens.id_token, old]) {
      expect((await ask(cookie, { prompt: 'none', id_token_hint })).answer.has('code')).toBe(true);
    }
  });

  it('of another user logs nobody else in', async () => {
    const { tokens } = await allowed('bob');
    const { cookie } = await allowed();
    const id_token_hint = tokens.id_token;
    const silent = await ask(cookie, { prompt: 'none', id_token_hint });
    expect(silent.answer.get('error')).toBe('login_required');
    const url = plain.authorizationUrl({ ...noPrompt, id_token_hint });
    expect((await visit(url, cookie)).location).toContain('/sign-in/');
    const again = await signIn(url, cookie);
    const refused = await visit(again.page, again.cookie);
    expect(new URL(refused.location!).searchParams.get('error')).toBe('login_required');
    const bob = await signIn(url, cookie, 'bob');
    expect(new URL((await visit(bob.page, bob.cookie)).location!).searchParams.has('code')).toBe(true);
  });

  it.each<[string, (tokens: Tokens) => string]>([
    ['is no token', () => 'x'],
    ['is an access token', ({ access_token }) => access_token],
    ['is a refresh token', ({ refresh_token }) => refresh_token],
    ['has the claims of another token', ({ id_token }) => resigned(sample, id_token, { jti: 'x' })],
    ['is of another issuer', ({ id_token }) => resigned(sample, id_token, { iss: 'https://evil.example' })],
    ['is of another client', ({ id_token }) => resigned(sample, id_token, { aud: 'demo-web' })],
    ['is of another type', ({ id_token }) => resigned(sample, id_token, {}, { typ: 'code+jwt' })],
    ['is changed', ({ id_token }) => id_token.replace(/\.[^.]+\./, '.e30.')],
  ])('that %s is invalid_request, and ends no session', async (_, make) => {
    const { cookie, tokens } = await allowed();
    const id_token_hint = make(tokens);
    const { answer } = await ask(cookie, { id_token_hint });
    expect(answer.get('error')).toBe('invalid_request');
    const end = new URL(`${sample.issuer}/end-session`);
    end.search = new URLSearchParams({ id_token_hint, client_id: 'other' }).toString();
    expect((await visit(end, cookie)).status).toBe(400);
    expect((await ask(cookie)).answer.has('code')).toBe(true);
  });
});

describe('the end of a session', () => {
  const endUrl = (fields: object) =>
    `${sample.issuer}/end-session?${new URLSearchParams({ ...fields }).toString()}`;

  it('comes at once with the ID token of that session, and leads back to the client', async () => {
    const { cookie, tokens } = await allowed();
    const id_token_hint = resigned(sample, tokens.id_token, { exp: now() - 9999 });
    const ended = await visit(
      endUrl({ id_token_hint, post_logout_redirect_uri: signedOut, state: 'a & b' }),
      cookie,
    );
    expect([ended.status, ended.location]).toEqual([303, `${signedOut}?state=a+%26+b`]);
    expect((await ask(cookie)).path).toBe('sign-in');
  });

  it('takes nothing from a sign-in that is under way', async () => {
    const { location, cookie = '' } = await visit(plain.authorizationUrl(noPrompt));
    expect((await visit(`${sample.issuer}/end-session`, cookie)).status).toBe(200);
    expect((await visit(location!, cookie)).status).toBe(200);
  });

  it('waits for the user with an ID token of another session, of another user, or none', async () => {
    const { cookie } = await allowed();
    const hints = [(await allowed()).tokens.id_token, (await allowed('bob')).tokens.id_token];
    for (const fields of [...hints.map((id_token_hint) => ({ id_token_hint })), { client_id: 'other' }, {}]) {
      const asked = await visit(endUrl(fields), cookie);
      expect([asked.status, asked.location]).toEqual([200, null]);
      expect(asked.html).toContain('Sign out?');
      expect((await ask(cookie)).answer.has('code')).toBe(true);
    }
    const asked = await visit(endUrl({ client_id: 'other', post_logout_redirect_uri: signedOut }), cookie);
    const form = {
      csrf_token: csrfTokenOf(asked),
      client_id: 'other',
      post_logout_redirect_uri: signedOut,
    };
    const confirm = `${sample.issuer}/end-session/confirm`;
    expect((await visit(confirm, cookie, { ...form, csrf_token: 'x' })).status).toBe(403);
    const evil = { ...form, post_logout_redirect_uri: 'https://evil.example' };
    expect((await visit(confirm, cookie, evil)).status).toBe(400);
    expect((await visit(confirm, cookie, form)).location).toBe(signedOut);
    expect((await ask(cookie)).path).toBe('sign-in');
  });

  it.each<[string, Record<string, string>]>([
    ['that is not registered', { client_id: 'other', post_logout_redirect_uri: 'https://evil.example' }],
    ['with a query added', { client_id: 'other', post_logout_redirect_uri: `${signedOut}?x=1` }],
    ['of another client', { client_id: 'demo-web', post_logout_redirect_uri: signedOut }],
    ['of no client', { post_logout_redirect_uri: signedOut }],
  ])('does not lead to an address %s', async (_, fields) => {
    const { cookie } = await allowed();
    const refused = await visit(endUrl(fields), cookie);
    expect([refused.status, refused.location]).toEqual([400, null]);
    expect((await ask(cookie)).answer.has('code')).toBe(true);
  });
});

describe('the parameter claims', () => {
  const claims = (value: unknown) => ({ scope: 'openid', claims: JSON.stringify(value) });

  it('gives single claims where they were asked for, after they were shown', async () => {
    const asked = claims({ userinfo: { name: { essential: true } }, id_token: { nickname: null } });
    const { page, cookie } = await signIn(client.authorizationUrl(asked));
    expect((await visit(page, cookie)).html).toMatch(/See your name.*See your nickname/s);
    const { id_token, access_token } = await client.tokens(asked);
    expect(payloadOf(id_token)).toMatchObject({ nickname: 'Al' });
    expect(payloadOf(id_token)).not.toHaveProperty('name');
    const { sub } = payloadOf(id_token);
    expect((await withToken(sample, 'userinfo', access_token)).body).toEqual({ sub, name: 'Alice Adams' });
  });

  it('gives nothing that the client came to be allowed after the page was made, before that is shown', async () => {
    const scopesOfOther = (scopes: string[]) =>
      execute(sample, 'UPDATE clients SET scopes = ? WHERE id = ?', [JSON.stringify(scopes), 'other']);
    const asked = claims({ userinfo: { email: null } });
    const { page, cookie } = await signIn(plain.authorizationUrl({ ...noPkce, prompt: 'consent', ...asked }));
    const seen = await visit(page, cookie);
    expect(seen.html).not.toContain('email');
    await scopesOfOther(['openid', 'email']);
    const form = { ...hiddenFieldsOf(seen), decision: 'approve' };
    expect((await visit(page, cookie, form)).location).toBe(page);
    expect((await visit(page, cookie)).html).toContain('email');
    await scopesOfOther(['openid', 'api']);
  });

  it.each([
    { id_token: { sub: { values: ['somebody else'] } } },
    { userinfo: { sub: { value: 'somebody else' } } },
    { id_token: { sub: { value: 42 } } },
    { id_token: { sub: { values: ['a', 'b'] } } },
  ])('logs nobody in whom it does not ask for: %j', async (asked) => {
    const { cookie } = await allowed();
    const url = plain.authorizationUrl({ ...noPkce, ...claims(asked), prompt: 'none' });
    const { location } = await visit(url, cookie);
    expect(new URL(location!).searchParams.get('error')).toMatch(/^(login_required|invalid_request)$/);
  });

  it('gives no claim of a scope that the client may not have', async () => {
    const asked = claims({ userinfo: { name: null, email: null }, id_token: { email: null } });
    const { access_token } = (await allowed('alice', asked)).tokens;
    const { body } = await withToken(sample, 'userinfo', access_token);
    expect(Object.keys(body)).toEqual(['sub']);
  });

  it.each<[string, string, string]>([
    ['no JSON', '{', 'invalid_request'],
    ['a list', '[]', 'invalid_request'],
    ['a claim that is a text', '{"userinfo":{"name":"x"}}', 'invalid_request'],
    ['too long', JSON.stringify({ userinfo: { ['a'.repeat(2048)]: null } }), 'invalid_request'],
    ['too deep', '['.repeat(5000), 'invalid_request'],
    [
      'an acr that there is not',
      '{"id_token":{"acr":{"essential":true,"values":["gold"]}}}',
      'unmet_authentication_requirements',
    ],
  ])('is refused as %s', async (_, text, error) => {
    const { location } = await visit(client.authorizationUrl({ claims: text }));
    expect(new URL(location!).searchParams.get('error')).toBe(error);
  });
});

describe('scopes', () => {
  it('that are unknown are ignored, and so is offline_access without prompt=consent', async () => {
    const { cookie, tokens } = await allowed('alice', {
      scope: 'openid admin userinfo:email offline_access',
    });
    expect(payloadOf(tokens.access_token)['scope']).toBe('openid offline_access');
    const { answer } = await ask(cookie, { scope: 'openid admin userinfo:email offline_access' });
    expect(payloadOf((await redeem(answer)).access_token)['scope']).toBe('openid');
    expect((await client.clientCredentials({ scope: 'userinfo:name' })).body['error']).toBe('invalid_scope');
  });
});

describe('a parameter that is too long', () => {
  it.each([
    ['state', 4096],
    ['nonce', 512],
    ['login_hint', 256],
    ['scope', 1024],
    ['id_token_hint', 8192],
  ])('is refused: %s of more than %i characters', async (name, length) => {
    const fields = { [name]: 'x'.repeat(length + 1) };
    const { location } = await visit(client.authorizationUrl(fields));
    const { searchParams } = new URL(location!);
    expect(searchParams.get('error')).toBe('invalid_request');
    expect(searchParams.get('state')).toBe(name === 'state' ? null : 'the state');
    if (name === 'scope' || name === 'id_token_hint') return;
    const fits = await visit(client.authorizationUrl({ [name]: 'x'.repeat(length) }));
    expect(fits.location).toContain('/sign-in/');
  });
});

// The last, because the server has another key afterwards.
it('an ID token from before a rotation is still a hint, to sign in and to end the session', async () => {
  const { cookie, tokens } = await allowed();
  const next = join(sample.folder, 'next.pem');
  const previous = join(sample.folder, 'previous.pem');
  writeFileSync(next, pemOf(makeRsaKey()), { mode: 0o600 });
  writeFileSync(previous, publicPemOf(sample.key));
  const old = resigned(sample, tokens.id_token, { exp: now() - 9999 });
  sample = await restart(sample, { OIDC_PRIVATE_KEY_FILE: next, OIDC_PREVIOUS_KEYS_FILE: previous });
  const silent = await ask(cookie, { prompt: 'none', id_token_hint: old });
  const { id_token } = await redeem(silent.answer);
  expect(headerOf(id_token)['kid']).not.toBe(headerOf(old)['kid']);
  const end = `${sample.issuer}/end-session?${new URLSearchParams({ id_token_hint: old }).toString()}`;
  expect((await visit(end, cookie)).html).toContain('You are signed out');
  expect((await ask(cookie)).path).toBe('sign-in');
});
