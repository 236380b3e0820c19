import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';

import type * as ResourceServer from '../../lib/resource-server/index.js';
import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll, platforms } from '../support/platforms.js';
import { root } from '../support/processes.js';
import { closeIssuers, IssuerOfKeys, published } from './issuer-of-keys.js';

const key = makeRsaKey();
const folder = mkdtempSync(join(root, 'dist/copy-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The package as it is built, and a second copy of it, as two versions of it in one `node_modules` are. */
async function copies() {
  const bundle = join(root, 'dist/bundle');
  cpSync(bundle, folder, { recursive: true });
  const load = (path: string) =>
    import(pathToFileURL(join(path, 'resource-server/index.js')).href) as Promise<typeof ResourceServer>;
  return [await load(bundle), await load(folder)] as const;
}

describe('attack 38: two copies of the package in one application', () => {
  afterEach(async () => {
    await closeAll();
    await closeIssuers();
  });

  it('read what the other one declared and verified', async () => {
    const [one, other] = await copies();
    expect(one.AccessTokenGuard).not.toBe(other.AccessTokenGuard);

    @Controller('public')
    @one.Public()
    class PublicController {
      @Get('scopes')
      @other.RequireScopes('admin')
      @one.RequireScopes('orders')
      scopes(@other.AccessToken() { sub }: ResourceServer.AccessTokenClaims) {
        return { sub };
      }

      @Get('open')
      open() {
        return {};
      }
    }
    const issuer = await IssuerOfKeys.start([published(key, { kid: 'k' })]);
    const imports = [
      one.ResourceServerModule.forRoot({ issuer: issuer.url, audience: 'https://api.example' }),
    ];
    const providers = [{ provide: APP_GUARD, useExisting: one.AccessTokenGuard }];
    const { fetch } = await boot(platforms[0]![1](), { imports, providers, controllers: [PublicController] });
    const get = async (scope: string) => {
      const authorization = `Bearer ${issuer.token(key, { scope })}`;
      const response = await fetch('/public/scopes', { headers: { authorization } });
      return [response.status, response.status === 200 ? await response.json() : undefined];
    };
    expect((await fetch('/public/scopes')).status).toBe(401);
    expect((await fetch('/public/open')).status).toBe(200);
    expect(await get('orders')).toEqual([403, undefined]);
    expect(await get('admin')).toEqual([403, undefined]);
    expect(await get('admin orders')).toEqual([200, { sub: 'alice' }]);
  });

  it('contradict each other as one does', async () => {
    const [one, other] = await copies();

    @Controller('contradicting')
    class Contradicting {
      @Get()
      @one.Public()
      @other.RequireScopes('admin')
      list() {
        return {};
      }
    }
    const imports = [one.ResourceServerModule.forRoot({ issuer: 'https://login.example', audience: 'api' })];
    await expect(boot(platforms[0]![1](), { imports, controllers: [Contradicting] })).rejects.toMatchObject({
      code: 'OIDC_KEY_CONFLICT',
    });
  });
});
