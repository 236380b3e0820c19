import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { execute, register } from './database.js';
import { RawClient, challengeOf, secret } from './raw-client.js';
import type { Fields } from './raw-client.js';
import { startSample } from './sample-server.js';
import type { Sample } from './sample-server.js';
import { visit } from './visit.js';

const grants = ['authorization_code'];
const without: Fields = { code_challenge: undefined, code_challenge_method: undefined, scope: 'openid' };

let sample: Sample;
let confidential: RawClient;
let open: RawClient;

beforeAll(async () => {
  sample = await startSample();
  const clientSecret = secret();
  await register(sample, { id: 'without-pkce', secret: clientSecret, grants, isPkceRequired: false });
  await register(sample, { id: 'public', grants, isPkceRequired: false });
  confidential = RawClient.of(sample, 'without-pkce', clientSecret);
  open = RawClient.of(sample, 'public');
});
afterAll(() => sample.server.stop());

const errorOf = async (client: RawClient, changes: Fields) =>
  new URL((await visit(client.authorizationUrl(changes))).location!).searchParams.get('error');

describe('attack 30: PKCE (RFC 9700 section 2.1.1)', () => {
  it.each<[string, Fields]>([
    ['with a nonce', { nonce: 'the nonce' }],
    ['without one, which the code flow leaves to the client (OpenID Connect Core 3.1.2.1)', {}],
  ])('may be left out by a confidential client whose row allows it, %s', async (_, changes) => {
    const code = await confidential.code({ ...without, ...changes });
    const { status, body } = await confidential.redeem(code, { code_verifier: undefined });
    expect([status, body['id_token']]).toEqual([200, expect.any(String)]);
  });

  it('is asked of a public client whatever its row says', async () => {
    expect(await errorOf(open, { ...without, nonce: 'the nonce' })).toBe('invalid_request');
  });

  it.each<[string, Fields]>([
    ['a challenge without a method', { code_challenge_method: undefined }],
    ['a method without a challenge', { code_challenge: undefined }],
    ['the method plain', { code_challenge_method: 'plain' }],
  ])('that is half there is refused: %s', async (_, changes) => {
    expect(await errorOf(confidential, { scope: 'openid', ...changes })).toBe('invalid_request');
  });

  it.each<[string, Fields]>([
    ['no verifier', { code_verifier: undefined }],
    ['another verifier', { code_verifier: secret() }],
  ])('that was sent is enforced though it need not be sent: %s is refused', async (_, changes) => {
    const code = await confidential.code({ scope: 'openid' });
    const { status, body } = await confidential.redeem(code, changes);
    expect([status, body['error']]).toEqual([400, 'invalid_grant']);
    expect((await confidential.redeem(code)).status).toBe(200);
  });

  it('that somebody took out of the request is noticed at the token endpoint', async () => {
    const code = await confidential.code(without);
    const { status, body } = await confidential.redeem(code);
    expect([status, body['error']]).toEqual([400, 'invalid_grant']);
  });

  it('that came to be required after the code was made is required of the code', async () => {
    const code = await confidential.code(without);
    const set = (value: number) =>
      execute(sample, 'UPDATE clients SET is_pkce_required = ? WHERE id = ?', [value, 'without-pkce']);
    await set(1);
    const { status, body } = await confidential.redeem(code, { code_verifier: undefined });
    await set(0);
    expect([status, body['error']]).toEqual([400, 'invalid_grant']);
  });

  it('takes the challenge of a public client as before', async () => {
    const code_verifier = secret();
    const code = await open.code({ scope: 'openid', code_challenge: challengeOf(code_verifier) });
    expect((await open.redeem({ ...code, code_verifier })).status).toBe(200);
  });
});

it('PKCE is asked of a client whose secret is an empty text, which is none', async () => {
  const client = RawClient.of(sample, 'empty-secret');
  await register(sample, { id: 'empty-secret', grants, isPkceRequired: false });
  await execute(sample, "UPDATE clients SET secret_hash = '' WHERE id = ?", ['empty-secret']);
  expect(await errorOf(client, { ...without, nonce: 'the nonce' })).toBe('invalid_request');
});
