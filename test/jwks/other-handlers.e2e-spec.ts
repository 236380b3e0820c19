import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';
import { All, Controller, Get, Head, Module, Post, RequestMethod, VersioningType } from '@nestjs/common';
import type {
  CallHandler,
  ExecutionContext,
  INestApplication,
  MiddlewareConsumer,
  ModuleMetadata,
  Type,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestFactory } from '@nestjs/core';
import express from 'express';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';
import type { JwksRouteOptions } from 'nestjs-oidc-key';

import { rejectionOf } from '../support/errors.js';
import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';

const key = makeRsaKey();
const path = '/.well-known/jwks.json';
const own = { keys: [] };

/** As the documentation of @jmondi/oauth2-server 5 has it. */
@Controller()
class OAuthController {
  @Get(path)
  jwks() {
    return own;
  }
}

@Controller('.well-known')
class FolderController {
  @Get(':file')
  file() {
    return own;
  }
}

@Controller()
class EverythingController {
  @All('*path')
  everything() {
    return own;
  }
}

@Controller(['/other', '/.well-known'])
class SeveralPathsController {
  @Get(['a', 'jwks.json'])
  several() {
    return own;
  }
}

@Controller({ path: '.well-known', host: 'admin.example.com' })
class OfAnotherHost {
  @Get(':file')
  file() {
    return own;
  }
}

@Controller({ path: '.well-known', version: '2' })
class OfAnotherVersion {
  @Get(':file')
  file() {
    return own;
  }
}

@Controller()
class HarmlessController {
  @Post(path)
  post() {
    return own;
  }

  @Get(['/.well-known/openid-configuration', `${path}/x`, '/jwks.json', '/:one'])
  elsewhere() {
    return own;
  }

  @Head('/.well-known/:file')
  head() {
    return own;
  }
}

const express5 = platforms[0]![1];
const fastify = platforms[1]![1];

async function start(
  adapter: Parameters<typeof boot>[0],
  metadata: ModuleMetadata,
  setUp: (app: INestApplication) => unknown = () => undefined,
  jwks: JwksRouteOptions = {},
) {
  const logger = new RecordingLogger();
  const imports = [...(metadata.imports ?? []), OidcKeyModule.forRoot({ key, jwks })];
  const application = await boot(adapter, { ...metadata, imports }, (app) => void setUp(app), logger);
  const lines = () => logger.lines.map(([line]) => String(line));
  const warnings = () => lines().filter((line) => line.includes('JWKS route'));
  return { ...application, lines, warnings };
}

const remedy = /(?=.*`jwks: \{ path \}`)(?=.*`jwks: false`)/;

afterEach(closeAll);

describe('on Express the boot says what answers before the JWKS route', () => {
  it.each<[Type, string, string]>([
    [OAuthController, 'OAuthController.jwks', path],
    [FolderController, 'FolderController.file', '/.well-known/:file'],
    [EverythingController, 'EverythingController.everything', '/*path'],
    [SeveralPathsController, 'SeveralPathsController.several', path],
  ])('%p', async (controller, name, at) => {
    const { fetch, warnings } = await start(express5(), { controllers: [controller] });
    expect(warnings()).toEqual([expect.stringContaining(`${path} is asked only after ${name} at ${at},`)]);
    expect(warnings()[0]).toMatch(remedy);
    expect(await (await fetch(path)).json()).toEqual(own);
  });

  it('a controller under a global prefix and a version', async () => {
    const { fetch, warnings } = await start(
      express5(),
      { controllers: [OAuthController] },
      (app) => app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
      { path: `/api/v1${path}` },
    );
    expect(warnings()).toEqual([expect.stringContaining('OAuthController.jwks')]);
    expect(await (await fetch(`/api/v1${path}`)).json()).toEqual(own);
  });

  it.each<[string, Type, (app: INestApplication) => unknown]>([
    ['for another host', OfAnotherHost, () => undefined],
    [
      'of a version that a header names',
      OfAnotherVersion,
      (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' }),
    ],
  ])('a controller %s passes the request on, and nothing is said', async (_, controller, setUp) => {
    const { app, fetch, warnings } = await start(express5(), { controllers: [controller] }, setUp);
    expect(await (await fetch(path)).json()).toEqual(app.get(JwtService).getKeySet());
    expect(warnings()).toEqual([]);
  });

  const answer = (_: unknown, response: { json(body: object): void }) => response.json(own);
  it.each<[string, (app: INestApplication) => unknown]>([
    ['a route of Express itself', (app) => app.getHttpAdapter().get(path, answer)],
    [
      'a route for every method',
      (app) => (app as NestExpressApplication).getHttpAdapter().getInstance().all(path, answer),
    ],
    [
      'a router that is mounted',
      (app) => app.use('/.well-known', express.Router().get('/jwks.json', answer)),
    ],
    [
      'routers within routers',
      (app) => app.use(express.Router().use('/.well-known', express.Router().get('/:file', answer))),
    ],
  ])('%s', async (_, setUp) => {
    const { fetch, warnings } = await start(express5(), {}, setUp);
    expect(warnings()).toEqual([expect.stringMatching(/a handler that is of no controller/)]);
    expect(await (await fetch(path)).json()).toEqual(own);
  });
});

describe('on Fastify a second handler stops the boot, and the error says which two they are', () => {
  it.each<Type>([OAuthController, SeveralPathsController])('%p', async (controller) => {
    const error = await rejectionOf(start(fastify(), { controllers: [controller] }));
    expect(error).toMatchObject({ code: 'OIDC_KEY_INVALID_OPTION', message: expect.stringMatching(remedy) });
    expect(error.message).toMatch(new RegExp(`${controller.name}\\.\\w+ are both at ${path}`));
  });

  it('a controller that is asked later', async () => {
    class Later {}
    Module({ controllers: [OAuthController] })(Later);
    class Application {}
    Module({ imports: [OidcKeyModule.forRoot({ key }), Later] })(Application);
    const app = await NestFactory.create(Application, fastify(), { logger: false, abortOnError: false });
    expect((await rejectionOf(app.init())).message).toContain('OAuthController.jwks');
    await app.close();
  });

  it('a route of Fastify itself', async () => {
    const setUp = (app: INestApplication) =>
      (app as NestFastifyApplication)
        .getHttpAdapter()
        .getInstance()
        .get(path, async () => own);
    const error = await rejectionOf(start(fastify(), {}, setUp));
    expect(error).toMatchObject({ code: 'OIDC_KEY_INVALID_OPTION', message: expect.stringMatching(remedy) });
    expect(error.message).toMatch(/a handler that is of no controller/);
  });
});

/** What answers before a router is asked. */
const before: [string, (app: INestApplication, folder: string) => unknown][] = [
  [
    'a middleware',
    (app) =>
      app.use((request: { url: string }, response: { end(text: string): void }, next: () => void) =>
        request.url === path ? response.end('{}') : next(),
      ),
  ],
  [
    'a middleware at the path',
    (app) => app.use(path, (_: unknown, response: { end(text: string): void }) => response.end('{}')),
  ],
];

describe.each(platforms)('on %s the first answer that is not the route’s is said', (platform, adapter) => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-static-'));
  mkdirSync(join(folder, '.well-known'));
  writeFileSync(join(folder, path), '{}');

  const ownKinds: typeof before =
    platform === 'Express'
      ? [
          [
            'a folder of static files',
            (app) => (app as NestExpressApplication).useStaticAssets(folder, { dotfiles: 'allow' }),
          ],
        ]
      : [
          [
            'a hook',
            (app) =>
              (app as NestFastifyApplication)
                .getHttpAdapter()
                .getInstance()
                .addHook('onRequest', async (request, reply) => {
                  if (request.url === path) await reply.send('{}');
                }),
          ],
        ];

  it.each([...before, ...ownKinds])('%s', async (_, setUp) => {
    const { fetch, warnings } = await start(adapter(), {}, (app) => setUp(app, folder));
    expect(warnings()).toEqual([]);
    await (await fetch('/elsewhere')).text();
    expect(warnings()).toEqual([]);
    for (let count = 0; count < 2; count++) expect(await (await fetch(path)).text()).toBe('{}');
    expect(warnings()).toEqual([
      expect.stringMatching(/answered at \/\.well-known\/jwks\.json, with status 200/),
    ]);
    expect(warnings()[0]).toMatch(remedy);
  });

  it('but not what refuses', async () => {
    let isOpen = false;
    const { fetch, warnings } = await start(adapter(), {}, (app) =>
      app.useGlobalGuards({ canActivate: () => isOpen }),
    );
    expect((await fetch(path)).status).toBe(403);
    isOpen = true;
    expect((await fetch(path)).status).toBe(200);
    expect(warnings()).toEqual([]);
  });

  it('nothing is said of what answers elsewhere, nor of a middleware that passes on', async () => {
    class Passing {
      configure(consumer: MiddlewareConsumer) {
        consumer
          .apply((__: unknown, ___: unknown, next: () => void) => next())
          .forRoutes({ path, method: RequestMethod.ALL });
      }
    }
    Module({})(Passing);
    const { fetch, warnings } = await start(
      adapter(),
      { imports: [Passing], controllers: [HarmlessController] },
      (app) => app.use((__: unknown, ___: unknown, next: () => void) => next()),
    );
    expect((await fetch(`${path}?x=1`)).status).toBe(200);
    expect((await fetch(path)).status).toBe(200);
    expect(warnings()).toEqual([]);
  });

  it('nor a redirect, a preflight, and each of several at once only the first time', async () => {
    let answer: 'redirect' | 'answer' = 'redirect';
    const { fetch, warnings } = await start(adapter(), {}, (app) => {
      app.enableCors();
      app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        const { originalUrl = request.url } = request as { originalUrl?: string };
        if (originalUrl !== path) return next();
        if (answer === 'redirect')
          return response.writeHead(308, { location: 'https://issuer.example' }).end();
        setTimeout(() => response.end('{}'), 50);
      });
    });
    expect((await fetch(path, { redirect: 'manual' })).status).toBe(308);
    await fetch(path, {
      method: 'OPTIONS',
      headers: { origin: 'https://a.example', 'access-control-request-method': 'GET' },
    });
    expect(warnings()).toEqual([]);
    answer = 'answer';
    const answers = await Promise.all([fetch(path), fetch(path), fetch(path)]);
    await Promise.all(answers.map((each) => each.text()));
    expect(warnings()).toHaveLength(1);
  });

  it('an interceptor that sends an answer of its own is said, and no error comes of it', async () => {
    const { fetch, lines } = await start(adapter(), {}, (app) =>
      app.useGlobalInterceptors({
        intercept: (context: ExecutionContext, next: CallHandler) => {
          const response = context.switchToHttp().getResponse<{ send(body: string): void }>();
          response.send('{}');
          return next.handle();
        },
      }),
    );
    expect(await (await fetch(path)).text()).toBe('{}');
    expect(lines().filter((line) => /ERR_|Error|already/.test(line))).toEqual([]);
    expect(lines().filter((line) => line.includes('Something else'))).toHaveLength(1);
  });

  it('nothing is listened to any more once the route has answered', async () => {
    const { app, fetch } = await start(adapter(), {});
    const server = app.getHttpServer() as NodeJS.EventEmitter;
    const listeners = server.listenerCount('request');
    await (await fetch(path)).text();
    expect(server.listenerCount('request')).toBe(listeners - 1);
  });
});

it('an application without a server has no route to look for', async () => {
  class Application {}
  Module({ imports: [OidcKeyModule.forRoot({ key })] })(Application);
  const context = await NestFactory.createApplicationContext(Application, { logger: false });
  await context.close();
});
