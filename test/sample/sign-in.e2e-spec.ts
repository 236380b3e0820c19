import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { payloadOf } from '../support/tokens.js';
import { execute } from './database.js';
import { answerOf } from './log-in.js';
import { RawClient } from './raw-client.js';
import type { Fields } from './raw-client.js';
import { startSample } from './sample-server.js';
import type { Sample } from './sample-server.js';
import { csrfTokenOf, visit } from './visit.js';

/** What the consent page shows of a usual request. */
const shown = 'openid profile email api';

let sample: Sample;
let client: RawClient;

beforeAll(async () => {
  sample = await startSample();
  client = RawClient.web(sample);
});
afterAll(() => sample.server.stop());

interface Visitor {
  /** The page that the browser is at. */
  readonly page: string;
  readonly cookie: string;
  readonly csrf_token: string;
}

/** A browser that was sent to the sign-in page. */
async function atSignIn(changes: Fields = {}): Promise<Visitor> {
  const { location, cookie } = await visit(client.authorizationUrl(changes));
  return at(location, cookie);
}

/** A browser in which alice has signed in, at the consent page. */
async function atConsent(visitor?: Visitor): Promise<Visitor> {
  const { page, cookie, csrf_token } = visitor ?? (await atSignIn());
  const form = { csrf_token, username: 'alice', password: sample.userPassword };
  const signedIn = await visit(page, cookie, form);
  return at(signedIn.location, signedIn.cookie);
}

async function at(page: string | null, cookie: string | undefined): Promise<Visitor> {
  if (page === null || cookie === undefined) throw new Error('There is no page or no session');
  return { page, cookie, csrf_token: csrfTokenOf(await visit(page, cookie)) };
}

const idOf = (page: string) => page.split('/').at(-1)!;

describe('the session', () => {
  it('has a cookie that no script reads and no other site sends along with a form', async () => {
    const { headers } = await visit(client.authorizationUrl());
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(/^session=[^;]+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/),
    ]);
  });

  it('has a cookie for https only, and for this host only, behind an issuer with https', async () => {
    const secure = await startSample({ ISSUER: 'https://login.example' });
    try {
      const { pathname, search } = client.authorizationUrl();
      const { headers } = await fetch(`http://127.0.0.1:${secure.port}${pathname}${search}`, {
        headers: { 'x-forwarded-proto': 'https' },
        redirect: 'manual',
      });
      expect(headers.getSetCookie()).toEqual([
        expect.stringMatching(
          /^__Host-session=[^;]+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
        ),
      ]);
    } finally {
      await secure.server.stop();
    }
  });

  it('gets a new identifier at the sign-in, and the old one is worth nothing after it', async () => {
    const before = await atSignIn();
    const after = await atConsent(before);
    expect(after.cookie).not.toBe(before.cookie);
    expect((await visit(after.page, before.cookie)).status).toBe(400);

    // The old session must not be signed in for a request of its own either.
    const { location } = await visit(client.authorizationUrl(), before.cookie);
    expect(location).toMatch(/\/sign-in\//);
    expect((await visit(client.authorizationUrl(), after.cookie)).location).toMatch(/\/consent\//);
  });

  it('ends with the sign-out', async () => {
    const { cookie } = await atConsent();
    const csrf_token = csrfTokenOf(await visit(`${sample.issuer}/end-session`, cookie));
    expect((await visit(`${sample.issuer}/end-session/confirm`, cookie, { csrf_token })).status).toBe(200);
    expect((await visit(client.authorizationUrl(), cookie)).location).toMatch(/\/sign-in\//);
  });
});

describe('the sign-in', () => {
  it.each(['alice', 'nobody'])(
    'with a wrong password for %s shows an error, and no session',
    async (name) => {
      const { page, cookie, csrf_token } = await atSignIn();
      const refused = await visit(page, cookie, { csrf_token, username: name, password: 'wrong' });
      expect([refused.status, refused.location, refused.cookie]).toEqual([403, null, undefined]);
      expect(refused.html).toContain('The user name or the password is wrong.');

      const consent = await visit(page.replace('/sign-in/', '/consent/'), cookie);
      expect([consent.status, consent.location]).toEqual([303, page]);
      expect((await visit(client.authorizationUrl(), cookie)).location).toMatch(/\/sign-in\//);
    },
  );

  it('shows what was typed as text', async () => {
    const { page, cookie, csrf_token } = await atSignIn();
    const username = '"><script>alert(1)</script>';
    const { html } = await visit(page, cookie, { csrf_token, username, password: 'wrong' });
    expect(html).toContain('value="&quot;&gt;&lt;script&gt;');
    expect(html).not.toContain('<script>');
  });

  it('of a request belongs to the browser that made the request', async () => {
    const victim = await atSignIn();
    const attacker = await atSignIn();
    const { cookie, csrf_token } = victim;
    const form = { csrf_token, username: 'alice', password: sample.userPassword };
    expect((await visit(attacker.page, cookie)).status).toBe(400);
    expect((await visit(attacker.page, cookie, form)).status).toBe(400);
  });

  it.each<[string, Fields]>([
    ['prompt=login', { prompt: 'login' }],
    ['prompt=select_account', { prompt: 'select_account' }],
    ['max_age=0', { max_age: '0' }],
  ])('attack 32: is asked for again with %s', async (_, changes) => {
    const { cookie } = await atConsent();
    expect((await visit(client.authorizationUrl(), cookie)).location).toMatch(/\/consent\//);
    const { location } = await visit(client.authorizationUrl(changes), cookie);
    expect(location).toMatch(/\/sign-in\//);
    // Nor can the page be skipped.
    const consent = await visit(`${sample.issuer}/consent/${idOf(location!)}`, cookie);
    expect([consent.status, consent.location]).toEqual([303, location]);
  });
});

describe('attack 32: max_age', () => {
  /** As if everybody had signed in that much earlier, or nobody knew when. */
  const changeSessions = (signedInAt: string) =>
    execute(sample, `UPDATE sessions SET data = ${signedInAt} WHERE data LIKE '%signedInAt%'`, []);
  const pageFor = async (cookie: string, max_age: string) =>
    new URL((await visit(client.authorizationUrl({ max_age }), cookie)).location!).pathname.split('/')[1];

  it('is held against when the user signed in', async () => {
    const { cookie } = await atConsent();
    expect(await pageFor(cookie, '60')).toBe('consent');
    await changeSessions("json_set(data, '$.signedInAt', json_extract(data, '$.signedInAt') - 90000)");
    expect(await pageFor(cookie, '60')).toBe('sign-in');
    expect(await pageFor(cookie, '120')).toBe('consent');
    const silently = await visit(client.authorizationUrl({ max_age: '60', prompt: 'none' }), cookie);
    expect(new URL(silently.location!).searchParams.get('error')).toBe('login_required');
  });

  it('is told to the client as auth_time, which is when the user signed in and not when the token was made', async () => {
    const earliest = Date.now();
    const { page, cookie, csrf_token } = await atConsent();
    await changeSessions("json_set(data, '$.signedInAt', json_extract(data, '$.signedInAt') - 90000)");
    const { location } = await visit(page, cookie, { csrf_token, decision: 'approve', shown });
    const { auth_time } = payloadOf(new URL(location!).searchParams.get('code')!);
    expect(Number(auth_time)).toBeGreaterThanOrEqual(Math.floor(earliest / 1000) - 90);
    expect(Number(auth_time)).toBeLessThan(Math.floor(earliest / 1000) - 60);
  });

  it('is not met by a session that does not know when', async () => {
    const { page, cookie, csrf_token } = await atConsent();
    await changeSessions("json_remove(data, '$.signedInAt')");
    expect(await pageFor(cookie, '3600')).toBe('sign-in');
    const { location } = await visit(page, cookie, { csrf_token, decision: 'approve', shown });
    expect(location).toMatch(/\/sign-in\//);
  });
});

describe('a form', () => {
  const pages: [string, () => Promise<Visitor>, () => Record<string, string>][] = [
    ['sign-in', () => atSignIn(), () => ({ username: 'alice', password: sample.userPassword })],
    ['consent', () => atConsent(), () => ({ decision: 'approve', shown })],
    [
      'sign-out',
      async () => ({ ...(await atConsent()), page: `${sample.issuer}/end-session/confirm` }),
      () => ({}),
    ],
  ];

  it.each(pages)('of %s is refused without the token of its session', async (_, go, fields) => {
    const { page, cookie, csrf_token } = await go();
    const other = await atSignIn();
    const filledWith = (...tokens: string[]): [string, string][] => [
      ...Object.entries(fields()),
      ...tokens.map((token): [string, string] => ['csrf_token', token]),
    ];
    for (const tokens of [[], [''], ['wrong'], [other.csrf_token], [csrf_token, csrf_token]]) {
      const refused = await visit(page, cookie, filledWith(...tokens));
      expect([refused.status, refused.location, refused.cookie]).toEqual([403, null, undefined]);
    }
    const { status } = await visit(page, cookie, filledWith(csrf_token));
    expect([200, 303]).toContain(status);
  });

  it('without any session is refused', async () => {
    const { page, csrf_token } = await atSignIn();
    expect((await visit(page, '', { csrf_token, username: 'alice', password: 'wrong' })).status).toBe(403);
  });
});

describe('the consent', () => {
  it('that is denied tells the client so, with its state and no code', async () => {
    const { searchParams } = await answerOf(sample, client.authorizationUrl({ state: 'a state' }), 'deny');
    expect(Object.fromEntries(searchParams)).toEqual({
      error: 'access_denied',
      error_description: 'The user refused',
      state: 'a state',
      iss: sample.issuer,
    });
  });

  it('that is given tells the client the code, its state and the issuer', async () => {
    const { searchParams } = await answerOf(sample, client.authorizationUrl({ state: 'a state' }));
    expect(Object.fromEntries(searchParams)).toEqual({
      code: expect.stringMatching(/^eyJ/),
      state: 'a state',
      iss: sample.issuer,
    });
  });

  it('is given once: the same form sent again is refused', async () => {
    const { page, cookie, csrf_token } = await atConsent();
    const approve = () => visit(page, cookie, { csrf_token, decision: 'approve', shown });
    expect((await approve()).location).toContain('code=');
    const { status, location } = await approve();
    expect([status, location]).toEqual([400, null]);
  });

  it('of another browser cannot be given, even by somebody who is signed in', async () => {
    const { page } = await atConsent();
    const { cookie, csrf_token } = await atConsent();
    const { status, location } = await visit(page, cookie, { csrf_token, decision: 'approve', shown });
    expect([status, location]).toEqual([400, null]);
  });

  it('needs a sign-in', async () => {
    const { page, cookie, csrf_token } = await atSignIn();
    const consent = page.replace('/sign-in/', '/consent/');
    const { status, location } = await visit(consent, cookie, { csrf_token, decision: 'approve', shown });
    expect([status, location]).toEqual([303, page]);
  });

  it.each(['', 'yes', 'APPROVE'])('needs a decision, which %p is not', async (decision) => {
    const { page, cookie, csrf_token } = await atConsent();
    const { status, location } = await visit(page, cookie, { csrf_token, decision, shown });
    expect([status, location]).toEqual([400, null]);
  });

  it('shows a page that no other site can frame', async () => {
    const { page, cookie } = await atConsent();
    const policy = (await visit(page, cookie)).headers.get('content-security-policy');
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self' http://127.0.0.1:8080");
  });
});
