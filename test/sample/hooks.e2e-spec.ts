import { AuthorizationServer } from '@jmondi/oauth2-server';
import type { AuthorizationServerOptions, ClientCredentialsGrant } from '@jmondi/oauth2-server';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JwtService } from 'nestjs-oidc-key';

import { builtSample } from '../support/built-sample.js';
import { rejectionOf } from '../support/errors.js';
import { makeRsaKey } from '../support/keys.js';
import { headerOf, payloadOf } from '../support/tokens.js';
import { dump } from './database.js';
import { startInProcess } from './in-process.js';
import { RawClient, request, resigned, withToken } from './raw-client.js';
import type { Answer } from './raw-client.js';
import type { Sample } from './sample-server.js';

const { IdTokenService } =
  await builtSample<typeof import('../../sample-app/src/oauth/id-token.service.js')>(
    'oauth/id-token.service.js',
  );
const { OidcAuthCodeGrant } = await builtSample<
  typeof import('../../sample-app/src/oauth/oidc-auth-code.grant.js')
>('oauth/oidc-auth-code.grant.js');
const { ProviderMetadata } = await builtSample<
  typeof import('../../sample-app/src/oauth/provider-metadata.js')
>('oauth/provider-metadata.js');

/** What a user's own code returns, or throws; each test sets it. */
let customClaims: () => Record<string, unknown> | Promise<Record<string, unknown>> = () => ({});
class CustomIdTokens extends IdTokenService {
  protected override customClaims() {
    return customClaims();
  }
}

let sample: Sample;
let client: RawClient;
beforeAll(async () => {
  sample = await startInProcess((builder) =>
    builder.overrideProvider(IdTokenService).useClass(CustomIdTokens),
  );
  client = RawClient.web(sample);
});
afterAll(() => sample.server.stop());

const standard = ['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'at_hash'];

describe('attack 34: custom claims of the ID token', () => {
  it('are there, also when they take their time', async () => {
    customClaims = async () => ({ department: 'research' });
    expect(payloadOf((await client.tokens()).id_token)['department']).toBe('research');
  });

  it.each(standard)('do not override %s', async (claim) => {
    customClaims = () => ({ [claim]: 1, own: true });
    const { id_token, access_token } = await client.tokens({ nonce: 'the nonce' });
    const claims = payloadOf(id_token);
    expect([claims['own'], claims[claim]]).toEqual([true, expect.anything()]);
    expect(claims[claim]).not.toBe(1);
    expect(claims['sub']).toBe(payloadOf(access_token)['sub']);
  });

  it('do not add a nonce that the request did not have', async () => {
    customClaims = () => ({ nonce: 'theirs', own: true });
    const claims = payloadOf((await client.tokens()).id_token);
    expect(claims['own']).toBe(true);
    expect(claims).not.toHaveProperty('nonce');
  });

  it.each(['jti', 'cid', 'refresh_token_id', 'access_token_id', 'auth_code_id'])(
    'attack 11: do not add %s, by which the ID token would pass for another token',
    async (claim) => {
      customClaims = () => ({ [claim]: 'theirs', own: true });
      const { id_token } = await client.tokens();
      expect(payloadOf(id_token)['own']).toBe(true);
      expect(payloadOf(id_token)).not.toHaveProperty(claim);
    },
  );

  it('do not reach the header', async () => {
    customClaims = () => ({
      alg: 'none',
      kid: 'theirs',
      typ: 'at+jwt',
      scope: 'admin',
      header: { alg: 'none' },
    });
    const { id_token, access_token } = await client.tokens();
    expect(headerOf(id_token)).toEqual({ alg: 'RS256', typ: 'JWT', kid: headerOf(access_token)['kid'] });
    for (const path of ['userinfo', 'api/me']) {
      expect((await withToken(sample, path, id_token)).status).toBe(401);
    }
  });

  it.each<[string, () => never | Promise<never>]>([
    [
      'throw',
      () => {
        throw new Error('the directory of secret-host is down');
      },
    ],
    ['reject', () => Promise.reject(new Error('the directory of secret-host is down'))],
  ])('that %s end in invalid_grant, with no token and no word of the cause', async (_, fail) => {
    customClaims = fail;
    const code = await client.code();
    const { status, body } = await client.redeem(code);
    expect([status, body]).toEqual([400, { error: 'invalid_grant', error_description: expect.any(String) }]);
    expect(JSON.stringify(body)).not.toContain('secret-host');
    expect(sample.server.log).toContain('secret-host');
    customClaims = () => ({});
    expectSpent(await client.redeem(code));
  });
});

describe('attack 31: a signature that fails after the code is spent', () => {
  it('is an error once, with no part of a token, and the code and its tokens are dead', async () => {
    customClaims = () => ({ huge: 1n });
    const code = await client.code();
    const before = (JSON.parse(await dump(sample, 'tokens')) as unknown[]).length;
    const { status, body } = await client.redeem(code);
    expect([status, body]).toEqual([500, { error: 'server_error', error_description: expect.any(String) }]);

    customClaims = () => ({});
    expectSpent(await client.redeem(code));
    const rows = JSON.parse(await dump(sample, 'tokens')) as { revoked_at: number | null }[];
    expect(rows.length).toBe(before + 1);
    expect(rows.at(-1)!.revoked_at).not.toBeNull();
  });
});

function expectSpent({ status, body }: Answer): void {
  expect([status, body['error'], body['access_token']]).toEqual([400, 'invalid_grant', undefined]);
}

describe('attack 32: a grant that would lose nonce and auth_time', () => {
  const { options } = new AuthorizationServer(
    {} as never,
    {} as never,
    {} as never,
    new JwtService({ key: makeRsaKey() }),
  ).getGrant<ClientCredentialsGrant>('client_credentials');
  const grantWith = (changes: Partial<AuthorizationServerOptions>) =>
    // No repository is asked before either is noticed.
    new OidcAuthCodeGrant(
      {} as never,
      {} as never,
      {} as never,
      {} as never,
      {} as never,
      {} as never,
      {} as never,
      { ...options, ...changes },
    );

  it('because codes are opaque is not made', () => {
    expect(() => grantWith({ useOpaqueAuthorizationCodes: true })).toThrow(/nonce and auth_time/);
    expect(grantWith({ useOpaqueAuthorizationCodes: false }).identifier).toBe('authorization_code');
  });

  it('because nobody set when the user signed in makes no code', async () => {
    const unset = grantWith({}).completeAuthorizationRequest({ nonce: 'n' } as never);
    expect((await rejectionOf(unset)).message).toMatch(/When the user signed in is not set/);
  });

  it('because the code lost auth_time exchanges nothing, and the code stays good', async () => {
    customClaims = () => ({});
    const code = await client.code({ max_age: '60' });
    for (const auth_time of [undefined, null, '1', {}]) {
      const lost = resigned(sample, code.code, { auth_time });
      const { status, body } = await client.redeem({ ...code, code: lost });
      expect([status, body['error'], body['access_token']]).toEqual([400, 'invalid_grant', undefined]);
    }
    expect((await client.redeem(code)).status).toBe(200);
  });
});

describe('attack 37: custom metadata', () => {
  it('is served, and overrides nothing of the issuer, its endpoints and its keys', async () => {
    class CustomMetadata extends ProviderMetadata {
      protected override customMetadata() {
        return {
          op_policy_uri: 'https://issuer.example/policy',
          issuer: 'https://evil.example',
          jwks_uri: 'https://evil.example/jwks.json',
          id_token_signing_alg_values_supported: ['none'],
          token_endpoint: 'https://evil.example/token',
        };
      }
    }
    const other = await startInProcess((builder) =>
      builder.overrideProvider(ProviderMetadata).useClass(CustomMetadata),
    );
    const { body } = await request(other, '.well-known/openid-configuration');
    await other.server.stop();
    expect(body).toMatchObject({
      op_policy_uri: 'https://issuer.example/policy',
      issuer: other.issuer,
      jwks_uri: `${other.issuer}/.well-known/jwks.json`,
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint: `${other.issuer}/token`,
    });
    expect(JSON.stringify(body)).not.toContain('evil');
  });
});
