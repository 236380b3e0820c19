import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { register } from './database.js';
import { RawClient, redirectUri } from './raw-client.js';
import type { Fields } from './raw-client.js';
import { startSample } from './sample-server.js';
import type { Sample } from './sample-server.js';
import { visit } from './visit.js';

let sample: Sample;
let client: RawClient;

beforeAll(async () => {
  sample = await startSample();
  client = RawClient.web(sample);
  // The clients of the seed are registered on loopback, where the port is free.
  await register(sample, {
    id: 'hosted',
    redirectUris: ['https://app.example/callback', 'https://app.example/other'],
    grants: ['authorization_code'],
    scopes: ['openid'],
  });
});
afterAll(() => sample.server.stop());

const hosted = (redirect_uri: string | undefined): Fields => ({
  client_id: 'hosted',
  scope: 'openid',
  redirect_uri,
});

describe('a redirect_uri', () => {
  it.each<[string, Fields]>([
    ['that is registered', hosted('https://app.example/callback')],
    ['that is the second one registered', hosted('https://app.example/other')],
    ['without a port on loopback', { redirect_uri: 'http://127.0.0.1/callback' }],
    ['with any port on loopback', { redirect_uri: 'http://127.0.0.1:65535/callback' }],
  ])('%s is accepted', async (_, changes) => {
    const { status, location } = await visit(client.authorizationUrl(changes));
    expect([status, location]).toEqual([303, expect.stringContaining(`${sample.issuer}/sign-in/`)]);
  });

  it.each<[string, Fields]>([
    ['with another path', hosted('https://app.example/callback/x')],
    ['with a slash at the end', hosted('https://app.example/callback/')],
    ['with a path that leads back', hosted('https://app.example/x/../callback')],
    ['with another port', hosted('https://app.example:8443/callback')],
    ['with the standard port', hosted('https://app.example:443/callback')],
    ['with a query', hosted('https://app.example/callback?x=1')],
    ['with an empty query', hosted('https://app.example/callback?')],
    ['with a fragment', hosted('https://app.example/callback#x')],
    ['with an empty fragment', hosted('https://app.example/callback#')],
    ['with userinfo', hosted('https://user@app.example/callback')],
    ['with a host in capitals', hosted('https://APP.example/callback')],
    ['with a host below', hosted('https://x.app.example/callback')],
    ['with http', hosted('http://app.example/callback')],
    ['with a space before it', hosted(' https://app.example/callback')],
    ['with a line break after it', hosted('https://app.example/callback\n')],
    ['of another client', hosted(redirectUri)],
    ['that is empty', hosted('')],
    ['that is missing', hosted(undefined)],
    ['with another path on loopback', { redirect_uri: 'http://127.0.0.1:8080/other' }],
    ['with a query on loopback', { redirect_uri: 'http://127.0.0.1:8080/callback?x=1' }],
    ['with a fragment on loopback', { redirect_uri: 'http://127.0.0.1:8080/callback#x' }],
    ['with https on loopback', { redirect_uri: 'https://127.0.0.1:8080/callback' }],
    ['with localhost', { redirect_uri: 'http://localhost:8080/callback' }],
    ['with another address of loopback', { redirect_uri: 'http://127.0.0.2:8080/callback' }],
    ['with userinfo that looks like loopback', { redirect_uri: 'http://127.0.0.1:80@evil.example/callback' }],
    ['with a host that starts like loopback', { redirect_uri: 'http://127.0.0.1.evil.example/callback' }],
    ['with a port that is none', { redirect_uri: 'http://127.0.0.1:99999/callback' }],
    ['with an unknown client', { client_id: 'unknown' }],
    ['without a client', { client_id: undefined }],
  ])('attack 29: %s is refused, and nobody is sent there', async (_, changes) => {
    const { status, location, headers, html } = await visit(client.authorizationUrl(changes));
    expect([status, location, headers.get('refresh')]).toEqual([400, null, null]);
    expect(html).toContain('This did not work');
  });
});

describe('an authorization request', () => {
  it.each<[string, Fields, string]>([
    ['attack 30: with code_challenge_method plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['attack 30: without a code_challenge_method', { code_challenge_method: undefined }, 'invalid_request'],
    ['attack 30: with the method s256', { code_challenge_method: 's256' }, 'invalid_request'],
    ['attack 30: without a code_challenge', { code_challenge: undefined }, 'invalid_request'],
    [
      'attack 30: without PKCE',
      { code_challenge: undefined, code_challenge_method: undefined },
      'invalid_request',
    ],
    ['attack 30: with an empty code_challenge', { code_challenge: '' }, 'invalid_request'],
    ['attack 30: with a short code_challenge', { code_challenge: 'a'.repeat(42) }, 'invalid_request'],
    ['attack 14: with response_type token', { response_type: 'token' }, 'unsupported_response_type'],
    ['with response_type code id_token', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['without a response_type', { response_type: undefined }, 'invalid_request'],
    ['with response_mode fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['with a request object', { request: 'eyJ' }, 'request_not_supported'],
    ['with a request_uri', { request_uri: 'https://evil.example' }, 'request_uri_not_supported'],
    ['with no scope that is known', { scope: 'admin userinfo:name' }, 'invalid_scope'],
    ['with no scope', { scope: undefined }, 'invalid_scope'],
    [
      'with a scope that the client may not have',
      { ...hosted('https://app.example/callback'), scope: 'api' },
      'invalid_scope',
    ],
    ['with prompt=none and nobody signed in', { prompt: 'none' }, 'login_required'],
    ['with prompt=none and another', { prompt: 'none login' }, 'invalid_request'],
    ['attack 32: with a max_age that is no number', { max_age: '-1' }, 'invalid_request'],
  ])('%s goes back to the client, and to no page', async (_, changes, error) => {
    const { status, location } = await visit(client.authorizationUrl(changes));
    const { origin, pathname, searchParams } = new URL(location!);
    expect([status, `${origin}${pathname}`]).toEqual([303, changes.redirect_uri ?? redirectUri]);
    expect(Object.fromEntries(searchParams)).toMatchObject({ error, state: 'the state', iss: sample.issuer });
    expect(searchParams.has('code')).toBe(false);
  });

  it('by POST leads to the same request by GET', async () => {
    const { pathname, searchParams } = client.authorizationUrl({ state: 'a & b' });
    const { status, location } = await visit(`${sample.issuer}${pathname}`, '', [...searchParams]);
    expect(status).toBe(303);
    expect([...new URL(location!).searchParams]).toEqual([...searchParams]);
  });

  it.each(['state', 'nonce', 'scope', 'code_challenge', 'prompt'])(
    'attack 27: with two of %s is refused, by GET and by POST',
    async (name) => {
      const url = client.authorizationUrl({ nonce: 'one', prompt: 'login' });
      url.searchParams.append(name, url.searchParams.get(name)!);
      const posted = await visit(`${sample.issuer}/authorize`, '', [...url.searchParams]);
      for (const first of [url, posted.location!]) {
        const { location } = await visit(first);
        expect(new URL(location!).searchParams.get('error')).toBe('invalid_request');
      }
    },
  );

  it.each(['client_id', 'redirect_uri'])(
    'attack 27: with two of %s is refused, and sent nowhere',
    async (name) => {
      const url = client.authorizationUrl();
      url.searchParams.append(name, url.searchParams.get(name)!);
      const posted = await visit(`${sample.issuer}/authorize`, '', [...url.searchParams]);
      for (const first of [url, posted.location!]) {
        const { status, location } = await visit(first);
        expect([status, location]).toEqual([400, null]);
      }
    },
  );
});
