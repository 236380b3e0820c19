import { afterEach, describe, expect, it } from '@jest/globals';
import { applyDecorators, Controller, Get, Injectable, UseGuards } from '@nestjs/common';
import type { CanActivate, ModuleMetadata } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  AccessToken,
  AccessTokenGuard,
  OptionalAccessToken,
  Public,
  RequireScopes,
  ResourceServerModule,
} from 'nestjs-oidc-key/resource-server';
import type { AccessTokenClaims } from 'nestjs-oidc-key/resource-server';

import { accessTo } from '../../lib/resource-server/declarations.js';
import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';
import { closeIssuers, IssuerOfKeys, published } from './issuer-of-keys.js';

const key = makeRsaKey();
const globally = { provide: APP_GUARD, useExisting: AccessTokenGuard };

const answer = (claims: AccessTokenClaims | undefined) => ({ sub: claims?.sub ?? null });

@Controller('public-class')
@Public()
class PublicClass {
  @Get('silent')
  silent(@AccessToken() claims?: AccessTokenClaims) {
    return answer(claims);
  }

  @Get('scopes')
  @RequireScopes('admin')
  scopes(@AccessToken() claims: AccessTokenClaims) {
    return answer(claims);
  }

  @Get('guard')
  @UseGuards(AccessTokenGuard)
  guard(@AccessToken() claims: AccessTokenClaims) {
    return answer(claims);
  }

  @Get('optional')
  @OptionalAccessToken()
  optional(@AccessToken() claims?: AccessTokenClaims) {
    return answer(claims);
  }
}

@Controller('guarded-class')
@RequireScopes('orders')
class GuardedClass {
  @Get('silent')
  silent(@AccessToken() claims: AccessTokenClaims) {
    return answer(claims);
  }

  @Get('public')
  @Public()
  public(@AccessToken() claims?: AccessTokenClaims) {
    return answer(claims);
  }

  @Get('optional')
  @OptionalAccessToken()
  optional(@AccessToken() claims?: AccessTokenClaims) {
    return answer(claims);
  }

  @Get('both')
  @RequireScopes('admin')
  both() {
    return {};
  }

  @Get('twice')
  @RequireScopes('admin')
  @RequireScopes('write')
  twice() {
    return {};
  }

  @Get('composed')
  @applyDecorators(RequireScopes('admin'), RequireScopes('write'))
  composed() {
    return {};
  }
}

/** What some decorators do: put another function in the place of the method. */
function Wrapped(): MethodDecorator {
  return (_target, _key, descriptor) => {
    const method = descriptor.value as unknown as (this: unknown, ...given: unknown[]) => unknown;
    const wrapper = function (this: unknown, ...given: unknown[]) {
      return method.apply(this, given);
    };
    // As careful ones do: the route is kept.
    for (const name of ['path', 'method']) {
      Reflect.defineMetadata(name, Reflect.getMetadata(name, method), wrapper);
    }
    return { ...descriptor, value: wrapper as never };
  };
}

@Controller('wrapped')
class WrappedMethods {
  @Wrapped()
  @Get('scopes')
  @RequireScopes('admin')
  scopes() {
    return {};
  }
}

/** What some classes do so that a method can be handed on. */
@Controller('bound')
@Public()
class BoundMethods {
  constructor() {
    this.scopes = this.scopes.bind(this);
  }

  @Get('scopes')
  @UseGuards(AccessTokenGuard)
  @RequireScopes('admin')
  scopes() {
    return {};
  }
}

@Controller('extended')
@RequireScopes('admin')
class Extended extends GuardedClass {
  @Get('inherited')
  inherited() {
    return {};
  }

  @Get('both')
  override both() {
    return {};
  }

  @Get('public')
  override public() {
    return { sub: null };
  }
}

@Controller('opened')
@Public()
class Opened extends GuardedClass {
  @Get('both')
  override both() {
    return {};
  }
}

const controllers = [PublicClass, GuardedClass, WrappedMethods, BoundMethods, Extended, Opened];

/** Who may call: nobody in particular, or whoever has these scopes. */
const expectations: [path: string, without: number, scopes: string | undefined][] = [
  ['public-class/silent', 200, undefined],
  ['public-class/scopes', 401, 'admin'],
  ['public-class/guard', 401, ''],
  ['public-class/optional', 200, undefined],
  ['guarded-class/silent', 401, 'orders'],
  ['guarded-class/public', 200, undefined],
  ['guarded-class/optional', 200, undefined],
  ['guarded-class/both', 401, 'orders admin'],
  ['guarded-class/twice', 401, 'orders admin write'],
  ['guarded-class/composed', 401, 'orders admin write'],
  ['wrapped/scopes', 401, 'admin'],
  ['bound/scopes', 401, 'admin'],
  ['extended/inherited', 401, 'orders admin'],
  ['extended/both', 401, 'orders admin'],
  ['extended/public', 401, 'orders admin'],
  ['opened/silent', 200, undefined],
  ['opened/both', 401, 'orders admin'],
];

describe.each(platforms)('attack 38: the nearest declaration wins, on %s', (_, adapter) => {
  afterEach(async () => {
    await closeAll();
    await closeIssuers();
  });

  async function start(metadata: ModuleMetadata) {
    const issuer = await IssuerOfKeys.start([published(key, { kid: 'k' })]);
    const imports = [ResourceServerModule.forRoot({ issuer: issuer.url, audience: 'https://api.example' })];
    const server = await boot(adapter(), { ...metadata, imports });
    const get = async (path: string, scope?: string) => {
      const authorization =
        scope === undefined ? {} : { authorization: `Bearer ${issuer.token(key, { scope })}` };
      const response = await server.fetch(`/${path}`, { headers: authorization as Record<string, string> });
      return response.status;
    };
    return { issuer, server, get };
  }

  it('for classes, methods, decorators that are composed or put another function there, and subclasses', async () => {
    const { get } = await start({ controllers, providers: [globally] });
    const found: typeof expectations = [];
    for (const [path, , scopes] of expectations) {
      const without = await get(path);
      if (scopes !== undefined) {
        expect([path, await get(path, scopes || 'none')]).toEqual([path, 200]);
        for (const left of scopes.split(' ').filter(Boolean)) {
          const others = scopes.split(' ').filter((scope) => scope !== left);
          expect([path, left, await get(path, others.join(' ') || 'none')]).toEqual([path, left, 403]);
        }
      }
      found.push([path, without, scopes]);
    }
    expect(found).toEqual(expectations);
  });

  it('a token that is optional has to be good, and gives nobody where there is none', async () => {
    const { issuer, server } = await start({ controllers, providers: [globally] });
    const get = async (authorization?: string) => {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const response = await server.fetch('/guarded-class/optional', { headers });
      const body: unknown = await response.json();
      return [response.status, body];
    };
    expect(await get()).toEqual([200, { sub: null }]);
    expect(await get('Basic YTpi')).toEqual([200, { sub: null }]);
    expect(await get(`Bearer ${issuer.token(key)}`)).toEqual([200, { sub: 'alice' }]);
    const good = issuer.token(key);
    for (const bad of [
      'Bearer',
      'bearer ',
      'Bearer a b',
      'Bearer ü',
      'Bearer undefined',
      `Bearer ${issuer.token(key, { exp: 1 })}`,
      `Bearer ${issuer.token(makeRsaKey(), {}, { kid: 'k' })}`,
      `Bearer ${good},${good}`,
    ]) {
      expect([bad, (await get(Buffer.from(bad).toString('latin1')))[0]]).toEqual([bad, 401]);
    }
  });
});

const [[, adapterOf]] = platforms as [(typeof platforms)[0]];
const imports = [
  ResourceServerModule.forRoot({ issuer: 'https://login.example', audience: 'https://api.example' }),
];

/** A class that is declared in a way that cannot be meant. */
function contradicting(onClass: ClassDecorator[], onMethod: MethodDecorator[]) {
  @Controller('contradicting')
  @applyDecorators(...onClass)
  class Contradicting {
    @Get()
    @applyDecorators(...onMethod)
    list() {
      return {};
    }
  }
  return Contradicting;
}

@Injectable()
class OtherGuard implements CanActivate {
  canActivate() {
    return true;
  }
}

describe('attack 38: what contradicts itself', () => {
  afterEach(closeAll);

  it.each<[string, ClassDecorator[], MethodDecorator[], RegExp]>([
    [
      'public and scopes on a class',
      [Public(), RequireScopes('a')],
      [],
      /Contradicting has both @Public\(\) and @Req/,
    ],
    ['public and scopes on a method', [], [RequireScopes('a'), Public()], /Contradicting\.list has both/],
    ['public and a guard', [], [Public(), UseGuards(AccessTokenGuard)], /@UseGuards\(AccessTokenGuard\)/],
    ['public and optional', [], [Public(), OptionalAccessToken()], /@OptionalAccessToken\(\)/],
    ['optional and scopes', [OptionalAccessToken(), RequireScopes('a')], [], /contradict each other/],
  ])('stops the boot: %s', async (_, onClass, onMethod, message) => {
    const metadata = { imports, controllers: [contradicting(onClass, onMethod)], providers: [globally] };
    await expect(boot(adapterOf(), metadata)).rejects.toMatchObject({
      code: 'OIDC_KEY_CONFLICT',
      message: expect.stringMatching(message),
    });
  });

  const handlerOf = ({ prototype }: { prototype: object }) => Reflect.get(prototype, 'list') as object;

  it('opens nothing where no boot saw it', () => {
    const onMethod = contradicting([Public()], [Public(), RequireScopes('a')]);
    expect(accessTo(onMethod, handlerOf(onMethod))).toEqual({ kind: 'required', scopes: ['a'] });
    const onClass = contradicting([Public(), UseGuards(AccessTokenGuard)], []);
    expect(accessTo(onClass, handlerOf(onClass))).toEqual({ kind: 'required', scopes: [] });
    const optional = contradicting([OptionalAccessToken(), RequireScopes('a')], []);
    expect(accessTo(optional, handlerOf(optional))).toEqual({ kind: 'required', scopes: ['a'] });
  });

  it('stops the boot: scopes where no guard is', async () => {
    const controller = contradicting([], [RequireScopes('a')]);
    await expect(boot(adapterOf(), { imports, controllers: [controller] })).rejects.toMatchObject({
      code: 'OIDC_KEY_CONFLICT',
      message: expect.stringMatching(/Contradicting\.list asks for scopes, and no guard is there/),
    });
  });

  it('stops the boot: scopes where only other guards are', async () => {
    const controller = contradicting([UseGuards(OtherGuard)], [RequireScopes('a')]);
    await expect(boot(adapterOf(), { imports, controllers: [controller] })).rejects.toMatchObject({
      code: 'OIDC_KEY_CONFLICT',
      message: expect.stringMatching(/Contradicting\.list asks for scopes, and none of its guards/),
    });
  });

  it.each<[string, ModuleMetadata]>([
    [
      'by an instance of the application',
      { providers: [{ provide: APP_GUARD, useExisting: AccessTokenGuard }] },
    ],
    [
      'by a class of its own that extends it',
      { providers: [{ provide: APP_GUARD, useClass: class extends AccessTokenGuard {} }] },
    ],
  ])('is no such thing where the guard is global %s', async (_, metadata) => {
    const logger = new RecordingLogger();
    const controller = contradicting([], [RequireScopes('a')]);
    await boot(adapterOf(), { imports, controllers: [controller], ...metadata }, undefined, logger);
    expect(JSON.stringify(logger.lines)).not.toMatch(/asks for scopes/);
  });
});

describe('two registrations', () => {
  afterEach(closeAll);
  const registration = (issuer: string, isGlobal = false) =>
    ResourceServerModule.forRoot({ issuer, audience: 'https://api.example', isGlobal });
  const [one, other] = ['https://one.example', 'https://other.example'] as const;
  class Handing {}
  const handing = (issuer: string) => ({
    module: class extends Handing {},
    imports: [registration(issuer)],
    exports: [ResourceServerModule],
  });
  const feature = (issuer: string) => ({ module: class extends Handing {}, imports: [registration(issuer)] });

  it.each<[string, ModuleMetadata['imports']]>([
    ['both global', [registration(one, true), registration(other, true)]],
    ['both in one module', [registration(one), registration(other)]],
    ['one of them handed on by another module', [registration(one), handing(other)]],
    ['both handed on', [handing(one), handing(other)]],
  ])('stop the boot where one would shadow the other: %s', async (_, both) => {
    await expect(boot(adapterOf(), { imports: both! })).rejects.toMatchObject({
      code: 'OIDC_KEY_MODULE_TWICE',
      message: expect.stringMatching(/"issuers"/),
    });
  });

  it.each<[string, ModuleMetadata['imports']]>([
    ['in modules of their own', [feature(one), feature(other)]],
    ['one global, and one in a module of its own', [registration(one, true), feature(other)]],
    ['the same one twice', [imports[0]!, { module: class extends Handing {}, imports: [imports[0]!] }]],
  ])('stand beside each other: %s', async (_, both) => {
    await expect(boot(adapterOf(), { imports: both! })).resolves.toBeDefined();
  });
});
