import { get } from 'node:http';
import { json } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { request } from './raw-client.js';
import { startSample } from './sample-server.js';
import type { Sample } from './sample-server.js';

let sample: Sample;
beforeAll(async () => {
  sample = await startSample();
});
afterAll(() => sample.server.stop());

const documents = ['openid-configuration', 'oauth-authorization-server'];

describe('attack 37: what is published', () => {
  it.each([...documents, 'jwks.json'])(
    '/.well-known/%s is JSON that may be cached for an hour',
    async (name) => {
      const { status, headers } = await request(sample, `.well-known/${name}`);
      expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=3600']);
      expect(headers.get('content-type')).toMatch(/^application\/json(; charset=utf-8)?$/);
      expect(headers.getSetCookie()).toEqual([]);
    },
  );

  it.each(documents)(
    '/.well-known/%s names the issuer, its JWKS, and the algorithm that signs',
    async (name) => {
      const { body } = await request(sample, `.well-known/${name}`);
      expect(body).toMatchObject({
        issuer: sample.issuer,
        jwks_uri: `${sample.issuer}/.well-known/jwks.json`,
        id_token_signing_alg_values_supported: ['RS256'],
        end_session_endpoint: `${sample.issuer}/end-session`,
        claims_parameter_supported: true,
        acr_values_supported: ['urn:oasis:names:tc:SAML:2.0:ac:classes:Password'],
        scopes_supported: expect.arrayContaining(['address', 'phone', 'offline_access']),
      });
    },
  );

  it('attack 1: the JWKS has the public members of the key and no others', async () => {
    const { body } = await request(sample, '.well-known/jwks.json');
    const { n, e } = sample.key.export({ format: 'jwk' });
    expect(body).toEqual({
      keys: [{ kty: 'RSA', n, e, use: 'sig', alg: 'RS256', kid: expect.stringMatching(/^[\w-]{43}$/) }],
    });
  });

  it('is not moved by what a request says of the server', async () => {
    const { body } = await request(sample, '.well-known/openid-configuration');
    const query = 'issuer=https://evil.example&jwks_uri=https://evil.example&metadata[issuer]=evil';
    const headers = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example;proto=https',
    };
    const url = `${sample.issuer}/.well-known/openid-configuration?${query}`;
    const answer = await new Promise<unknown>((resolve, reject) => {
      get(url, { headers }, (response) => resolve(json(response))).on('error', reject);
    });
    expect(answer).toEqual(body);
  });
});
