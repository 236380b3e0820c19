import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { makeRsaKey, pemOf } from '../support/keys.js';
import { headerOf, publicPemOf } from '../support/tokens.js';
import { RawClient, tokensOf, withToken } from './raw-client.js';
import type { Tokens } from './raw-client.js';
import { restart, startSample } from './sample-server.js';
import type { Sample } from './sample-server.js';

let sample: Sample;
let client: RawClient;
let revoked: Tokens;
let refreshed: Tokens;
let kept: Tokens;

beforeAll(async () => {
  sample = await startSample();
  client = RawClient.web(sample);
  [revoked, refreshed, kept] = [await client.tokens(), await client.tokens(), await client.tokens()];
});
afterAll(() => sample.server.stop());

describe('attack 3: after a rotation', () => {
  it('tokens of the previous key are good at every door, and can be revoked, while it is published', async () => {
    const next = join(sample.folder, 'next.pem');
    const previous = join(sample.folder, 'previous.pem');
    writeFileSync(next, pemOf(makeRsaKey()), { mode: 0o600 });
    writeFileSync(previous, publicPemOf(sample.key));
    const code = await client.code();
    sample = await restart(sample, { OIDC_PRIVATE_KEY_FILE: next, OIDC_PREVIOUS_KEYS_FILE: previous });

    for (const path of ['userinfo', 'api/me']) {
      expect((await withToken(sample, path, kept.access_token)).status).toBe(200);
    }
    const redeemed = tokensOf(await client.redeem(code));
    expect(headerOf(redeemed.id_token)['kid']).not.toBe(headerOf(kept.id_token)['kid']);
    expect((await client.refresh(refreshed.refresh_token)).status).toBe(200);
    expect(await client.isActive(revoked.access_token)).toBe(true);
    await client.revoke(revoked.access_token);
    expect(await client.isActive(revoked.access_token)).toBe(false);
  });

  it('attack 19: they are worth nothing once it is gone, and revoke nothing', async () => {
    const { OIDC_PRIVATE_KEY_FILE, OIDC_PREVIOUS_KEYS_FILE } = sample.environment;
    sample = await restart(sample, { OIDC_PREVIOUS_KEYS_FILE: '' });
    for (const path of ['userinfo', 'api/me']) {
      const { status, body } = await withToken(sample, path, kept.access_token);
      expect([status, body['error']]).toEqual([401, 'invalid_token']);
    }
    for (const token of [kept.access_token, kept.refresh_token]) {
      expect((await client.introspect(token)).body).toEqual({ active: false });
      expect((await client.revoke(token)).status).toBe(200);
    }
    expect((await client.refresh(kept.refresh_token)).body['error']).toBe('invalid_grant');

    sample = await restart(sample, {
      OIDC_PRIVATE_KEY_FILE: OIDC_PRIVATE_KEY_FILE!,
      OIDC_PREVIOUS_KEYS_FILE: OIDC_PREVIOUS_KEYS_FILE!,
    });
    expect(await client.isActive(kept.access_token)).toBe(true);
  });
});
