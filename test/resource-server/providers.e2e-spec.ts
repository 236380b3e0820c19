import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, UseGuards } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { transformSync } from '@swc/core';
import {
  AccessToken,
  AccessTokenGuard,
  RequireScopes,
  ResourceServerModule,
} from 'nestjs-oidc-key/resource-server';
import type { AccessTokenClaims, IssuerOptions } from 'nestjs-oidc-key/resource-server';

import { resolveResourceServerOptions } from '../../lib/resource-server/resolve-options.js';
import { jwkOf, makeRsaKey } from '../support/keys.js';
import { pageAt } from '../support/pages.js';
import { boot, closeAll, platforms } from '../support/platforms.js';
import { forge } from '../support/tokens.js';
import { closeIssuers, startServer } from './issuer-of-keys.js';
import { providers } from './provider-tokens.js';
import type { Provider, ProviderToken } from './provider-tokens.js';

const key = makeRsaKey();
const stranger = makeRsaKey();
const { kty, n, e } = jwkOf(key);

/** The files of the page, by name. */
const files = new Map(
  pageAt('docs/providers.md').blocks.map(({ code }) => [/^\/\/ (\S+)\n/.exec(code)![1]!, code]),
);

/** What a file exports: what is tested is what is documented. */
async function optionsOf(file: string): Promise<IssuerOptions> {
  const { code } = transformSync(files.get(file)!, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  });
  const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as object;
  const [options] = Object.values(module) as [IssuerOptions];
  return options;
}

/**
 * The settings without the one thing that keeps ID tokens out. A boot stops where nothing is asked for that an ID token
 * does not have in any case, so there is a claim in its place that says nothing.
 */
function unmarked({ mark }: Provider, options: IssuerOptions): IssuerOptions {
  const { requiredClaims = ['exp', 'iat', 'jti', 'sub', 'client_id'], expectedClaims } = options;
  if (mark === 'typ') {
    return { ...options, typ: ['at+jwt', 'JWT'], requiredClaims: [...requiredClaims, 'nothing'] };
  }
  const { [mark.claim]: _, ...expected } = expectedClaims ?? {};
  const others = requiredClaims.filter((claim) => claim !== mark.claim);
  return { ...options, requiredClaims: [...others, 'nothing'], expectedClaims: expected };
}

function controllerFor(scope: string) {
  @Controller('orders')
  @UseGuards(AccessTokenGuard)
  class OrdersController {
    @Get()
    list(@AccessToken() { sub, scope: granted }: AccessTokenClaims) {
      return { sub, scope: granted };
    }

    @Get('scoped')
    @RequireScopes(scope)
    scoped() {
      return 'granted';
    }
  }
  return OrdersController;
}

type Get = (token: string, path?: string) => Promise<Response>;

async function start(adapter: AbstractHttpAdapter, options: IssuerOptions, scope = 'orders'): Promise<Get> {
  const imports = [ResourceServerModule.forRoot(options)];
  const server = await boot(adapter, { imports, controllers: [controllerFor(scope)] });
  return (token, path = '') =>
    server.fetch(`/orders${path}`, { headers: { authorization: `Bearer ${token}` } });
}

/** Where the keys of a provider are, in the form in which it publishes them. */
function publishKeysOf({ jwks }: Provider): Promise<string> {
  const body = JSON.stringify({ keys: jwks({ kty, n, e }) });
  return startServer((_, response) => response.setHeader('content-type', 'application/json').end(body));
}

const sign = ({ header, claims }: ProviderToken, changes: object = {}, by = key) =>
  forge(by, header, { ...claims, ...changes });

it('every file of settings on the page is of a provider here, and the other way round', () => {
  const settings = [...files].filter(([, code]) => code.includes('satisfies IssuerOptions'));
  expect(settings.map(([file]) => file)).toEqual(providers.map(({ file }) => file));
});

it('the table of the page says of each provider what its file does', async () => {
  const rows = [...pageAt('docs/providers.md').text.matchAll(/^\| (?!provider|-)(.+) \|$/gm)].map(([, row]) =>
    row!.split('|').map((cell) => cell.replaceAll('`', '').trim()),
  );
  const told = rows.map(([, typ, , scopes, mark]) => ({ typ, scopes: scopes!.split(',')[0], mark }));
  const done = providers.map(async ({ file, mark, scope }) => {
    const { typ = 'at+jwt', scopeClaim = 'scope', expectedClaims } = await optionsOf(file);
    const [value] = [mark === 'typ' ? typ : expectedClaims?.[mark.claim]].flat();
    const place = mark === 'typ' ? 'the header' : mark.claim;
    return {
      typ: typ === false ? 'none' : [typ].flat()[0],
      scopes: scope === undefined ? 'none' : scopeClaim,
      mark: value === undefined ? `the claim ${place}` : `${String(value)} in ${place}`,
    };
  });
  expect(told).toEqual(await Promise.all(done));
});

describe.each(platforms)('on %s', (_, adapter) => {
  describe.each(providers)('$file', (provider) => {
    const { accessToken, idToken, scope } = provider;
    let options: IssuerOptions;
    let get: Get;
    let getUnmarked: Get;

    beforeAll(async () => {
      const jwksUri = await publishKeysOf(provider);
      options = await optionsOf(provider.file);
      const required = scope?.split(' ').at(-1);
      get = await start(adapter(), { ...options, jwksUri }, required);
      getUnmarked = await start(adapter(), { ...unmarked(provider, options), jwksUri }, required);
    });
    afterAll(async () => {
      await closeAll();
      await closeIssuers();
    });

    it('names the issuer to the letter, and where it publishes its keys', () => {
      expect(options.issuer).toBe(accessToken.claims['iss']);
      const { issuers } = resolveResourceServerOptions(options);
      expect(issuers.map(({ origin }) => origin)).toEqual([{ jwksUri: new URL(provider.keys) }]);
    });

    it('accepts an access token, with its subject and scopes for the handler', async () => {
      const response = await get(sign(accessToken));
      const expected = { sub: accessToken.claims['sub'], ...(scope !== undefined && { scope }) };
      expect([response.status, await response.json()]).toEqual([200, expected]);
    });

    it('lets @RequireScopes read the scopes, where there are any', async () => {
      expect((await get(sign(accessToken), '/scoped')).status).toBe(scope === undefined ? 403 : 200);
    });

    it.each(Object.entries({ 'an ID token': idToken, ...provider.others }))(
      'refuses %s',
      async (__, token) => {
        expect((await get(sign(token))).status).toBe(401);
      },
    );

    it('refuses an ID token that lacks nothing but the one thing, and accepts it where that is not asked for', async () => {
      const likest = sign(idToken, { ...provider.atLikest, nothing: true });
      expect([(await get(likest)).status, (await getUnmarked(likest)).status]).toEqual([401, 200]);
    });

    it('refuses an access token for another API', async () => {
      expect((await get(sign(accessToken, provider.forAnother))).status).toBe(401);
    });

    it('refuses an access token of the same shape by another key', async () => {
      expect((await get(sign(accessToken, {}, stranger))).status).toBe(401);
    });
  });
});

describe('src/entra-id.ts, with idtyp in place of scp', () => {
  const provider = providers.find(({ file }) => file === 'src/entra-id.ts')!;
  const { accessToken, idToken, others, atLikest } = provider;
  const ofApplication = others!['a token that an application got for itself']!;
  const [[, adapter]] = platforms as [(typeof platforms)[0]];
  let get: Get;

  beforeAll(async () => {
    const jwksUri = await publishKeysOf(provider);
    const options = await optionsOf(provider.file);
    const requiredClaims = options.requiredClaims!.filter((claim) => claim !== 'scp');
    const expectedClaims = { idtyp: ['app', 'user'] };
    get = await start(adapter(), { ...options, requiredClaims, expectedClaims, jwksUri });
  });
  afterAll(async () => {
    await closeAll();
    await closeIssuers();
  });

  it.each([
    ['accepts the token of a user', sign(accessToken, { idtyp: 'user' }), 200],
    ['accepts one that an application got for itself', sign(ofApplication, { idtyp: 'app' }), 200],
    ['refuses one without idtyp', sign(accessToken), 401],
    ['refuses one of a device', sign(accessToken, { idtyp: 'device' }), 401],
    ['refuses an ID token', sign(idToken, atLikest), 401],
  ])('%s', async (_, token, status) => {
    expect((await get(token)).status).toBe(status);
  });
});
