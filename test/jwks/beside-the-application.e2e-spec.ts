import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ClassSerializerInterceptor,
  Controller,
  Get,
  Header,
  HttpException,
  Injectable,
  Render,
  Scope,
  SetMetadata,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import type { CallHandler, ExecutionContext, INestApplication, NestInterceptor } from '@nestjs/common';
import { APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';
import type { JwksRouteOptions } from 'nestjs-oidc-key';
import { concatMap, delay, finalize, map, of, tap, throwError, timeout } from 'rxjs';
import type { Observable } from 'rxjs';

import { everythingPrintedOf } from '../support/errors.js';
import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';

const key = makeRsaKey();
const path = '/.well-known/jwks.json';
const document = new JwtService({ key }).getKeySet();

/** Sets a header on a response of either platform. */
type SetHeader = (name: string, value: string) => void;

interface EitherResponse {
  header(name: string, value: string): void;
  status(code: number): void;
}

const responseOf = (context: ExecutionContext) => context.switchToHttp().getResponse<EitherResponse>();

function interceptor(
  work: (handled: () => Observable<unknown>, set: SetHeader, response: EitherResponse) => Observable<unknown>,
): NestInterceptor {
  return {
    intercept(context: ExecutionContext, next: CallHandler) {
      const response = responseOf(context);
      return work(
        () => next.handle(),
        (name, value) => response.header(name, value),
        response,
      );
    },
  };
}

const setting: [string, NestInterceptor][] = [
  ['before the handler', interceptor((handled, set) => (set('x-own', 'yes'), handled()))],
  ['in a tap', interceptor((handled, set) => handled().pipe(tap(() => set('x-own', 'yes'))))],
  [
    'in a tap after something asynchronous',
    interceptor((handled, set) =>
      handled().pipe(
        concatMap(async (value) => (await wait(5), value)),
        tap(() => set('x-own', 'yes')),
      ),
    ),
  ],
  [
    'in a tap after a delay',
    interceptor((handled, set) => handled().pipe(delay(5), tap({ complete: () => set('x-own', 'yes') }))),
  ],
  [
    'in a map that replaces the value',
    interceptor((handled, set) => handled().pipe(map((data) => (set('x-own', 'yes'), { data })))),
  ],
  ['in a finalize', interceptor((handled, set) => handled().pipe(finalize(() => set('x-own', 'yes'))))],
];

const replacing: [string, NestInterceptor][] = [
  ['wraps it', interceptor((handled) => handled().pipe(map((data) => ({ success: true, data }))))],
  [
    'reaches into it',
    interceptor((handled) =>
      handled().pipe(map((data) => ({ text: (data as { message: string }).message, ...(data as object) }))),
    ),
  ],
  [
    'writes into it',
    interceptor((handled) => handled().pipe(map((data) => Object.assign(data as object, { keys: [] })))),
  ],
  ['makes nothing of it', interceptor((handled) => handled().pipe(map(() => undefined)))],
  ['makes null of it', interceptor((handled) => handled().pipe(map(() => null)))],
  ['makes text of it', interceptor((handled) => handled().pipe(map((data) => JSON.stringify(data))))],
  ['makes bytes of it', interceptor((handled) => handled().pipe(map(() => Buffer.from('bytes'))))],
  [
    'makes a stream of it',
    interceptor((handled) => handled().pipe(map(() => new StreamableFile(Buffer.from('stream'))))),
  ],
  ['serializes it', new ClassSerializerInterceptor(new Reflector())],
  [
    'serializes it into a class',
    new ClassSerializerInterceptor(new Reflector(), {
      type: class {},
      excludeExtraneousValues: true,
    } as never),
  ],
  ['limits its time', interceptor((handled) => handled().pipe(timeout(1_000)))],
  [
    'sets another status',
    interceptor((handled, _, response) => handled().pipe(tap(() => response.status(201)))),
  ],
  [
    'sets the headers that are ours',
    interceptor((handled, set) =>
      handled().pipe(
        tap(() => {
          set('cache-control', 'no-store');
          set('etag', '"other"');
          set('content-type', 'text/html');
        }),
      ),
    ),
  ],
  ['answers in its place, as a cache does', interceptor(() => of({ cached: true }))],
];

describe.each(platforms)('beside an application on %s', (platform, adapter) => {
  afterEach(closeAll);

  const start = async (
    setUp: (app: INestApplication) => unknown,
    jwks: JwksRouteOptions = {},
    providers: object[] = [],
  ) => {
    const logger = new RecordingLogger();
    const application = await boot(
      adapter(),
      { imports: [OidcKeyModule.forRoot({ key, jwks })], providers: providers as never },
      (app) => void setUp(app),
      logger,
    );
    return { ...application, logger };
  };

  const expectTheDocument = async (response: Response) => {
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('public, max-age=3600');
    expect(response.headers.get('etag')).toMatch(/^"[\w-]{43}"$/);
    expect(await response.json()).toEqual(document);
  };

  const errorsIn = ({ lines }: RecordingLogger) =>
    lines.map(everythingPrintedOf).filter((line) => /error|exception/i.test(line));

  describe('a global interceptor', () => {
    it.each(setting)('that sets a header %s is heard, of 200 and 304', async (_, each) => {
      const { fetch, logger } = await start((app) => app.useGlobalInterceptors(each));
      const response = await fetch(path);
      expect(response.headers.get('x-own')).toBe('yes');
      await expectTheDocument(response);
      const unchanged = await fetch(path, { headers: { 'if-none-match': response.headers.get('etag')! } });
      expect([unchanged.status, unchanged.headers.get('x-own')]).toEqual([304, 'yes']);
      expect(errorsIn(logger)).toEqual([]);
    });

    it.each(replacing)('that takes the value and %s changes nothing of the document', async (_, each) => {
      const { fetch, logger } = await start((app) => app.useGlobalInterceptors(each));
      await expectTheDocument(await fetch(path));
      await expectTheDocument(await fetch(path));
      const head = await fetch(path, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
      expect(errorsIn(logger)).toEqual([]);
    });

    it.each(replacing)('that is injected, or one of the route, and %s', async (_, each) => {
      const { fetch } = await start(() => undefined, { decorators: [UseInterceptors(each)] }, [
        { provide: APP_INTERCEPTOR, useValue: each },
      ]);
      await expectTheDocument(await fetch(path));
    });

    it('that is made anew for each request changes nothing', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class Wrapping implements NestInterceptor {
        intercept(context: ExecutionContext, next: CallHandler) {
          return next.handle().pipe(
            map((data: unknown) => ({ data })),
            tap(() => responseOf(context).header('x-own', 'yes')),
          );
        }
      }
      const { fetch } = await start(() => undefined, {}, [{ provide: APP_INTERCEPTOR, useClass: Wrapping }]);
      for (let count = 0; count < 2; count++) {
        const response = await fetch(path);
        expect(response.headers.get('x-own')).toBe('yes');
        await expectTheDocument(response);
      }
    });

    it('that refuses decides, as on every route', async () => {
      const refusing = interceptor(() => throwError(() => new HttpException('closed', 503)));
      const { fetch } = await start((app) => app.useGlobalInterceptors(refusing));
      const response = await fetch(path);
      expect([response.status, response.headers.get('cache-control')]).toEqual([503, null]);
    });
  });

  describe('an application’s CORS', () => {
    const own = 'https://app.example';
    const foreign = 'https://other.example';
    const options: [string, object, string, string][] = [
      // What is allowed to the own origin, and to a foreign one.
      ['one origin', { origin: own }, own, own],
      ['one origin with credentials', { origin: own, credentials: true }, own, own],
      ['every origin with credentials', { origin: true, credentials: true }, own, foreign],
      ['a list', { origin: [own], credentials: true }, own, '*'],
      ['a pattern', { origin: /app\.example$/ }, own, '*'],
      [
        'a function',
        {
          origin: (origin: string, done: (error: Error | null, allowed: boolean) => void) =>
            done(null, origin === own),
        },
        own,
        '*',
      ],
      ['everybody', { origin: '*' }, '*', '*'],
    ];

    it.each(options)('%s is not overwritten', async (_, cors, toOwn, toForeign) => {
      const { fetch } = await start((app) => app.enableCors(cors));
      for (const [origin, allowed] of [
        [own, toOwn],
        [foreign, toForeign],
      ] as const) {
        const response = await fetch(path, { headers: { origin } });
        expect([origin, response.headers.get('access-control-allow-origin')]).toEqual([origin, allowed]);
        if (allowed !== '*') expect(response.headers.get('vary')).toMatch(/(^|, ?)Origin($|,)/i);
        await expectTheDocument(response);
      }
    });

    const byHand: [string, (app: INestApplication) => unknown, JwksRouteOptions][] = [
      [
        'a middleware',
        (app) =>
          app.use((_: unknown, response: { setHeader: SetHeader }, next: () => void) => {
            response.setHeader('Access-Control-Allow-Origin', own);
            response.setHeader('Vary', 'Accept-Encoding');
            next();
          }),
        {},
      ],
      [
        'an interceptor before the handler',
        (app) =>
          app.useGlobalInterceptors(
            interceptor((handled, set) => (set('Access-Control-Allow-Origin', own), handled())),
          ),
        {},
      ],
      [
        'an interceptor after it',
        (app) =>
          app.useGlobalInterceptors(
            interceptor((handled, set) => handled().pipe(tap(() => set('access-control-allow-origin', own)))),
          ),
        {},
      ],
      [
        'a decorator of the route',
        () => undefined,
        { decorators: [Header('Access-Control-Allow-Origin', own), SetMetadata('own', true)] },
      ],
    ];

    it.each(byHand)('set by %s is kept, and caches are told that it varies', async (_, setUp, jwks) => {
      const { fetch } = await start(setUp, jwks);
      const response = await fetch(path, { headers: { origin: own } });
      expect(response.headers.get('access-control-allow-origin')).toBe(own);
      expect(response.headers.get('vary')?.split(', ')).toContain('Origin');
      const unchanged = await fetch(path, { headers: { origin: own, 'if-none-match': '*' } });
      expect([unchanged.status, unchanged.headers.get('access-control-allow-origin')]).toEqual([304, own]);
    });

    it('that is there for others leaves everybody’s access where it sets nothing', async () => {
      const { fetch } = await start(() => undefined);
      const response = await fetch(path, { headers: { origin: foreign } });
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('vary')).toBeNull();
    });
  });

  it('a middleware that sets headers keeps those that are not about these bytes', async () => {
    const headers: [string, string][] = [
      ['cache-control', 'no-store'],
      ['etag', '"other"'],
      ['content-type', 'text/html'],
      ['x-content-type-options', 'nosniff'],
      ['content-security-policy', "default-src 'none'"],
      ['cross-origin-resource-policy', 'same-origin'],
    ];
    const { fetch } = await start((app) =>
      app.use((_: unknown, response: { setHeader: SetHeader }, next: () => void) => {
        for (const [name, value] of headers) response.setHeader(name, value);
        next();
      }),
    );
    const response = await fetch(path);
    expect(response.headers.get('content-security-policy')).toBe("default-src 'none'");
    expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    await expectTheDocument(response);
  });

  it('says nothing of a length where a HEAD is answered with 304 (RFC 9110 section 8.6)', async () => {
    const { fetch } = await start(() => undefined);
    for (const method of ['GET', 'HEAD']) {
      const response = await fetch(path, { method, headers: { 'if-none-match': '*' } });
      expect([method, response.status, response.headers.get('content-length')]).toEqual([method, 304, null]);
    }
  });

  it('a template of the application’s own is rendered as ever', async () => {
    @Controller()
    class PageController {
      @Get('page')
      @Render('page')
      page() {
        return { name: 'Alice' };
      }
    }
    const logger = new RecordingLogger();
    const setUp = (app: INestApplication) => {
      // What an engine does, without one.
      const view = function (this: EitherResponse & { send(text: string): unknown }, ...args: unknown[]) {
        return this.send(JSON.stringify(args));
      };
      const { response, ...instance } = app.getHttpAdapter().getInstance();
      if (response) response.render = view;
      else instance.decorateReply('view', view);
    };
    const metadata = { imports: [OidcKeyModule.forRoot({ key })], controllers: [PageController] };
    const { fetch } = await boot(adapter(), metadata, setUp, logger);
    expect(await (await fetch('/page')).json()).toEqual(['page', { name: 'Alice' }]);
    await expectTheDocument(await fetch(path));
  });

  if (platform === 'Fastify') {
    it('Fastify’s hooks see the answer, and may set headers and replace the payload', async () => {
      const seen: unknown[] = [];
      const { fetch, logger } = await start((app) => {
        (app as NestFastifyApplication)
          .getHttpAdapter()
          .getInstance()
          .addHook('onSend', async (_, reply, payload) => {
            await wait(5);
            seen.push(payload);
            reply.header('x-own', 'yes');
            return payload;
          });
      });
      const response = await fetch(path);
      expect(response.headers.get('x-own')).toBe('yes');
      await expectTheDocument(response);
      expect(seen).toEqual([JSON.stringify(document)]);
      const unchanged = await fetch(path, { headers: { 'if-none-match': '*' } });
      expect([unchanged.status, unchanged.headers.get('x-own')]).toEqual([304, 'yes']);
      expect(errorsIn(logger)).toEqual([]);
    });
  } else {
    it('Express’s middleware that wraps `send` sees the answer', async () => {
      const seen: unknown[] = [];
      const { fetch } = await start((app) =>
        app.use((_: unknown, response: { send: (body?: unknown) => unknown }, next: () => void) => {
          const { send } = response;
          response.send = (body) => {
            seen.push(body);
            return send.call(response, body);
          };
          next();
        }),
      );
      await expectTheDocument(await fetch(path));
      expect(seen).toEqual([JSON.stringify(document)]);
    });
  }
});
