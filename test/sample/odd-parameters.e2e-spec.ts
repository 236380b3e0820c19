import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { RawClient, request } from './raw-client.js';
import type { Tokens } from './raw-client.js';
import { startSample } from './sample-server.js';
import type { Sample } from './sample-server.js';
import { csrfTokenOf, visit } from './visit.js';

let sample: Sample;
let client: RawClient;
let tokens: Tokens;

beforeAll(async () => {
  sample = await startSample();
  client = RawClient.web(sample);
  tokens = await client.tokens();
});
afterAll(() => sample.server.stop());

/** What a good request to each endpoint has, besides the client's credentials. */
const endpoints: [string, () => Record<string, string>][] = [
  ['token', () => ({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })],
  ['introspect', () => ({ token: tokens.access_token })],
  ['revoke', () => ({ token: tokens.access_token })],
];

const form = 'application/x-www-form-urlencoded';

/** A request that must be refused as the caller's fault, and must change nothing. */
async function refuse(path: string, type: string, body: string, headers = {}): Promise<number> {
  const answer = await request(sample, path, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body,
  });
  expect(Math.floor(answer.status / 100)).toBe(4);
  expect(answer.body).toEqual({ error: expect.any(String), error_description: expect.any(String) });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(await client.isActive(tokens.access_token)).toBe(true);
  expect(await client.isActive(tokens.refresh_token)).toBe(true);
  return answer.status;
}

describe.each(endpoints)('attack 27: /%s', (path, good) => {
  const credentials = () => ({ client_id: 'demo-web', client_secret: sample.clientSecret });
  const names = () => Object.keys(good());

  it('refuses JSON, with the very parameters that it takes from a form', async () => {
    await refuse(path, 'application/json', JSON.stringify({ ...credentials(), ...good() }));
    await refuse(path, 'text/plain', new URLSearchParams({ ...credentials(), ...good() }).toString());
    await refuse(path, form, JSON.stringify({ ...credentials(), ...good() }));
  });

  it.each([[{ a: 1 }], [['a', 'b']], [1], [null], [true], [{ toString: 'a' }]])(
    'refuses JSON with %j as a parameter',
    async (value) => {
      for (const name of [...names(), 'client_id', 'client_secret']) {
        const body = { ...credentials(), ...good(), [name]: value };
        await refuse(path, 'application/json', JSON.stringify(body));
      }
    },
  );

  it('refuses each parameter that comes twice, also with the same value', async () => {
    for (const name of [...names(), 'client_id', 'client_secret']) {
      const body = new URLSearchParams({ ...credentials(), ...good() });
      body.append(name, body.get(name)!);
      await refuse(path, form, body.toString());
    }
  });

  it.each(['[]', '[0]', '[a]', '.a', '[__proto__]'])(
    'refuses a parameter named as NAME%s',
    async (suffix) => {
      for (const name of [...names(), 'client_id']) {
        const { [name]: value, ...others } = { ...credentials(), ...good() } as Record<string, string>;
        const body = new URLSearchParams({ ...others, [`${name}${suffix}`]: value! });
        await refuse(path, form, body.toString());
      }
    },
  );

  it('refuses an empty parameter, and a missing one', async () => {
    for (const name of names()) {
      const { [name]: _, ...others } = { ...credentials(), ...good() } as Record<string, string>;
      await refuse(path, form, new URLSearchParams({ ...others, [name]: '' }).toString());
      await refuse(path, form, new URLSearchParams(others).toString());
    }
  });

  it.each<[string, string, Record<string, string>, number]>([
    ['a body of 1 MB', `token=${'a'.repeat(1_000_000)}`, {}, 413],
    ['more than a thousand parameters', 'a=1&'.repeat(1001), {}, 413],
    ['an encoding that does not exist', 'token=a', { 'content-encoding': 'x' }, 415],
    ['a body that is not gzip', 'token=a', { 'content-encoding': 'gzip' }, 400],
    ['no body', '', {}, 401],
    ['an Authorization header that is no base64', 'token=a&grant_type=x', { authorization: 'Basic ?' }, 401],
    ['a name that is no UTF-8', 'token=a&client_id=%ff%00', {}, 401],
  ])('refuses %s', async (_, body, headers, status) => {
    const answered = await refuse(path, form, body, headers);
    // At the token endpoint the grant type is looked at before the client.
    expect([status, path === 'token' && status === 401 ? 400 : status]).toContain(answered);
  });

  it('is for POST only', async () => {
    const query = new URLSearchParams({ ...credentials(), ...good() }).toString();
    expect((await request(sample, `${path}?${query}`)).status).toBe(404);
    await refuse(`${path}?${query}`, form, '');
  });
});

describe('attack 27: the pages', () => {
  it('refuse two user names, two passwords and two decisions', async () => {
    const { location, cookie } = await visit(client.authorizationUrl());
    const csrf_token = csrfTokenOf(await visit(location!, cookie));
    for (const name of ['username', 'password', 'decision']) {
      const page = name === 'decision' ? location!.replace('/sign-in/', '/consent/') : location!;
      const { status, headers } = await visit(page, cookie, [
        ['csrf_token', csrf_token],
        ['username', 'alice'],
        ['password', sample.userPassword],
        ['decision', 'approve'],
        [name, 'alice'],
      ]);
      expect([status, headers.getSetCookie()]).toEqual([400, []]);
    }
  });

  it.each(['%00', '%ff', '%E0%A4%A', "'", '..%2f..', 'a'.repeat(4000), '__proto__'])(
    'refuse a request named %p',
    async (name) => {
      const { cookie } = await visit(client.authorizationUrl());
      for (const page of ['sign-in', 'consent']) {
        const { status } = await visit(`${sample.issuer}/${page}/${name}`, cookie);
        expect(Math.floor(status / 100)).toBe(4);
      }
    },
  );

  it.each(['session=', 'session=s%3Aa.b', 'session=j%3A%7B%7D', 'session=%ff', 'session=a; session=b'])(
    'start anew for a browser with the cookie %p',
    async (cookie) => {
      const started = await visit(client.authorizationUrl(), cookie);
      expect([started.status, started.cookie]).toEqual([303, expect.stringMatching(/^session=s%3A/)]);
      expect(started.location).toMatch(/\/sign-in\//);
    },
  );
});

it('nothing of all this was an error of the server', async () => {
  expect(sample.server.log).not.toMatch(/ERROR|at .*\.js:\d+/);
});
