import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, UseGuards } from '@nestjs/common';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { OidcKeyModule, JwtService } from 'nestjs-oidc-key';
import {
  AccessToken,
  AccessTokenGuard,
  Public,
  RequireScopes,
  ResourceServerModule,
} from 'nestjs-oidc-key/resource-server';
import type { AccessTokenClaims } from 'nestjs-oidc-key/resource-server';

import { errorOf } from '../support/errors.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';
import { forge, forgeHmac, headerOf, payloadOf, publicPemOf } from '../support/tokens.js';
import { until } from '../support/waiting.js';

const rsa = makeRsaKey();
const ec = makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey;
const audience = 'https://api.example';

@Controller('orders')
@UseGuards(AccessTokenGuard)
@RequireScopes('orders')
class OrdersController {
  @Get()
  list(@AccessToken() { sub, scope }: AccessTokenClaims) {
    return { sub, scope };
  }

  @Get('all')
  @RequireScopes('admin')
  all() {
    return 'all';
  }
}

@Controller()
class EverythingController {
  @Get('hidden')
  hidden(@AccessToken() { sub }: AccessTokenClaims) {
    return { sub };
  }

  @Get('open')
  @Public()
  open(@AccessToken() claims: AccessTokenClaims | undefined) {
    return { claims: claims ?? null };
  }
}

interface Issuer {
  readonly url: string;
  readonly jwt: JwtService;
  readonly app: INestApplication;
}

async function startIssuer(adapter: Parameters<typeof boot>[0]): Promise<Issuer> {
  const { app, url } = await boot(adapter, { imports: [OidcKeyModule.forRoot({ key: [rsa, ec] })] });
  return { app, url, jwt: app.get(JwtService) };
}

const now = () => Math.floor(Date.now() / 1000);

describe.each(platforms)('a resource server on %s', (_, adapter) => {
  afterEach(closeAll);

  async function start(metadata: ModuleMetadata = {}, options: object = {}, logger?: RecordingLogger) {
    const issuer = await startIssuer(adapter());
    const server = await boot(
      adapter(),
      {
        controllers: [OrdersController],
        ...metadata,
        imports: [ResourceServerModule.forRoot({ issuer: issuer.url, audience, ...options })],
      },
      undefined,
      logger,
    );
    const claims = (changes: object = {}) => ({
      iss: issuer.url,
      aud: audience,
      sub: 'alice',
      client_id: 'web',
      jti: '1',
      scope: 'orders',
      iat: now(),
      exp: now() + 60,
      ...changes,
    });
    const sign = (changes: object = {}, header: Record<string, unknown> = { typ: 'at+jwt' }) =>
      issuer.jwt.sign(claims(changes), { header });
    const get = async (token: string | undefined, path = '/orders') => {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await server.fetch(path, { headers });
      return {
        status: response.status,
        challenge: response.headers.get('www-authenticate'),
        text: await response.text(),
      };
    };
    return { issuer, server, claims, sign, get };
  }

  const refusal = {
    status: 401,
    challenge:
      'Bearer error="invalid_token", error_description="The access token is invalid, expired or revoked"',
    text: JSON.stringify({
      statusCode: 401,
      message: 'The access token is invalid, expired or revoked',
      error: 'invalid_token',
      error_description: 'The access token is invalid, expired or revoked',
    }),
  };

  it('accepts an access token of each algorithm of the issuer, and hands its claims to the handler', async () => {
    const { issuer, claims, sign, get } = await start();
    const es256 = await issuer.jwt.sign(claims(), { header: { typ: 'at+jwt' }, algorithm: 'ES256' });
    for (const token of [await sign(), es256, await sign({ aud: ['https://other.example', audience] })]) {
      expect(await get(token)).toEqual({
        status: 200,
        challenge: null,
        text: JSON.stringify({ sub: 'alice', scope: 'orders' }),
      });
    }
  });

  it('takes the name of the scheme in any case (RFC 9110 section 11.1)', async () => {
    const { server, sign } = await start();
    const response = await server.fetch('/orders', { headers: { authorization: `bEARER ${await sign()}` } });
    expect(response.status).toBe(200);
  });

  it.each<[string, object, Record<string, unknown>]>([
    ['an ID token', { nonce: 'n' }, { typ: 'JWT' }],
    ['a code', {}, { typ: 'code+jwt' }],
    ['a token without a type', {}, { typ: undefined }],
    ['another issuer', { iss: 'https://other.example' }, {}],
    ['no issuer', { iss: undefined }, {}],
    ['another audience', { aud: 'https://other.example' }, {}],
    ['an audience that begins like ours', { aud: `${audience}/` }, {}],
    ['no audience', { aud: undefined }, {}],
    ['an expiry of this second', { exp: now() }, {}],
    ['no expiry', { exp: undefined }, {}],
    ['a future nbf', { nbf: now() + 60 }, {}],
    ['no sub', { sub: undefined }, {}],
    ['no client_id', { client_id: undefined }, {}],
    ['no jti', { jti: undefined }, {}],
    ['no iat', { iat: undefined }, {}],
    ['a list with two scopes in one member', { scope: ['orders all'] }, {}],
    ['an object as scope', { scope: {} }, {}],
    ['an object as client_id', { client_id: {} }, {}],
  ])('attack 9 and 13: refuses %s', async (_name, changes, header) => {
    const { get, issuer, claims } = await start();
    const defaults = headerOf(await issuer.jwt.sign({ sub: 'x' }));
    const token = forge(rsa, { ...defaults, typ: 'at+jwt', ...header }, claims(changes));
    expect(await get(token)).toEqual(refusal);
  });

  it('attack 5, 6 and 7: refuses forged tokens and what is none', async () => {
    const { sign, get } = await start();
    const token = await sign();
    const [header, payload] = [headerOf(token), payloadOf(token)];
    const forged = [
      forge(makeRsaKey(), header, payload),
      forge(rsa, { ...header, kid: 'unknown' }, payload),
      forgeHmac(publicPemOf(rsa), { ...header, alg: 'HS256' }, payload),
      forge(rsa, { ...header, alg: 'none' }, payload).replace(/[^.]+$/, ''),
      forge(rsa, { ...header, alg: 'RS512' }, payload, 'sha512'),
      forge(rsa, { ...header, crit: ['unknown'], unknown: 1 }, payload),
      'garbage',
      'a.b.c',
    ];
    for (const each of forged) expect(await get(each)).toEqual(refusal);
  });

  it('asks for a token and tells of no error where none is sent (RFC 6750 section 3.1)', async () => {
    const { server, get } = await start();
    const text = JSON.stringify({ statusCode: 401, message: 'An access token is required' });
    const asked = { status: 401, challenge: 'Bearer', text };
    expect(await get(undefined)).toEqual(asked);
    const basic = await server.fetch('/orders', { headers: { authorization: 'Basic YTpi' } });
    expect([basic.status, basic.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });

  it('attack 36: refuses a token in the query string, even next to one in the header', async () => {
    const { sign, get } = await start();
    const token = await sign();
    const { status, challenge } = await get(token, `/orders?access_token=${token}`);
    expect([status, challenge]).toEqual([400, expect.stringMatching(/^Bearer error="invalid_request", /)]);
  });

  it('asks for the scopes of the controller and of the handler', async () => {
    const { sign, get } = await start();
    expect(await get(await sign({ scope: 'orderss admin' }))).toEqual({
      status: 403,
      challenge:
        'Bearer error="insufficient_scope", error_description="The scope orders is required", scope="orders"',
      text: JSON.stringify({
        statusCode: 403,
        message: 'The scope orders is required',
        error: 'insufficient_scope',
        error_description: 'The scope orders is required',
        scope: 'orders',
      }),
    });
    expect((await get(await sign({ scope: undefined }))).status).toBe(403);
    expect((await get(await sign({ scope: 'orders' }), '/orders/all')).challenge).toContain(
      'scope="orders admin"',
    );
    expect((await get(await sign({ scope: 'orders admin' }), '/orders/all')).status).toBe(200);
  });

  it('guards everything but what is public where it is global', async () => {
    const { sign, get } = await start({
      controllers: [EverythingController],
      providers: [{ provide: APP_GUARD, useExisting: AccessTokenGuard }],
    });
    expect((await get(undefined, '/hidden')).status).toBe(401);
    expect(await get(await sign({ scope: undefined }), '/hidden')).toMatchObject({
      status: 200,
      text: '{"sub":"alice"}',
    });
    expect(await get(undefined, '/open')).toMatchObject({ status: 200, text: '{"claims":null}' });
  });

  it('says nothing about a token while the keys cannot be had, and recovers', async () => {
    const logger = new RecordingLogger();
    const { issuer, sign, get } = await start({}, {}, logger);
    const token = await sign();
    const { port } = new URL(issuer.url);
    await issuer.app.close();
    const { status, challenge } = await get(token);
    expect([status, challenge]).toEqual([503, null]);
    const logged = JSON.stringify(logger.lines);
    expect(logged).toMatch(/The keys of http.* cannot be fetched from http.*ECONNREFUSED/);
    expect(logged).not.toContain(token);

    const restarted = { imports: [OidcKeyModule.forRoot({ key: rsa })] };
    await boot(adapter(), restarted, undefined, false, Number(port));
    await until(async () => (await get(token)).status === 200);
  });

  it('says nothing about a token where something else than keys is published', async () => {
    const { issuer, sign } = await start();
    const elsewhere = await boot(adapter(), {
      controllers: [OrdersController],
      imports: [
        ResourceServerModule.forRoot({ issuer: issuer.url, audience, jwksUri: `${issuer.url}/none` }),
      ],
    });
    const headers = { authorization: `Bearer ${await sign()}` };
    expect((await elsewhere.fetch('/orders', { headers })).status).toBe(503);
  });

  it('accepts what the options ask for and no less', async () => {
    const { sign, get } = await start({}, { requiredClaims: [], clockTolerance: 30 });
    expect((await get(await sign({ client_id: undefined, exp: now() - 10 }))).status).toBe(200);
    expect((await get(await sign({ exp: now() - 31 }))).status).toBe(401);
    expect((await get(await sign({ exp: undefined }))).status).toBe(401);
  });

  it('takes its options from a factory, and the keys from where they say', async () => {
    const issuer = await startIssuer(adapter());
    const server = await boot(adapter(), {
      controllers: [OrdersController],
      imports: [
        ResourceServerModule.forRootAsync({
          isGlobal: true,
          useFactory: () => ({
            issuer: 'https://login.example',
            audience: [audience, 'orders'],
            jwksUri: `${issuer.url}/.well-known/jwks.json`,
          }),
        }),
      ],
    });
    const token = await issuer.jwt.sign(
      { sub: 'alice', client_id: 'web', jti: '1', scope: 'orders' },
      { header: { typ: 'at+jwt' }, issuer: 'https://login.example', audience: 'orders', expiresIn: 60 },
    );
    const response = await server.fetch('/orders', { headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(200);
  });
});

describe('options that cannot work', () => {
  afterEach(closeAll);
  const good = { issuer: 'https://login.example', audience };
  const [[, adapter]] = platforms as [(typeof platforms)[0]];

  it.each<[string, object | undefined, RegExp]>([
    ['no issuer', { audience }, /"issuer" of ResourceServerModule has to be an address/],
    ['an issuer that is no URL', { ...good, issuer: 'login.example' }, /"issuer"/],
    ['an issuer in the clear', { ...good, issuer: 'http://login.example' }, /https:/],
    ['keys in the clear', { ...good, jwksUri: 'http://login.example/keys' }, /"jwksUri"/],
    ['no audience', { issuer: good.issuer }, /"audience"/],
    ['an empty list of audiences', { ...good, audience: [] }, /"audience"/],
    ['an audience without text', { ...good, audience: '' }, /"audience"/],
    ['a name that is misspelt', { ...good, requiredClaim: ['sub'] }, /"requiredClaim".* is none of issuer/],
    ['claims that are no list', { ...good, requiredClaims: 'sub' }, /"requiredClaims"/],
    ['a tolerance of an hour', { ...good, clockTolerance: 3600 }, /"clockTolerance".*0 to 300/],
    ['a tolerance below 0', { ...good, clockTolerance: -1 }, /"clockTolerance"/],
    ['nothing', undefined, /the factory of forRootAsync returned nothing/],
  ])('stop the boot: %s', async (_, options, message) => {
    const imports = [ResourceServerModule.forRootAsync({ useFactory: () => options as never })];
    await expect(boot(adapter(), { imports })).rejects.toMatchObject({
      code: 'OIDC_KEY_INVALID_OPTION',
      message: expect.stringMatching(message),
    });
  });

  it.each([[[]], [['a b']], [['']], [['"']]])('a scope that is none: %j', (scopes) => {
    expect(errorOf(() => RequireScopes(...scopes)).code).toBe('OIDC_KEY_INVALID_OPTION');
  });
});
