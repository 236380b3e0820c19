import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { KeySlots } from 'nestjs-oidc-key';
import {
  AccessToken,
  AccessTokenGuard,
  AccessTokenVerifier,
  RequireScopes,
  ResourceServerModule,
} from 'nestjs-oidc-key/resource-server';
import type { AccessTokenClaims, IssuerOptions } from 'nestjs-oidc-key/resource-server';

import { makeKeyPair } from '../support/key-pairs.js';
import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';
import { forge, forgeHmac, headerOf, publicPemOf } from '../support/tokens.js';
import { JwtService } from '../../lib/core/jwt/jwt.service.js';
import { closeIssuers, IssuerOfKeys, published, startServer } from './issuer-of-keys.js';

const [rsa, otherRsa] = [makeRsaKey(), makeRsaKey()];
const ec = makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey;

@Controller('orders')
@UseGuards(AccessTokenGuard)
class OrdersController {
  @Get()
  list(@AccessToken() { iss, sub, scope, scp }: AccessTokenClaims) {
    return { iss, sub, scope, scp };
  }

  @Get('read')
  @RequireScopes('read')
  read() {
    return {};
  }
}

describe.each(platforms)('several issuers on %s', (_, adapter) => {
  afterEach(async () => {
    await closeAll();
    await closeIssuers();
  });

  async function start(options: Partial<IssuerOptions> = {}) {
    const one = await IssuerOfKeys.start([published(rsa, { kid: 'k' })]);
    const other = await IssuerOfKeys.start([published(otherRsa, { kid: 'k' }), published(ec, { kid: 'ec' })]);
    const imports = [
      ResourceServerModule.forRoot({
        issuers: [
          { issuer: one.url, audience: 'https://api.example', algorithms: ['RS256'], ...options },
          {
            issuer: other.url,
            audience: 'orders',
            requiredClaims: ['sub'],
            expectedClaims: { ver: ['1', '2'] },
          },
        ],
      }),
    ];
    const { fetch } = await boot(adapter(), { imports, controllers: [OrdersController] });
    const get = async (token: string, path = '/orders') => {
      const response = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
      return response.status;
    };
    return { one, other, get, fetch };
  }

  it('each has its own audience, algorithms and claims', async () => {
    const { one, other, get } = await start();
    const kid = { kid: 'k' };
    expect(await get(one.token(rsa, {}, kid))).toBe(200);
    expect(await get(other.token(otherRsa, { aud: 'orders', ver: '2' }, kid))).toBe(200);
    expect(await get(other.token(otherRsa, { aud: ['x', 'orders'], ver: ['2'], jti: undefined }, kid))).toBe(
      200,
    );
  });

  it.each<[string, (issuers: { one: IssuerOfKeys; other: IssuerOfKeys }) => string]>([
    ['the audience of another', ({ one }) => one.token(rsa, { aud: 'orders' }, { kid: 'k' })],
    ['the key of another', ({ one }) => one.token(otherRsa, {}, { kid: 'k' })],
    ['the key of another, without kid', ({ one }) => one.token(otherRsa)],
    ['the algorithm of another', ({ one }) => one.token(rsa, {}, { kid: 'k', alg: 'RS512' })],
    ['the claims of another', ({ other }) => other.token(otherRsa, { aud: 'orders' }, { kid: 'k' })],
    [
      'a value that is not expected',
      ({ other }) => other.token(otherRsa, { aud: 'orders', ver: '3' }, { kid: 'k' }),
    ],
    [
      'a value of another type',
      ({ other }) => other.token(otherRsa, { aud: 'orders', ver: 2 }, { kid: 'k' }),
    ],
    ['a list of issuers', ({ one }) => one.token(rsa, { iss: [one.url] }, { kid: 'k' })],
    ['an issuer of a prototype', ({ one }) => one.token(rsa, { iss: '__proto__' }, { kid: 'k' })],
    ['a slash at the end', ({ one }) => one.token(rsa, { iss: `${one.url}/` }, { kid: 'k' })],
    ['other case', ({ one }) => one.token(rsa, { iss: one.url.replace('http', 'HTTP') }, { kid: 'k' })],
    ['white space', ({ one }) => one.token(rsa, { iss: `${one.url} ` }, { kid: 'k' })],
    ['a query', ({ one }) => one.token(rsa, { iss: `${one.url}?a=1` }, { kid: 'k' })],
    ['user info', ({ one }) => one.token(rsa, { iss: one.url.replace('//', '//user@') }, { kid: 'k' })],
  ])('attack 41 and 42: a token of one with %s is refused', async (_name, make) => {
    const { one, other, get } = await start();
    expect(await get(make({ one, other }))).toBe(401);
  });

  it('attack 41: an issuer that is not configured is never asked for anything', async () => {
    const { one, get } = await start();
    const asked: string[] = [];
    const stranger = await startServer((request, response) => {
      asked.push(request.url!);
      response.end(JSON.stringify({ keys: [published(rsa, { kid: 'k' })] }));
    });
    for (const header of [
      {},
      { jku: `${stranger}/jwks.json` },
      { kid: `${stranger}/jwks.json` },
      { x5u: stranger },
    ]) {
      expect(await get(one.token(rsa, { iss: stranger }, { kid: 'k', ...header }))).toBe(401);
      expect(await get(one.token(otherRsa, {}, { kid: 'unknown', ...header }))).toBe(401);
    }
    expect(asked).toEqual([]);
  });

  it.each<[string, object, string | undefined, number]>([
    ['text', { scope: 'read write' }, 'read write', 200],
    ['a list', { scope: ['read', 'write'] }, 'read write', 200],
    ['none', { scope: undefined }, undefined, 403],
    ['another claim', { scope: undefined, scp: ['read'] }, undefined, 403],
  ])('scopes as %s', async (_name, changes, scope, status) => {
    const { one, get, fetch } = await start();
    const token = one.token(rsa, changes, { kid: 'k' });
    expect(await get(token, '/orders/read')).toBe(status);
    const answer = await fetch('/orders', { headers: { authorization: `Bearer ${token}` } });
    expect(((await answer.json()) as { scope?: string }).scope).toBe(scope);
  });

  it.each<[string, object, string | undefined, number]>([
    ['a list', { scope: undefined, scp: ['read', 'write'] }, 'read write', 200],
    ['text', { scope: undefined, scp: 'read write' }, 'read write', 200],
    ['none, beside the claim that is not meant', { scope: 'read' }, undefined, 403],
    ['a list beside the claim that is not meant', { scope: 'read', scp: ['write'] }, 'write', 403],
  ])('scopes in the claim that "scopeClaim" names: %s', async (_name, changes, scope, status) => {
    const { one, get, fetch } = await start({ scopeClaim: 'scp' });
    const token = one.token(rsa, changes, { kid: 'k' });
    expect(await get(token, '/orders/read')).toBe(status);
    const answer = await fetch('/orders', { headers: { authorization: `Bearer ${token}` } });
    expect(((await answer.json()) as { scope?: string }).scope).toBe(scope);
  });

  it.each<[string, object]>([
    ['DPoP (RFC 9449)', { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }],
    ['mutual TLS (RFC 8705)', { cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' } }],
    ['a key (RFC 7800)', { cnf: { jwk: {} } }],
    ['null', { cnf: null }],
    ['nothing', { cnf: {} }],
  ])('attack 40: a token that is bound to %s is no bearer token', async (_name, changes) => {
    const { one, get } = await start();
    expect(await get(one.token(rsa, changes, { kid: 'k' }))).toBe(401);
    const trusting = await start({ cnfIsCheckedInFront: true });
    expect(await trusting.get(trusting.one.token(rsa, changes, { kid: 'k' }))).toBe(200);
  });

  it.each<[string, Partial<IssuerOptions>, object, object, number]>([
    [
      'one of several types',
      { typ: ['JWT', 'at+jwt'], requiredClaims: ['client_id'] },
      {},
      { typ: 'jwt' },
      200,
    ],
    ['a type as a media type', { typ: 'application/at+jwt' }, {}, {}, 200],
    [
      'no type where one is needed',
      { typ: 'JWT', expectedClaims: { client_id: 'web' } },
      {},
      { typ: undefined },
      401,
    ],
    ['no type', { typ: false, requiredClaims: ['azp'] }, { azp: 'web' }, { typ: undefined }, 200],
    ['no type, and no such claim', { typ: false, requiredClaims: ['azp'] }, {}, { typ: undefined }, 401],
    ['no audience', { audience: false, expectedClaims: { client_id: 'web' } }, { aud: undefined }, {}, 200],
    [
      'no audience, of another client',
      { audience: false, expectedClaims: { client_id: 'app' } },
      { aud: undefined },
      {},
      401,
    ],
    ['a claim that its prototype has', { expectedClaims: { constructor: 'Object' } }, {}, {}, 401],
    [
      'a clock that is ahead, within the tolerance',
      { clockTolerance: 30 },
      { nbf: Math.floor(Date.now() / 1000) + 20 },
      {},
      200,
    ],
    ['a clock that is ahead', {}, { nbf: Math.floor(Date.now() / 1000) + 20 }, {}, 401],
  ])('options of an issuer: %s', async (_name, options, changes, header, status) => {
    const { one, get } = await start(options);
    expect(await get(one.token(rsa, changes, { kid: 'k', ...header }))).toBe(status);
  });
});

describe.each(platforms)('an API in the issuer’s own process, on %s', (_, adapter) => {
  afterEach(closeAll);

  it('takes the keys from the ring, without HTTP, and sees each change at once', async () => {
    let keys: KeySlots = { current: rsa };
    const source = { load: () => Promise.resolve(keys) };
    const issuer = 'https://login.example';
    const imports = [
      OidcKeyModule.forRoot({
        source,
        isGlobal: true,
        jwks: false,
        legacyHs256: {
          secret: 'x'.repeat(40),
          until: new Date(Date.now() + 60_000),
          kinds: ['access_token'],
        } as never,
      }),
      ResourceServerModule.forRootAsync({
        inject: [KeyRotation],
        useFactory: (rotation: KeyRotation) => ({ issuer, audience: 'https://api.example', keys: rotation }),
      }),
    ];
    const { app, fetch } = await boot(adapter(), { imports, controllers: [OrdersController] });
    const jwt = app.get(JwtService, { strict: false });
    const claims = {
      aud: 'https://api.example',
      sub: 'alice',
      client_id: 'web',
      jti: '1',
      cid: 'x',
      scope: '',
    };
    const sign = () => jwt.sign({ iss: issuer, ...claims }, { expiresIn: 60 });
    const get = async (token: string) =>
      (await fetch('/orders', { headers: { authorization: `Bearer ${token}` } })).status;
    const old = await sign();
    expect(await get(old)).toBe(200);
    // The secret of before is none of its keys.
    const legacy = forgeHmac(
      'x'.repeat(40),
      { alg: 'HS256' },
      { iss: issuer, ...claims, exp: 4_000_000_000 },
    );
    expect(await get(legacy)).toBe(401);
    expect(await get(forgeHmac(publicPemOf(rsa), { ...headerOf(old), alg: 'HS256' }, claims))).toBe(401);

    keys = { current: otherRsa, revokedKids: String(headerOf(old).kid) };
    expect(await app.get(KeyRotation).reload()).toBe(true);
    expect(await get(old)).toBe(401);
    expect(await get(await sign())).toBe(200);
  });
});

describe('AccessTokenVerifier by itself', () => {
  afterEach(async () => {
    await closeAll();
    await closeIssuers();
  });

  it('resolves to the claims, and rejects with what is wrong', async () => {
    const issuer = await IssuerOfKeys.start([published(rsa, { kid: 'k' })]);
    const imports = [ResourceServerModule.forRoot({ issuer: issuer.url, audience: 'https://api.example' })];
    const { app } = await boot(platforms[0]![1](), { imports });
    const verifier = app.get(AccessTokenVerifier);
    expect(await verifier.verify(issuer.token(rsa, {}, { kid: 'k' }))).toMatchObject({ sub: 'alice' });
    const codeOf = (token: unknown) =>
      verifier.verify(token as string).then(
        () => 'accepted',
        ({ name, code, claim, expected }: Record<string, string>) => [name, code, claim, expected],
      );
    expect(await codeOf(issuer.token(rsa, { aud: 'x' }, { kid: 'k' }))).toEqual([
      'OidcTokenError',
      'OIDC_TOKEN_CLAIM_MISMATCH',
      'aud',
      '"https://api.example"',
    ]);
    for (const none of [undefined, null, 1, {}, '', 'a.b.c', forge(rsa, { alg: 'RS256' }, [1])]) {
      expect(await codeOf(none)).toEqual(['OidcTokenError', 'OIDC_TOKEN_MALFORMED', undefined, undefined]);
    }
  });
});

describe('options that cannot work', () => {
  afterEach(closeAll);
  const good = { issuer: 'https://login.example', audience: 'https://api.example' };
  const several = (...issuers: object[]) => ({ issuers });
  const password = 'hunter2';

  it.each<[string, object, RegExp]>([
    [
      'a user name',
      { ...good, issuer: `https://alice:${password}@login.example` },
      /"issuer".* a user name or password/,
    ],
    [
      'a user name in jwksUri',
      { ...good, jwksUri: `https://alice:${password}@login.example/k` },
      /"jwksUri".* password/,
    ],
    ['a password alone', { ...good, issuer: `https://:${password}@login.example` }, /"issuer".* password/],
    ['white space before', { ...good, issuer: ' https://login.example' }, /"issuer".* white space/],
    ['a line end', { ...good, issuer: 'https://login.example\n' }, /"issuer".* line end/],
    ['a tab within', { ...good, issuer: 'https://login\t.example' }, /"issuer".* white space/],
    ['a query', { ...good, issuer: 'https://login.example/?a' }, /"issuer".* query/],
    ['a fragment', { ...good, issuer: 'https://login.example/#' }, /"issuer".* fragment/],
    ['another scheme', { ...good, issuer: 'file:///etc/passwd' }, /"issuer".* https:/],
    [
      'a name that begins like loopback',
      { ...good, issuer: 'http://127.0.0.1.example' },
      /trustNetworkWithoutTls/,
    ],
    ['a name that ends like localhost', { ...good, issuer: 'http://notlocalhost' }, /trustNetworkWithoutTls/],
    [
      'a name below localhost, which a resolver may send elsewhere',
      { ...good, issuer: 'http://auth.localhost' },
      /trustNetworkWithoutTls/,
    ],
    [
      'an address of a container',
      { ...good, jwksUri: 'http://keycloak:8080/certs' },
      /"jwksUri".*trustNetworkWithoutTls/,
    ],
    ['no issuers', several(), /"issuers" of ResourceServerModule has to be a list/],
    ['something else than issuers', { issuers: good }, /"issuers"/],
    [
      'options beside issuers',
      { issuers: [good], audience: 'x' },
      /"audience" of ResourceServerModule stands beside "issuers"/,
    ],
    [
      'two issuers that are one',
      several(good, { ...good, issuer: 'HTTPS://Login.example:443/' }),
      /"issuers\[1\]\.issuer".*issuers\[0\]/,
    ],
    ['a defect of the second', several(good, { issuer: 'https://b.example' }), /"issuers\[1\]\.audience"/],
    [
      'a misspelt name in the second',
      several(good, { ...good, issuer: 'https://b.example', audiences: 'x' }),
      /"issuers\[1\]\.audiences" .*none of/,
    ],
    ['no issuer in the list', several('x' as never), /"issuers\[0\]" have to be a plain object/],
    ['an algorithm with a secret', { ...good, algorithms: ['HS256'] }, /"algorithms"/],
    ['no algorithm', { ...good, algorithms: [] }, /"algorithms"/],
    ['the algorithm none', { ...good, algorithms: ['none'] }, /"algorithms"/],
    ['a list with a hole', { ...good, algorithms: Array<string>(1) }, /"algorithms"/],
    ['audience true', { ...good, audience: true }, /"audience"/],
    ['audience false, and nothing in its place', { ...good, audience: false }, /"audience".*expectedClaims/],
    ['typ false, and nothing in its place', { ...good, typ: false }, /"typ".*ID tokens/],
    ['typ false, and no claim at all', { ...good, typ: false, requiredClaims: [] }, /"typ".*ID tokens/],
    ['the typ of ID tokens', { ...good, typ: 'JWT' }, /"typ".*ID tokens/],
    [
      'the typ of ID tokens among others',
      { ...good, typ: ['at+jwt', 'application/jwt'] },
      /"typ".*ID tokens/,
    ],
    [
      'typ false, and claims that ID tokens have',
      { ...good, typ: false, requiredClaims: ['sub'], expectedClaims: { iss: 'x' } },
      /"typ".*ID tokens/,
    ],
    ['typ as a number', { ...good, typ: 1 }, /"typ"/],
    ['an expected claim without a value', { ...good, expectedClaims: { a: [] } }, /"expectedClaims"/],
    [
      'an expected claim that is undefined',
      { ...good, expectedClaims: { a: undefined } },
      /"expectedClaims"/,
    ],
    ['expected claims as a list', { ...good, expectedClaims: ['a'] }, /"expectedClaims"/],
    ['an empty scopeClaim', { ...good, scopeClaim: '' }, /"scopeClaim"/],
    ['keys kept for two days', { ...good, keepKeysFor: 172_800 }, /"keepKeysFor".* from 600 to 86400/],
    ['a flag as text', { ...good, cnfIsCheckedInFront: 'false' }, /"cnfIsCheckedInFront".* true or false/],
    ['another flag as text', { ...good, trustNetworkWithoutTls: 'yes' }, /"trustNetworkWithoutTls"/],
    ['keys that are none', { ...good, keys: {} }, /"keys".*KeyRotation/],
    ['keys from two places', { ...good, keys: {}, jwksUri: 'https://login.example/k' }, /"keys".*"jwksUri"/],
    ['getToken as text', { ...good, getToken: 'cookie' }, /"getToken"/],
  ])('stop the boot: %s', async (_, options, message) => {
    const logger = new RecordingLogger();
    const imports = [ResourceServerModule.forRootAsync({ useFactory: () => options as never })];
    const error = await boot(platforms[0]![1](), { imports }, undefined, logger).then(
      () => undefined,
      (reason: unknown) => reason as { name: string; code: string; message: string },
    );
    expect(error).toMatchObject({ name: 'OidcKeyError', code: 'OIDC_KEY_INVALID_OPTION' });
    expect(error?.message).toMatch(message);
    expect(JSON.stringify([error?.message, logger.lines])).not.toContain(password);
  });

  it.each([
    'http://localhost:3000',
    'http://LOCALHOST',
    'http://127.0.0.1',
    'http://127.8.9.10:81/realm',
    'http://127.1',
    'http://[::1]:3000',
    'http://[::ffff:127.0.0.1]',
    'https://login.example/realms/one/',
  ])('%s is an address that can be used', async (issuer) => {
    const imports = [ResourceServerModule.forRoot({ issuer, audience: 'x' })];
    await expect(boot(platforms[0]![1](), { imports })).resolves.toBeDefined();
  });

  it('http in a network that is trusted by name', async () => {
    const options = {
      issuer: 'http://keycloak:8080/realms/one',
      audience: 'x',
      trustNetworkWithoutTls: true,
    };
    const imports = [ResourceServerModule.forRoot(options)];
    await expect(boot(platforms[0]![1](), { imports })).resolves.toBeDefined();
  });
});
