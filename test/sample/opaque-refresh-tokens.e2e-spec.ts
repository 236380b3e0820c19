import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { payloadOf } from '../support/tokens.js';
import { dump, execute } from './database.js';
import { RawClient, tokensOf } from './raw-client.js';
import { startSample } from './sample-server.js';
import type { Sample } from './sample-server.js';

let sample: Sample;
let client: RawClient;

beforeAll(async () => {
  sample = await startSample({ OPAQUE_REFRESH_TOKENS: 'true' });
  client = RawClient.web(sample);
});
afterAll(() => sample.server.stop());

const hints = [undefined, 'refresh_token', 'access_token'];

describe('attack 22: an opaque refresh token', () => {
  it('is a random text, and no part of what is stored', async () => {
    const { refresh_token } = await client.tokens();
    expect(refresh_token).toMatch(/^[\w-]{40,}$/);
    const stored = await dump(sample, 'tokens');
    expect(stored).toContain('refresh_token_id');
    expect(stored).not.toContain(refresh_token);
  });

  it.each(hints)('introspects as active with the hint %p', async (token_type_hint) => {
    const { refresh_token, access_token } = await client.tokens();
    const { body } = await client.introspect(refresh_token, { token_type_hint });
    expect(body).toMatchObject({
      active: true,
      client_id: 'demo-web',
      sub: payloadOf(access_token)['sub'],
      scope: 'openid profile email api',
    });
    expect(body).not.toHaveProperty('token_type');
  });

  it.each(hints)('is revoked with the hint %p, and its access token with it', async (token_type_hint) => {
    const pair = await client.tokens();
    expect((await client.revoke(pair.refresh_token, { token_type_hint })).status).toBe(200);
    expect(await client.isActive(pair.refresh_token)).toBe(false);
    expect(await client.isActive(pair.access_token)).toBe(false);
    expect((await client.refresh(pair.refresh_token)).body['error']).toBe('invalid_grant');
  });

  it('is not revoked by another client', async () => {
    const { refresh_token } = await client.tokens();
    expect((await RawClient.native(sample).revoke(refresh_token)).status).toBe(200);
    expect((await RawClient.native(sample).refresh(refresh_token)).body['error']).toBe('invalid_grant');
    expect(await client.isActive(refresh_token)).toBe(true);
  });

  it('is inactive when it has expired, and is then refused', async () => {
    const { refresh_token, access_token } = await client.tokens();
    await execute(sample, 'UPDATE tokens SET refresh_token_expires_at = ? WHERE access_token_id = ?', [
      Date.now() - 2000,
      String(payloadOf(access_token)['jti']),
    ]);
    expect(await client.isActive(refresh_token)).toBe(false);
    expect((await client.refresh(refresh_token)).body['error']).toBe('invalid_grant');
  });

  it('is exchanged once, and ends its successors when it comes again', async () => {
    const { refresh_token } = await client.tokens();
    const successors = tokensOf(await client.refresh(refresh_token));
    expect(await client.isActive(successors.refresh_token)).toBe(true);
    expect((await client.refresh(refresh_token)).body['error']).toBe('invalid_grant');
    expect(await client.isActive(successors.refresh_token)).toBe(false);
    expect(await client.isActive(successors.access_token)).toBe(false);
  });

  it('is nothing that another token or what is stored can be taken for', async () => {
    const { access_token, id_token } = await client.tokens();
    const { code } = await client.code();
    const rows = JSON.parse(await dump(sample, 'tokens')) as { refresh_token_id: string }[];
    const others = [access_token, id_token, code, String(payloadOf(access_token)['jti'])];
    for (const token of [...others, rows[0]!.refresh_token_id, 'garbage']) {
      expect((await client.refresh(token)).body['error']).toBe('invalid_grant');
    }
    expect(await client.isActive(rows[0]!.refresh_token_id)).toBe(false);
  });
});
