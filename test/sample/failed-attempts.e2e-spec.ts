import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { RawClient, request } from './raw-client.js';
import { restart, startSample } from './sample-server.js';
import type { SampleProcess } from './sample-server.js';
import { csrfTokenOf, visit } from './visit.js';

let sample: SampleProcess;

beforeEach(async () => {
  sample = await startSample({ FAILED_ATTEMPTS: '3' });
});
afterEach(() => sample.server.stop());

async function signIn(username: string, password: string) {
  const { location, cookie } = await visit(RawClient.native(sample).authorizationUrl());
  const page = await visit(location!, cookie);
  return visit(location!, cookie, { csrf_token: csrfTokenOf(page), username, password });
}

/** A sign-in page of its own, and what sends its form. */
async function formOfSignIn() {
  const { location, cookie = '' } = await visit(RawClient.native(sample).authorizationUrl());
  const csrf_token = csrfTokenOf(await visit(location!, cookie));
  return (password: string, headers: Record<string, string> = {}) =>
    fetch(location!, {
      method: 'POST',
      headers: { cookie, ...headers },
      body: new URLSearchParams({ csrf_token, username: 'alice', password }),
      redirect: 'manual',
    });
}

/** What was sent before may still be at work. */
async function signInAfter(milliseconds: number) {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return signIn('alice', sample.userPassword);
}

async function fail(times: number, username = 'alice'): Promise<void> {
  for (let each = 0; each < times; each++) expect((await signIn(username, 'wrong')).status).toBe(403);
}

const token = (client_secret: string, headers: Record<string, string> = {}, client_id = 'demo-web') =>
  request(sample, 'token', {
    method: 'POST',
    headers,
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret }),
  });

function expectLater({ status, headers }: { status: number; headers: Headers }): void {
  expect(status).toBe(429);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(300);
}

describe('failed attempts: a password', () => {
  it('is looked at no more after too many wrong ones, also if it is right, and a page says so', async () => {
    await fail(3);
    const refused = await signIn('alice', sample.userPassword);
    expectLater(refused);
    expect(refused.headers.get('content-type')).toMatch(/^text\/html/);
    expect(refused.html).toContain('too many failed attempts');
  });

  it('of another user name is still looked at', async () => {
    await fail(3, 'bob');
    expect((await signIn('alice', sample.userPassword)).status).toBe(303);
  });

  it('is looked at however many right ones came before', async () => {
    for (let each = 0; each < 10; each++) {
      expect((await signIn('alice', sample.userPassword)).status).toBe(303);
    }
  });

  it('counts though nobody waited for the answer', async () => {
    const { location, cookie = '' } = await visit(RawClient.native(sample).authorizationUrl());
    const csrf_token = csrfTokenOf(await visit(location!, cookie));
    const body = new URLSearchParams({ csrf_token, username: 'alice', password: 'wrong' });
    for (let each = 0; each < 4; each++) {
      const gone = new AbortController();
      const asked = fetch(location!, { method: 'POST', headers: { cookie }, body, signal: gone.signal });
      setTimeout(() => gone.abort(), 5);
      await asked.catch(() => undefined);
    }
    expectLater(await signInAfter(1_000));
  });

  it('is looked at no more often when many are sent at once', async () => {
    const forms = await Promise.all(Array.from({ length: 20 }, () => formOfSignIn()));
    const answers = await Promise.all(forms.map((send) => send('wrong')));
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(17);
  });

  it('is still looked at for a user whom somebody elsewhere has locked out there', async () => {
    sample = await restart(sample, { PROXIES: '1' });
    const from = (address: string) => ({ 'x-forwarded-for': address });
    for (let each = 0; each < 3; each++) {
      expect((await (await formOfSignIn())('wrong', from('192.0.2.1'))).status).toBe(403);
    }
    expect((await (await formOfSignIn())(sample.userPassword, from('192.0.2.1'))).status).toBe(429);
    expect((await (await formOfSignIn())(sample.userPassword, from('192.0.2.2'))).status).toBe(303);
  });

  it('is looked at no more for any user name after ten times as many from one address', async () => {
    for (let each = 0; each < 10; each++) await fail(3, `user ${each}`);
    expectLater(await signIn('alice', sample.userPassword));
  });
});

describe.each(['token', 'introspect', 'revoke'])('failed attempts: a client secret at /%s', (path) => {
  const ask = (client_secret: string, client_id = 'demo-web') =>
    request(sample, path, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        token: 'unknown',
        client_id,
        client_secret,
      }),
    });

  it('is looked at no more after too many wrong ones', async () => {
    for (let each = 0; each < 3; each++) expect((await ask('wrong')).status).toBe(401);
    const refused = await ask(sample.clientSecret);
    expectLater(refused);
    expect(refused.body['error']).toBe('temporarily_unavailable');
  });

  it('of another client is still looked at', async () => {
    for (let each = 0; each < 3; each++) expect((await ask('wrong', 'nobody')).status).toBe(401);
    expect((await ask(sample.clientSecret)).status).toBe(200);
  });

  it('is looked at however many right ones came before', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(sample.clientSecret)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

describe('failed attempts: a client secret', () => {
  it('is looked at no more, wherever the wrong ones were sent', async () => {
    const ask = (path: string, client_secret: string) =>
      request(sample, path, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          token: 'unknown',
          client_id: 'demo-web',
          client_secret,
        }),
      });
    for (const path of ['token', 'introspect', 'revoke']) expect((await ask(path, 'wrong')).status).toBe(401);
    for (const path of ['token', 'introspect', 'revoke']) expectLater(await ask(path, sample.clientSecret));
  });

  it('locks no user out whose name is sent along', async () => {
    const body = { grant_type: 'client_credentials', client_id: 'demo-web', username: 'alice' };
    for (let each = 0; each < 4; each++) {
      await request(sample, 'token', {
        method: 'POST',
        body: new URLSearchParams({ ...body, client_secret: 'wrong' }),
      });
    }
    expect((await signIn('alice', sample.userPassword)).status).toBe(303);
  });
});

describe('failed attempts: the address', () => {
  const from = (address: string) => ({ 'x-forwarded-for': address });

  it('is not what a client says in X-Forwarded-For', async () => {
    for (let each = 0; each < 3; each++) await token('wrong', from(`192.0.2.${each}`));
    expectLater(await token(sample.clientSecret, from('192.0.2.99')));
  });

  it('is what the proxy before an https issuer says, and not what the client said to it', async () => {
    sample = await restart(sample, { ISSUER: 'https://login.example' });
    sample = { ...sample, issuer: `http://127.0.0.1:${sample.port}` };
    const through = (said: string, address: string) => from(`${said}, ${address}`);
    for (let each = 0; each < 3; each++) await token('wrong', through(`192.0.2.${each}`, '198.51.100.1'));
    expectLater(await token(sample.clientSecret, through('192.0.2.99', '198.51.100.1')));
    expect((await token(sample.clientSecret, through('192.0.2.1', '198.51.100.2'))).status).toBe(200);
  });
});

describe('more secrets at once than can be hashed', () => {
  it('are refused with 503 and when to come again, and the server serves on', async () => {
    sample = await restart(sample, { FAILED_ATTEMPTS: '1000' });
    const answers = await Promise.all(Array.from({ length: 400 }, () => token('wrong')));
    const busy = answers.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(400 - busy.length);
    expect(busy[0]!.headers.get('retry-after')).toBe('1');
    expect(busy[0]!.body['error']).toBe('temporarily_unavailable');
    expect((await token(sample.clientSecret)).status).toBe(200);
  });
});
