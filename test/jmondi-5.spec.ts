import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { JwtService } from 'nestjs-oidc-key';

import { errorOf, rejectionOf } from './support/errors.js';
import { Jmondi5Double } from './support/jmondi-5.double.js';
import type { ExtraAccessTokenFieldArgs } from './support/jmondi-5.types.js';
import { makeKeyPair } from './support/key-pairs.js';
import { makeRsaKey } from './support/keys.js';
import { forge, headerOf, payloadOf } from './support/tokens.js';

const key = makeRsaKey();
const server = new Jmondi5Double(new JwtService({ key }));

describe('the call sites of @jmondi/oauth2-server 5.0.0', () => {
  it('attack 1 and 33: the key set is synchronous, so its jwks() serves keys and not {}', async () => {
    const keySet = JSON.parse(server.jwks()) as JSONWebKeySet;
    const token = await server.idToken(await server.accessToken());
    const { payload } = await jwtVerify(token, createLocalJWKSet(keySet), {
      issuer: 'https://issuer.example',
      audience: 'client',
      typ: 'JWT',
    });
    expect(payload.nonce).toBe('n-1');
  });

  it('attack 9: each kind of token has its typ, and UserInfo takes no other than at+jwt', async () => {
    const accessToken = await server.accessToken();
    expect(headerOf(accessToken).typ).toBe('at+jwt');
    expect(headerOf(await server.idToken(accessToken)).typ).toBe('JWT');
    expect(headerOf(await server.code()).typ).toBe('code+jwt');
    expect(headerOf(await server.refreshToken()).typ).toBe('refresh+jwt');
    const others = [await server.idToken(accessToken), await server.code(), await server.refreshToken()];
    const retyped = forge(key, { ...headerOf(accessToken), typ: 'JWT' }, payloadOf(accessToken));
    for (const token of [...others, retyped]) {
      expect(await server.userInfo(token)).toBe('401 Access token typ must be at+jwt');
    }
  });

  it('attack 8: the alg that it passes for access tokens never decides anything', async () => {
    const ec = new Jmondi5Double(
      new JwtService({ key: makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey }),
    );
    expect(headerOf(await ec.accessToken()).alg).toBe('ES256');
    expect(headerOf(await server.accessToken()).alg).toBe('RS256');
  });

  it('attack 33: at_hash is over the access token as it was signed', async () => {
    const accessToken = await server.accessToken();
    const digest = createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
    expect(payloadOf(await server.idToken(accessToken)).at_hash).toBe(digest);
  });

  it('attack 32: a code carries its nonce, auth_time and max_age to the token endpoint', async () => {
    await expect(server.redeem(await server.code())).resolves.toMatchObject({ nonce: 'n-1', max_age: 300 });
  });

  it('attack 20 and 36: UserInfo and introspection see the messages and options that they count on', async () => {
    expect(await server.userInfo(await server.accessToken())).toBe('200 alice');
    const expired = forge(key, { alg: 'RS256', typ: 'at+jwt' }, { sub: 'alice', exp: 1 });
    expect(await server.userInfo(expired)).toBe('401 jwt expired');
    expect(await server.introspect(expired)).toBe(true);
    const foreign = forge(makeRsaKey(), { alg: 'RS256', typ: 'at+jwt' }, { sub: 'alice' });
    expect(await server.userInfo(foreign)).toBe('401 invalid signature');
    expect(await server.introspect(foreign)).toBe(false);
  });

  describe('attack 12: extraTokenFields', () => {
    const hook = ({ client, user, originatingAuthCodeId }: ExtraAccessTokenFieldArgs) => ({
      aud: ['https://api.example'],
      client_id: client.id,
      email: String(user?.email),
      from_code: originatingAuthCodeId !== undefined,
    });
    class AsMethod extends JwtService {
      override extraTokenFields(args: ExtraAccessTokenFieldArgs) {
        return hook(args);
      }
    }

    it.each([
      ['the option', () => new JwtService({ key, extraTokenFields: hook })],
      ['a method of a subclass', () => new AsMethod({ key })],
    ])('%s, typed with its own types, adds claims to its access tokens', async (_, service) => {
      const token = await new Jmondi5Double(service()).accessToken();
      expect(payloadOf(token)).toMatchObject({
        iss: 'https://issuer.example',
        aud: ['https://api.example'],
        cid: 'client',
        client_id: 'client',
        email: 'alice@example.com',
        from_code: true,
      });
    });

    it.each(['auth_code_id', 'refresh_token_id', 'nonce'])('lets neither add %s to them', async (claim) => {
      class Redeemable extends JwtService {
        override extraTokenFields() {
          return { [claim]: 'x' };
        }
      }
      const asOption = new JwtService({ key, extraTokenFields: () => ({ [claim]: 'x' }) });
      for (const service of [asOption, new Redeemable({ key })]) {
        const error = await rejectionOf(new Jmondi5Double(service).accessToken());
        expect(error.code).toBe('OIDC_TOKEN_RESERVED_CLAIM');
      }
    });
  });

  it('stops at boot where the option algorithm asks for RS256 and no key has it', () => {
    const { privateKey } = makeKeyPair('ec', { namedCurve: 'P-256' });
    const error = errorOf(() => new Jmondi5Double(new JwtService({ key: privateKey, algorithm: 'RS256' })));
    expect(error.code).toBe('OIDC_KEY_NONE_TO_SIGN');
  });
});
