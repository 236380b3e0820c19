import { EventEmitter } from 'node:events';

import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext, ModuleMetadata } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { RouterExecutionContext } from '@nestjs/core/router/router-execution-context.js';
import { OidcKeyModule } from 'nestjs-oidc-key';
import {
  AccessToken,
  AccessTokenGuard,
  AccessTokenVerifier,
  OptionalAccessToken,
  Public,
  RequireScopes,
  ResourceServerModule,
} from 'nestjs-oidc-key/resource-server';
import type { AccessTokenClaims, ResourceServerOptions } from 'nestjs-oidc-key/resource-server';

import { resolveResourceServerOptions } from '../../lib/resource-server/resolve-options.js';
import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';
import { base64url } from '../support/tokens.js';
import { closeIssuers, IssuerOfKeys, published } from './issuer-of-keys.js';

const key = makeRsaKey();
const globally = { provide: APP_GUARD, useExisting: AccessTokenGuard };
const [[, anyAdapter]] = platforms as [(typeof platforms)[0]];

afterEach(async () => {
  await closeAll();
  await closeIssuers();
});

/** In milliseconds, as in `until`: more than anything here may take. */
const patience = 5_000;

const startIssuer = () => IssuerOfKeys.start([published(key, { kid: 'k' })]);

async function start(adapter: ReturnType<typeof anyAdapter>, metadata: ModuleMetadata, options: object = {}) {
  const issuer = await startIssuer();
  const logger = new RecordingLogger();
  const given = { issuer: issuer.url, audience: 'https://api.example', ...options };
  const imports = [ResourceServerModule.forRoot(given), ...(metadata.imports ?? [])];
  const server = await boot(adapter, { ...metadata, imports }, undefined, logger);
  const get = async (path: string, token?: string) => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return (await server.fetch(path, { headers, signal: AbortSignal.timeout(patience) })).status;
  };
  const token = (claims: object = {}) => issuer.token(key, claims, { kid: 'k' });
  return { issuer, logger, get, token };
}

/** What a boot comes to: the code of its error, or the status of a call without a token, or with one of few scopes. */
async function comesTo(
  adapter: ReturnType<typeof anyAdapter>,
  metadata: ModuleMetadata,
  path: string,
): Promise<unknown> {
  try {
    const { get, token } = await start(adapter, metadata);
    return [await get(path), await get(path, token({ scope: 'orders' }))];
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  }
}

@Controller('any')
class Any {
  @Get()
  list() {
    return {};
  }
}

type AnyFunction = (this: unknown, ...given: unknown[]) => unknown;

/** What many decorators do: put a function without a name in the place of the method. */
function Retried(): MethodDecorator {
  return (_target, _key, descriptor) => {
    const method = descriptor.value as unknown as AnyFunction;
    descriptor.value = async function (this: unknown, ...given: unknown[]) {
      await Promise.resolve();
      return method.apply(this, given);
    } as never;
  };
}

/** What `@opentelemetry/instrumentation-nestjs-core` does to every handler: another function, with name and metadata. */
async function traced<Result>(work: () => Promise<Result>): Promise<Result> {
  const prototype = RouterExecutionContext.prototype as unknown as { create: AnyFunction };
  const original = prototype.create;
  prototype.create = function (instance, callback, ...rest) {
    const handler = callback as AnyFunction;
    const wrapper: AnyFunction = function (...given) {
      return handler.apply(this, given);
    };
    Object.defineProperty(wrapper, 'name', { value: handler.name });
    for (const name of Reflect.getMetadataKeys(handler) as string[]) {
      Reflect.defineMetadata(name, Reflect.getMetadata(name, handler), wrapper);
    }
    return original.call(this, instance, wrapper, ...rest);
  };
  try {
    return await work();
  } finally {
    prototype.create = original;
  }
}

@Controller('retried')
class RetriedMethod {
  @Get()
  @RequireScopes('admin')
  @Retried()
  list() {
    return {};
  }
}

@Controller('wrapped')
class WrappedByItsInstance {
  constructor() {
    const list = this.list.bind(this);
    this.list = () => list();
  }

  @Get()
  @RequireScopes('admin')
  list() {
    return {};
  }
}

/** Nest reads the guards of the function that the instance has, and there are none. */
@Controller('bound')
class BoundByItsInstance {
  constructor() {
    this.list = this.list.bind(this);
  }

  @Get()
  @UseGuards(AccessTokenGuard)
  @RequireScopes('admin')
  list() {
    return {};
  }
}

class Inherited {
  @Get()
  list() {
    return {};
  }
}

/** As factories of controllers do: a decorator for a method that the class only inherits. */
@Controller('declared-later')
class DeclaredLater extends Inherited {}
RequireScopes('admin')(
  DeclaredLater.prototype,
  'list',
  Object.getOwnPropertyDescriptor(Inherited.prototype, 'list')!,
);

@Injectable()
class SomeThrottler implements CanActivate {
  canActivate() {
    return true;
  }
}

@Controller('throttled')
class NoGuardButAThrottler {
  @Get()
  @RequireScopes('admin')
  list() {
    return {};
  }
}

@Injectable()
class Delegating implements CanActivate {
  constructor(@Inject(AccessTokenGuard) private readonly guard: AccessTokenGuard) {}

  canActivate(context: ExecutionContext) {
    return this.guard.canActivate(context);
  }
}

@Controller('delegating')
@Public()
class GuardThatAsksOurs {
  @Get()
  @UseGuards(Delegating)
  list() {
    return {};
  }
}

const throttled = { provide: APP_GUARD, useClass: SomeThrottler };

const openings: [string, string, ModuleMetadata, 'admin' | 'token'][] = [
  [
    'a method that its instance wrapped in a function of another name',
    '/wrapped',
    { controllers: [WrappedByItsInstance], providers: [globally] },
    'admin',
  ],
  [
    'a method with a guard of its own that its instance bound',
    '/bound',
    { controllers: [BoundByItsInstance] },
    'admin',
  ],
  [
    'scopes declared for a method that the class inherits',
    '/declared-later',
    { controllers: [DeclaredLater], providers: [globally] },
    'admin',
  ],
  [
    'scopes where no guard is but one that knows nothing of tokens',
    '/throttled',
    { controllers: [NoGuardButAThrottler], providers: [throttled] },
    'admin',
  ],
  [
    'a guard that asks ours, on a method of a class that is public',
    '/delegating',
    { controllers: [GuardThatAsksOurs] },
    'token',
  ],
];

describe.each(platforms)('attack 38: nothing fails open, on %s', (_, adapter) => {
  it.each(openings)('%s: the call is refused, or the boot', async (_what, path, metadata, needed) => {
    expect(['OIDC_KEY_CONFLICT', [401, needed === 'admin' ? 403 : 200]]).toContainEqual(
      await comesTo(adapter(), metadata, path),
    );
  });

  it('a method that was replaced by its decorator, where tracing wraps every handler', async () => {
    const metadata = { controllers: [RetriedMethod], providers: [globally] };
    expect(await comesTo(adapter(), metadata, '/retried')).toEqual([401, 403]);
    expect(await traced(() => comesTo(adapter(), metadata, '/retried'))).toEqual([401, 403]);
  });

  it.each([
    ['deeper than can be printed', `${'['.repeat(5_500)}${']'.repeat(5_500)}`],
    // Where it costs the square of its length, the answer comes when nobody waits for it any more.
    ['of slashes', `"https://a.example/${'/'.repeat(150_000)}x"`],
  ])('a token of nobody whose issuer is %s is refused as others are, and at once', async (_what, iss) => {
    const token = `${base64url({ alg: 'RS256', typ: 'at+jwt' })}.${base64url(`{"iss":${iss}}`)}.`;
    const metadata = { controllers: [Any], providers: [globally] };
    const { get, logger } = await start(adapter(), metadata, { getToken: () => token });
    expect(await get('/any')).toBe(401);
    expect(JSON.stringify(logger.lines)).not.toMatch(/ExceptionsHandler/);
  });
});

describe('options that are given and not seen', () => {
  class OptionsOfAClass {
    readonly audience = 'https://api.example';
    constructor(readonly issuer: string) {}
    get expectedClaims() {
      return { tenant: 'mine' };
    }
  }
  const registrations: [string, (issuer: string) => ReturnType<typeof ResourceServerModule.forRoot>][] = [
    [
      'a getter of a class, to forRoot',
      (issuer) => ResourceServerModule.forRoot(new OptionsOfAClass(issuer)),
    ],
    [
      'a getter of a class, from a factory',
      (issuer) => ResourceServerModule.forRootAsync({ useFactory: () => new OptionsOfAClass(issuer) }),
    ],
    [
      'a prototype',
      (issuer) =>
        ResourceServerModule.forRootAsync({
          useFactory: () =>
            Object.assign(Object.create({ expectedClaims: { tenant: 'mine' } }), {
              issuer,
              audience: 'https://api.example',
            }) as ResourceServerOptions,
        }),
    ],
    [
      'claims in a Map',
      (issuer) =>
        ResourceServerModule.forRoot({
          issuer,
          audience: 'https://api.example',
          expectedClaims: new Map([['tenant', 'mine']]) as never,
        }),
    ],
  ];

  it.each(registrations)('leave no check out: %s', async (_, registration) => {
    const issuer = await startIssuer();
    const headers = { authorization: `Bearer ${issuer.token(key, { tenant: 'other' }, { kid: 'k' })}` };
    const booted = async () =>
      boot(anyAdapter(), {
        imports: [registration(issuer.url)],
        controllers: [Any],
        providers: [globally],
      });
    const status = await booted().then(
      async (server) => (await server.fetch('/any', { headers })).status,
      (error: { code?: string }) => error.code,
    );
    expect(['OIDC_KEY_INVALID_OPTION', 401]).toContain(status);
  });

  // OpenID Connect Core sections 2, 3.1.3.6, 3.3.2.11 and 5.1, and Front-Channel Logout section 3: what ID tokens have.
  it.each(['nonce', 'at_hash', 'c_hash', 'auth_time', 'acr', 'amr', 'sid', 'email', 'name'])(
    'a claim that ID tokens have tells no access token: %s',
    (claim) => {
      const options = { issuer: 'https://a.example', audience: 'web', typ: 'JWT' };
      expect(() => resolveResourceServerOptions({ ...options, requiredClaims: ['exp', claim] })).toThrow(
        /"typ"/,
      );
    },
  );

  it('"keys" that is null is told as an option', () => {
    const options = { issuer: 'https://a.example', audience: 'web', keys: null as never };
    expect(() => resolveResourceServerOptions(options)).toThrow(/The option "keys" of ResourceServerModule/);
  });
});

@Controller('unseen')
class TakesWhatNobodyVerifies {
  @Get()
  list(@AccessToken() claims?: AccessTokenClaims) {
    return { sub: claims?.sub ?? null };
  }
}

@Controller('unguarded')
class OptionalWithoutGuard {
  @Get()
  @OptionalAccessToken()
  list() {
    return {};
  }
}

describe('decorators where no guard is', () => {
  it('stop the boot: an optional token that nobody would look at', async () => {
    await expect(start(anyAdapter(), { controllers: [OptionalWithoutGuard] })).rejects.toMatchObject({
      code: 'OIDC_KEY_CONFLICT',
      message: expect.stringMatching(/OptionalWithoutGuard\.list has @OptionalAccessToken\(\), and no guard/),
    });
  });

  it('are told: a token that is always undefined', async () => {
    const { logger } = await start(anyAdapter(), { controllers: [TakesWhatNobodyVerifies] });
    expect(JSON.stringify(logger.lines)).toMatch(
      /TakesWhatNobodyVerifies\.list takes @AccessToken\(\), and no guard/,
    );
  });

  it('are told: a JWKS route that a global guard closes', async () => {
    const imports = (jwks: object) => [OidcKeyModule.forRoot({ key, jwks })];
    const closed = await start(anyAdapter(), { imports: imports({}), providers: [globally] });
    expect(JSON.stringify(closed.logger.lines)).toMatch(
      /The JWKS route needs an access token.*decorators: \[Public/,
    );
    expect(await closed.get('/.well-known/jwks.json')).toBe(401);
    const open = await start(anyAdapter(), {
      imports: imports({ decorators: [Public()] }),
      providers: [globally],
    });
    expect(JSON.stringify(open.logger.lines)).not.toMatch(/The JWKS route needs/);
    expect(await open.get('/.well-known/jwks.json')).toBe(200);
  });
});

describe('honest applications boot', () => {
  @Controller('asking')
  class AsksByAnother {
    @Get()
    @UseGuards(Delegating)
    @RequireScopes('admin')
    list() {
      return {};
    }
  }

  @Injectable()
  class Events extends EventEmitter {}

  @Controller('helped')
  @RequireScopes('orders')
  class Helped {
    @Get()
    @UseGuards(AccessTokenGuard)
    list() {
      return this.format();
    }

    format() {
      return {};
    }
  }

  it('a test that puts another guard, or another verifier, in the place of ours', async () => {
    @Controller('scoped')
    class Scoped {
      @Get()
      @RequireScopes('admin')
      list(@AccessToken() claims?: AccessTokenClaims) {
        return { sub: claims?.sub ?? null };
      }
    }
    const imports = [ResourceServerModule.forRoot({ issuer: 'https://login.example', audience: 'api' })];
    const metadata = { imports, controllers: [Scoped], providers: [globally] };
    const answerOf = async (builder: TestingModuleBuilder) => {
      const app = (await builder.compile()).createNestApplication(anyAdapter());
      await app.listen(0, '127.0.0.1');
      try {
        const response = await fetch(`${await app.getUrl()}/scoped`, {
          headers: { authorization: 'Bearer x' },
        });
        return [response.status, await response.json()];
      } finally {
        await app.close();
      }
    };
    const open = { canActivate: () => true };
    expect(
      await answerOf(Test.createTestingModule(metadata).overrideProvider(AccessTokenGuard).useValue(open)),
    ).toEqual([200, { sub: null }]);
    const verifier = { verify: async () => ({ sub: 'alice', scope: 'admin' }) };
    expect(
      await answerOf(
        Test.createTestingModule(metadata).overrideProvider(AccessTokenVerifier).useValue(verifier),
      ),
    ).toEqual([200, { sub: 'alice' }]);
  });

  it.each<[string, ModuleMetadata]>([
    ['with scopes that a guard looks at which has ours injected', { controllers: [AsksByAnother] }],
    ['with a provider that extends a class of Node, in Jest too', { providers: [Events] }],
    ['with a provider that is a class of Node, in Jest too', { providers: [EventEmitter] }],
    ['with a method that is no route, where the routes have the guards', { controllers: [Helped] }],
  ])('%s', async (_, metadata) => {
    await expect(start(anyAdapter(), metadata)).resolves.toBeDefined();
  });
});

describe('two registrations', () => {
  const registration = (issuer: string, isGlobal: boolean) =>
    ResourceServerModule.forRoot({ issuer, audience: 'https://api.example', isGlobal });

  it.each([
    ['the global one first', [true, false]],
    ['the global one last', [false, true]],
  ] as const)(
    'stop the boot where one module imports a global one and another: %s',
    async (_, [one, other]) => {
      const imports = [
        registration('https://one.example', one),
        registration('https://other.example', other),
      ];
      await expect(boot(anyAdapter(), { imports })).rejects.toMatchObject({ code: 'OIDC_KEY_MODULE_TWICE' });
    },
  );
});
