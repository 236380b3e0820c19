import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { register } from './database.js';
import { RawClient, secret } from './raw-client.js';
import type { Tokens } from './raw-client.js';
import { startSample } from './sample-server.js';
import type { SampleProcess } from './sample-server.js';

const registered = 'https://app.example';
const ofAnother = 'https://another.example';
const strangers = [
  'https://evil.example',
  'null',
  'https://APP.example',
  'https://app.example/',
  'https://app.example:443',
  'https://app.example:8443',
  'http://app.example',
  'https://app.example.evil.example',
  'https://sub.app.example',
  'https://app.example, https://evil.example',
];

let sample: SampleProcess;
let tokens: Tokens;

beforeAll(async () => {
  sample = await startSample();
  const client = {
    grants: ['authorization_code', 'refresh_token'],
    redirectUris: ['http://127.0.0.1/callback'],
  };
  await register(sample, { id: 'spa', allowedOrigins: [registered, 'null'], ...client });
  await register(sample, { id: 'another-spa', allowedOrigins: [ofAnother], ...client });
  tokens = await RawClient.of(sample, 'spa').tokens({ scope: 'openid api' });
});
afterAll(() => sample.server.stop());

const corsHeaders = (headers: Headers) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));

const form = (fields: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(fields) });
const bearer = () => ({ headers: { authorization: `Bearer ${tokens.access_token}` } });

/** A request of each endpoint that the client spa makes, and the status of its answer. */
const requests: [string, string, number, () => RequestInit][] = [
  [
    '/token',
    'of the client',
    400,
    () => form({ client_id: 'spa', grant_type: 'refresh_token', refresh_token: 'x' }),
  ],
  ['/revoke', 'of the client', 200, () => form({ client_id: 'spa', token: 'unknown' })],
  ['/userinfo', 'with its token', 200, bearer],
  ['/api/me', 'with its token', 200, bearer],
];

async function ask(path: string, origin: string | undefined, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  if (origin !== undefined) headers.set('origin', origin);
  return fetch(`${sample.issuer}${path}`, { ...init, headers });
}

const preflight = (path: string, origin: string) =>
  ask(path, origin, {
    method: 'OPTIONS',
    headers: { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  });

describe.each(requests)('CORS: %s %s', (path, _what, status, init) => {
  it('is for the page of an origin that the client has registered', async () => {
    const response = await ask(path, registered, init());
    expect(response.status).toBe(status);
    expect(response.headers.get('vary')).toContain('Origin');
    expect(corsHeaders(response.headers)).toEqual({
      'access-control-allow-origin': registered,
      'access-control-expose-headers': 'WWW-Authenticate,Retry-After',
    });
  });

  it('has no CORS header for an origin that another client has registered', async () => {
    const { headers } = await ask(path, ofAnother, init());
    expect(headers.get('vary')).toContain('Origin');
    expect(corsHeaders(headers)).toEqual({});
  });

  it.each(strangers)('has no CORS header for %s', async (origin) => {
    const { headers } = await ask(path, origin, init());
    expect(headers.get('vary')).toContain('Origin');
    expect(corsHeaders(headers)).toEqual({});
  });

  it('has no CORS header where the request names no origin, and varies all the same', async () => {
    const { status: got, headers } = await ask(path, undefined, init());
    expect(got).toBe(status);
    expect(headers.get('vary')).toContain('Origin');
    expect(corsHeaders(headers)).toEqual({});
  });
});

describe.each(['/token', '/revoke', '/userinfo', '/api/me'])('CORS: the preflight of %s', (path) => {
  // It names no client.
  it.each([registered, ofAnother])('is granted to %s, which a client has registered', async (origin) => {
    const { status, headers } = await preflight(path, origin);
    expect(status).toBe(204);
    expect(headers.get('vary')).toContain('Origin');
    expect(corsHeaders(headers)).toEqual({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'Authorization,Content-Type',
      'access-control-expose-headers': 'WWW-Authenticate,Retry-After',
      'access-control-max-age': '600',
    });
  });

  it.each(strangers)('has no CORS header for %s', async (origin) => {
    const { headers } = await preflight(path, origin);
    expect(headers.get('vary')).toContain('Origin');
    expect(corsHeaders(headers)).toEqual({});
  });
});

describe('CORS: errors', () => {
  it.each([
    ['/token', 401, () => form({ client_id: 'nobody', grant_type: 'refresh_token', refresh_token: 'x' })],
    ['/token', 401, () => form({ grant_type: 'refresh_token', refresh_token: 'x' })],
    ['/userinfo', 401, () => ({ headers: { authorization: 'Bearer no-token' } })],
    ['/api/me', 401, () => ({})],
  ] as [string, number, () => RequestInit][])(
    '%s %d can be read where it is not known which client asks',
    async (path, status, init) => {
      const response = await ask(path, registered, init());
      expect(response.status).toBe(status);
      expect(response.headers.get('access-control-allow-origin')).toBe(registered);
    },
  );

  it('hold no token for a page that names a client of another origin', async () => {
    const code = await RawClient.of(sample, 'spa').code({ scope: 'openid' });
    const fields = { client_id: 'spa', grant_type: 'authorization_code', ...code, code_verifier: secret() };
    expect(corsHeaders((await ask('/token', ofAnother, form(fields))).headers)).toEqual({});
  });
});

describe('CORS: everything else', () => {
  it.each(['/authorize', '/end-session', '/style.css', '/introspect', '/nothing'])(
    '%s has no CORS header for a registered origin',
    async (path) => {
      expect(corsHeaders((await ask(path, registered, {})).headers)).toEqual({});
      expect(corsHeaders((await preflight(path, registered)).headers)).toEqual({});
    },
  );

  it.each(['/.well-known/openid-configuration', '/.well-known/jwks.json'])(
    '%s is for everybody',
    async (path) => {
      const { headers } = await ask(path, 'https://evil.example', {});
      expect(corsHeaders(headers)).toEqual({ 'access-control-allow-origin': '*' });
    },
  );
});
