import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, HttpException, UseGuards } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import {
  AccessToken,
  AccessTokenGuard,
  accessTokenOf,
  bearerTokenOf,
  OptionalAccessToken,
  ResourceServerModule,
} from 'nestjs-oidc-key/resource-server';
import type { AccessTokenClaims } from 'nestjs-oidc-key/resource-server';

import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll, platforms } from '../support/platforms.js';
import { closeIssuers, IssuerOfKeys, published } from './issuer-of-keys.js';

const key = makeRsaKey();

@Controller()
@UseGuards(AccessTokenGuard)
class OrdersController {
  @Get('orders')
  list(@AccessToken() { sub }: AccessTokenClaims) {
    return { sub };
  }

  @Get('optional')
  @OptionalAccessToken()
  optional(@AccessToken() claims?: AccessTokenClaims) {
    return { sub: claims?.sub ?? null };
  }
}

interface AnyRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const cookieOf = (context: ExecutionContext) =>
  /(?:^|; )token=([^;]*)/.exec(context.switchToHttp().getRequest<AnyRequest>().headers['cookie'] ?? '')?.[1];

describe.each(platforms)('where a call carries its token, on %s', (_, adapter) => {
  afterEach(async () => {
    await closeAll();
    await closeIssuers();
  });

  async function start(getToken?: (context: ExecutionContext) => unknown) {
    const issuer = await IssuerOfKeys.start([published(key, { kid: 'k' })]);
    const options = { issuer: issuer.url, audience: 'https://api.example', getToken: getToken as never };
    const imports = [ResourceServerModule.forRoot(options)];
    const { app, fetch } = await boot(adapter(), { imports, controllers: [OrdersController] });
    const get = async (headers: Record<string, string>, path = '/orders') => {
      const response = await fetch(path, { headers });
      return [response.status, await response.json()];
    };
    return { issuer, app, get, token: issuer.token(key, {}, { kid: 'k' }) };
  }

  it('is the header, and nothing else that a request has', async () => {
    const { get, token } = await start();
    expect(await get({ authorization: `Bearer ${token}` })).toEqual([200, { sub: 'alice' }]);
    const others: Record<string, string>[] = [
      { cookie: `token=${token}` },
      { 'x-access-token': token },
      { 'proxy-authorization': `Bearer ${token}` },
      { authorization: token },
      { authorization: `DPoP ${token}` },
    ];
    for (const headers of others) expect((await get(headers))[0]).toBe(401);
  });

  it('is what "getToken" says: a cookie, beside the header', async () => {
    const { get, token } = await start((context) => bearerTokenOf(context) ?? cookieOf(context));
    expect(await get({ authorization: `Bearer ${token}` })).toEqual([200, { sub: 'alice' }]);
    expect(await get({ cookie: `token=${token}` })).toEqual([200, { sub: 'alice' }]);
    expect((await get({ cookie: 'token=garbage' }))[0]).toBe(401);
    expect((await get({}))[0]).toBe(401);
    expect(await get({}, '/optional')).toEqual([200, { sub: null }]);
    // Somebody tried to be somebody.
    expect((await get({ cookie: 'token=' }, '/optional'))[0]).toBe(401);
  });

  it.each<[string, unknown, number, number]>([
    ['undefined', undefined, 401, 200],
    ['null', null, 401, 200],
    ['an empty text', '', 401, 401],
    ['a number', 1, 401, 401],
    ['a list', ['a.b.c'], 401, 401],
    ['false', false, 401, 401],
    ['a promise of nothing', Promise.resolve(undefined), 401, 200],
    ['a promise of something else', Promise.resolve(1), 401, 401],
  ])('is no token where "getToken" returns %s', async (_name, value, status, optional) => {
    const { get } = await start(() => value);
    expect((await get({}))[0]).toBe(status);
    expect((await get({}, '/optional'))[0]).toBe(optional);
  });

  it('may be looked up', async () => {
    const tokens = new Map<string, string>();
    const { get, token } = await start(async (context) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return tokens.get(cookieOf(context) ?? '');
    });
    tokens.set('session-1', token);
    expect(await get({ cookie: 'token=session-1' })).toEqual([200, { sub: 'alice' }]);
    expect((await get({ cookie: 'token=session-2' }))[0]).toBe(401);
  });

  it('lets through what "getToken" throws', async () => {
    const teapot = await start(() => {
      throw new HttpException('teapot', 418);
    });
    expect((await teapot.get({}))[0]).toBe(418);
    expect((await teapot.get({}, '/optional'))[0]).toBe(418);
    const broken = await start(() => {
      throw new TypeError('broken');
    });
    expect((await broken.get({}))[0]).toBe(500);
    const failing = await start(() => Promise.reject(new HttpException('teapot', 418)));
    expect((await failing.get({}))[0]).toBe(418);
  });

  it('gives interceptors what was verified, and nothing that a request brought along', async () => {
    const issuer = await IssuerOfKeys.start([published(key, { kid: 'k' })]);
    const imports = [ResourceServerModule.forRoot({ issuer: issuer.url, audience: 'https://api.example' })];
    const seen: unknown[] = [];
    const intruder = (request: Record<string, unknown>, _response: unknown, next: () => void) => {
      Object.assign(request, { accessToken: { sub: 'mallory' }, user: { sub: 'mallory' } });
      next();
    };
    const { fetch } = await boot(adapter(), { imports, controllers: [OrdersController] }, (app) => {
      app.use(intruder);
      app.useGlobalInterceptors({
        intercept: (context, next) => {
          seen.push(accessTokenOf(context)?.sub);
          return next.handle();
        },
      });
    });
    const authorization = `Bearer ${issuer.token(key, {}, { kid: 'k' })}`;
    const bodies = [
      await (await fetch('/optional')).json(),
      await (await fetch('/optional', { headers: { authorization } })).json(),
    ];
    expect(bodies).toEqual([{ sub: null }, { sub: 'alice' }]);
    expect(seen).toEqual([undefined, 'alice']);
  });
});
