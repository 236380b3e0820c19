import { request as rawRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';

import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  Get,
  Injectable,
  Module,
  Post,
  SetMetadata,
  UnauthorizedException,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import type {
  CallHandler,
  CanActivate,
  ExecutionContext,
  INestApplication,
  ModuleMetadata,
  NestInterceptor,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { JwtService, KeyInfo, OidcKeyModule } from 'nestjs-oidc-key';
import type { JwksRouteOptions } from 'nestjs-oidc-key';
import { map } from 'rxjs';

import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll, platforms } from '../support/platforms.js';

const key = makeRsaKey();
const path = '/.well-known/jwks.json';

@Controller('hello')
class HelloController {
  @Get()
  hello() {
    return { hello: 'world' };
  }

  @Post()
  echo(@Body() body: unknown) {
    return body;
  }
}

@Injectable()
class WrappingInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((data: unknown) => ({ success: true, data })));
  }
}

const Public = () => SetMetadata('public', true);

@Injectable()
class SignedInGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.get('public', context.getHandler())) return true;
    throw new UnauthorizedException();
  }
}
Reflect.defineMetadata('design:paramtypes', [Reflector], SignedInGuard);

@Module({ controllers: [HelloController] })
class HelloModule {}

describe.each(platforms)('the JWKS route on %s', (_, adapter) => {
  afterEach(closeAll);

  const start = (
    jwks?: JwksRouteOptions,
    metadata: ModuleMetadata = {},
    setUp?: (app: INestApplication) => void,
  ) =>
    boot(
      adapter(),
      {
        ...metadata,
        imports: [OidcKeyModule.forRoot({ key, jwks }), HelloModule, ...(metadata.imports ?? [])],
      },
      setUp,
    );

  const expectTheDocument = async (response: Response, application: INestApplication) => {
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(application.get(JwtService).getKeySet());
  };

  it('serves the key set', async () => {
    const { app, fetch } = await start();
    const response = await fetch(path);
    await expectTheDocument(response, app);
    expect(app.get(JwtService).getKeySet().keys).toEqual([app.get(KeyInfo).publicJwk]);
  });

  it('attack 37: has the headers of a document that may be cached and read by anyone', async () => {
    const { headers } = await (await start()).fetch(path);
    expect(headers.get('cache-control')).toBe('public, max-age=3600');
    expect(headers.get('content-type')).toMatch(/^application\/json(; charset=utf-8)?$/);
    expect(headers.get('etag')).toMatch(/^"[\w-]{43}"$/);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(Number(headers.get('content-length'))).toBeGreaterThan(300);
  });

  it('jose fetches it, and verifies a token with it', async () => {
    const { app, url } = await start();
    const token = await app.get(JwtService).sign({ sub: 'alice' });
    await expect(jwtVerify(token, createRemoteJWKSet(new URL(url + path)))).resolves.toMatchObject({
      payload: { sub: 'alice' },
    });
  });

  it('is the same bytes each time, and from another instance with the same key', async () => {
    const [first, second] = [await start(), await start()];
    const texts = await Promise.all(
      [first.fetch(path), first.fetch(path), second.fetch(path)].map(async (r) => (await r).text()),
    );
    expect(new Set(texts).size).toBe(1);
  });

  it('always answers application/json, whatever is accepted', async () => {
    const { fetch } = await start();
    for (const accept of [
      'application/jwk-set+json',
      'text/html',
      'application/xml;q=1',
      '*/*',
      'garbage',
      '',
    ]) {
      const response = await fetch(path, { headers: { accept } });
      expect([response.status, response.headers.get('content-type')?.split(';')[0]]).toEqual([
        200,
        'application/json',
      ]);
    }
  });

  it('answers 304 to If-None-Match: the tag, weak, in a list, and * (RFC 9110 section 13.1.2)', async () => {
    const { fetch } = await start();
    const etag = (await fetch(path)).headers.get('etag')!;
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, `W/"a",W/${etag} , "b"`, '*', ' * ']) {
      const response = await fetch(path, { headers: { 'if-none-match': tag } });
      expect([tag, response.status]).toEqual([tag, 304]);
      expect(await response.text()).toBe('');
      expect(response.headers.get('etag')).toBe(etag);
      expect(response.headers.get('cache-control')).toBe('public, max-age=3600');
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
    }
    for (const tag of ['"other"', etag.slice(1, -1), '', `${etag.slice(0, -2)}"`, '"*"', `w/${etag}`]) {
      expect([tag, (await fetch(path, { headers: { 'if-none-match': tag } })).status]).toEqual([tag, 200]);
    }
    // The asterisk stands alone or for nothing.
    expect((await fetch(path, { headers: { 'if-none-match': '*, "other"' } })).status).toBe(200);
  });

  it('answers HEAD like GET, without a body', async () => {
    const { fetch } = await start();
    const get = await fetch(path);
    const head = await fetch(path, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    for (const name of [
      'etag',
      'cache-control',
      'content-type',
      'content-length',
      'access-control-allow-origin',
    ]) {
      expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
    }
    const conditional = await fetch(path, {
      method: 'HEAD',
      headers: { 'if-none-match': get.headers.get('etag')! },
    });
    expect(conditional.status).toBe(304);
  });

  it('serves max-age as configured', async () => {
    const { fetch } = await boot(adapter(), { imports: [OidcKeyModule.forRoot({ key, jwksMaxAge: 60 })] });
    expect((await fetch(path)).headers.get('cache-control')).toBe('public, max-age=60');
  });

  it('is at the path that is set, and only there', async () => {
    const { app, fetch } = await start({ path: '/oauth/keys' });
    await expectTheDocument(await fetch('/oauth/keys'), app);
    expect((await fetch(path)).status).toBe(404);
  });

  describe('stays where it is told', () => {
    it('with a global prefix, and leaves the application’s own exclusions alone', async () => {
      const { app, fetch } = await start(undefined, {}, (each) =>
        each.setGlobalPrefix('api', { exclude: ['hello'] }),
      );
      await expectTheDocument(await fetch(path), app);
      expect((await fetch(`/api${path}`)).status).toBe(404);
      expect((await fetch('/hello')).status).toBe(200);
    });

    it('with a global prefix without exclusions', async () => {
      const { app, fetch } = await start(undefined, {}, (each) => each.setGlobalPrefix('/api/'));
      await expectTheDocument(await fetch(path), app);
      expect((await fetch('/api/hello')).status).toBe(200);
      expect((await fetch('/hello')).status).toBe(404);
    });

    it('with URI versioning and a default version, and a prefix besides', async () => {
      const { app, fetch } = await start(undefined, {}, (each) => {
        each.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
        each.setGlobalPrefix('api');
      });
      await expectTheDocument(await fetch(path), app);
      expect((await fetch('/api/v1/hello')).status).toBe(200);
    });

    it('with header versioning', async () => {
      const { app, fetch } = await start(undefined, {}, (each) =>
        each.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version', defaultVersion: '2' }),
      );
      await expectTheDocument(await fetch(path), app);
    });

    it('with an interceptor that wraps every response', async () => {
      const { app, fetch } = await start(undefined, {
        providers: [{ provide: APP_INTERCEPTOR, useClass: WrappingInterceptor }],
      });
      await expectTheDocument(await fetch(path), app);
      expect(await (await fetch('/hello')).json()).toEqual({ success: true, data: { hello: 'world' } });
    });

    it('with a strict ValidationPipe', async () => {
      const { app, fetch } = await start(undefined, {}, (each) =>
        each.useGlobalPipes(
          new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
        ),
      );
      await expectTheDocument(await fetch(`${path}?unknown=1`), app);
    });
  });

  describe('a global guard', () => {
    const guarded: ModuleMetadata = { providers: [{ provide: APP_GUARD, useClass: SignedInGuard }] };

    it('is not bypassed silently', async () => {
      expect((await (await start(undefined, guarded)).fetch(path)).status).toBe(401);
    });

    it('lets the route through where the application’s own decorator says so', async () => {
      const { app, fetch } = await start({ decorators: [Public()] }, guarded);
      await expectTheDocument(await fetch(path), app);
      expect((await fetch('/hello')).status).toBe(401);
    });
  });

  it('two issuers on two paths serve their own keys', async () => {
    const other = makeRsaKey();
    const application = await boot(adapter(), {
      imports: [
        OidcKeyModule.forRoot({ key }),
        OidcKeyModule.forRoot({ key: other, jwks: { path: '/admin/jwks.json' } }),
      ],
    });
    const [first, second] = await Promise.all(
      [path, '/admin/jwks.json'].map(async (each) => (await application.fetch(each)).json()),
    );
    expect(first).toEqual(new JwtService({ key }).getKeySet());
    expect(second).toEqual(new JwtService({ key: other }).getKeySet());
  });

  it('jwks: false registers no route', async () => {
    const application = await boot(adapter(), { imports: [OidcKeyModule.forRoot({ key, jwks: false })] });
    expect((await application.fetch(path)).status).toBe(404);
  });

  describe('hostile requests never get a 5xx, a hang or a leak', () => {
    const expectHarmless = async (response: { status: number; text: string }) => {
      expect(response.status).toBeLessThan(500);
      expect(response.text).not.toMatch(/"(d|p|q|dp|dq|qi)":|PRIVATE KEY|node_modules/);
    };

    it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s, with bodies of all kinds', async (method) => {
      const { fetch } = await start();
      const bodies: [string, string][] = [
        ['application/json', '{"a":1}'],
        ['application/json', '{broken'],
        ['application/json', `"${'x'.repeat(2_000_000)}"`],
        ['application/x-www-form-urlencoded', 'a[b][c]=1&a=2'],
        ['text/plain', 'x'],
        ['multipart/form-data; boundary=x', '--x\r\n\r\n'],
        ['nonsense', '\0'],
      ];
      for (const [type, body] of bodies) {
        const response = await fetch(path, { method, body, headers: { 'content-type': type } });
        await expectHarmless({ status: response.status, text: await response.text() });
      }
    });

    it.each(['GET', 'HEAD', 'TRACE', 'PROPFIND', 'QUERY', 'M-SEARCH'])(
      '%s with a body and hostile headers',
      async (method) => {
        const { url } = await start();
        const hostile: Record<string, string>[] = [
          { 'if-none-match': ','.repeat(5_000) },
          { 'if-none-match': `"${'x'.repeat(8_000)}"` },
          { 'if-none-match': 'W/"' },
          { 'if-modified-since': 'not a date' },
          { range: 'bytes=0-1' },
          { accept: ',;q=,'.repeat(500) },
          { 'accept-encoding': 'gzip;q=x, *;q=0' },
          { 'content-type': 'application/json' },
          { 'x-forwarded-host': 'evil.example', 'x-http-method-override': 'DELETE' },
        ];
        for (const headers of hostile) {
          await expectHarmless(await rawly(url, method, { ...headers, 'content-length': '5' }, '{"a":'));
        }
      },
    );

    it.each([
      '//.well-known/jwks.json',
      '/.well-known/../.well-known/jwks.json',
      '/.well-known/jwks.json/',
      '/.well-known/jwks.json%00',
      '/.WELL-KNOWN/JWKS.JSON',
      '/.well-known/jwks.json?callback=alert&x[]=%',
    ])('path %s', async (hostile) => {
      const { url } = await start();
      await expectHarmless(await rawly(url, 'GET', {}, undefined, hostile));
    });
  });
});

/** A request that fetch would refuse to send. */
function rawly(
  url: string,
  method: string,
  headers: Record<string, string>,
  body?: string,
  target = path,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const respond = (response: IncomingMessage) => {
      let text = '';
      response
        .on('data', (chunk) => (text += chunk))
        .on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    };
    const outgoing = rawRequest(
      { hostname, port, method, headers, path: target, timeout: 5_000, agent: false },
      respond,
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('the request hung')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
