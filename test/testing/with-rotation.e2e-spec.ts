import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';

import { afterEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { KeySlots } from 'nestjs-oidc-key';
import { rotate } from 'nestjs-oidc-key/rotate';
import { MemoryKeyStore, OidcKeyTestingModule, testKey, withRotation } from 'nestjs-oidc-key/testing';
import type { OidcKeyTestingOptions } from 'nestjs-oidc-key/testing';

import { configurationOf } from '../support/configuration.js';
import { boot, closeAll, platforms } from '../support/platforms.js';
import { headerOf } from '../support/tokens.js';

afterEach(closeAll);

type Imports = NonNullable<Parameters<typeof boot>[1]['imports']>;

const express = platforms[0]![1];
const start = async (imports: Imports, adapter = express()) => (await boot(adapter, { imports })).app;

describe.each(platforms)('a rotation that is sound, on %s', (_, adapter) => {
  it.each<[string, () => Imports]>([
    ['of the testing module', () => [OidcKeyTestingModule.forRoot()]],
    ['of a store', () => [OidcKeyTestingModule.forRoot({ store: new MemoryKeyStore(testKey('ES256')) })]],
    [
      'of a setting',
      () => [configurationOf({ OIDC_PRIVATE_KEY: testKey('EdDSA') }), OidcKeyModule.forRootAsync()],
    ],
    ['of the option "key"', () => [OidcKeyModule.forRoot({ key: [testKey(), testKey('ES256')] })]],
  ])('passes where the key is that %s', async (__, imports) => {
    const app = await start(imports(), adapter());
    const before = headerOf(await app.get(JwtService).sign({})).kid;
    const real = Date.now();

    const rotation = await withRotation(app);
    await rotation.rotate();
    await rotation.complete();

    expect(headerOf(await app.get(JwtService).sign({})).kid).not.toBe(before);
    expect(
      app
        .get(KeyRotation)
        .status()
        .keys.map(({ kid }) => kid),
    ).not.toContain(before);
    expect(rotation.now.getTime() - real).toBeGreaterThan(30 * 86_400_000);
    expect(Date.now() - real).toBeLessThan(60_000);
  });
});

it('goes on with the next rotation where the one before is complete', async () => {
  const rotation = await withRotation(await start([OidcKeyTestingModule.forRoot()]));
  for (let time = 0; time < 3; time += 1) {
    await rotation.rotate();
    await rotation.complete();
  }
});

it.each<[string, OidcKeyTestingOptions, string]>([
  ['that no cache keeps', {}, 'no-store'],
  ['that caches keep for ten seconds', { jwksMaxAge: 10 }, ''],
  ['that caches keep for no time', { jwksMaxAge: 0 }, ''],
])('looks no oftener than it has to at a JWKS %s', async (_, options, cacheControl) => {
  const { app } = await boot(express(), { imports: [OidcKeyTestingModule.forRoot(options)] }, (each) => {
    if (cacheControl) each.use(cacheControlOf(cacheControl));
  });
  let looks = 0;
  const sign = () => {
    looks += 1;
    return app.get(JwtService).sign({});
  };
  const rotation = await withRotation(app, { sign });
  await rotation.rotate();
  await rotation.advance({ hours: 1 });
  await rotation.complete();
  expect(looks).toBeLessThan(150);
});

it('waits for a key that signs in a year', async () => {
  const nextActivatesAt = new Date(Date.now() + 365 * 86_400_000);
  const [key, nextKeys] = [testKey('ES256'), testKey('ES256', 2)];
  const rotation = await withRotation(
    await start([OidcKeyModule.forRoot({ key, nextKeys, nextActivatesAt })]),
  );
  await rotation.promote();
  expect(rotation.now.getTime()).toBeGreaterThanOrEqual(nextActivatesAt.getTime());
});

it('says that it speaks no TLS', async () => {
  const module = await Test.createTestingModule({ imports: [OidcKeyTestingModule.forRoot()] }).compile();
  const app = module.createNestApplication({ logger: false, httpsOptions: {} });
  const message = expect.stringContaining('`httpsOptions`') as unknown as string;
  await expect(withRotation(app)).rejects.toMatchObject({ code: 'OIDC_KEY_INVALID_OPTION', message });
  await app.close();
});

const cacheControlOf = (value: string) => (__: unknown, response: ServerResponse, next: () => void) => {
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, content) =>
    setHeader(name, name.toLowerCase() === 'cache-control' ? value : content);
  next();
};

describe('the verbs', () => {
  const slotsOf = (rotation: KeyRotation) => rotation.status().keys.map(({ slot }) => slot);

  it('promote and advance let as much time pass as they say', async () => {
    const app = await start([OidcKeyTestingModule.forRoot({ algorithm: 'ES256' })]);
    const rotation = await withRotation(app);
    const began = rotation.now.getTime();
    await rotation.rotate();
    expect(slotsOf(app.get(KeyRotation))).toEqual(['current', 'next']);
    await rotation.advance({ hours: 1, minutes: 1 });
    expect(rotation.now.getTime() - began).toBe(3_660_000);
    expect(slotsOf(app.get(KeyRotation))).toEqual(['current', 'next']);
    await rotation.promote();
    // 3600 of max-age, 120 of spread, 60 of skew.
    expect(Math.abs(rotation.now.getTime() - began - 3_780_000)).toBeLessThan(2000);
    expect(slotsOf(app.get(KeyRotation))).toEqual(['current', 'previous']);
    await rotation.advance({ days: 1, seconds: 1 });
    expect(rotation.now.getTime() - began).toBeGreaterThan(86_400_000 + 3_780_000);
  });

  it('rotate refuses what the command refuses', async () => {
    const rotation = await withRotation(await start([OidcKeyTestingModule.forRoot()]));
    await rotation.rotate();
    await expect(rotation.rotate()).rejects.toMatchObject({ code: 'KEY_WAITS' });
  });

  it.each([
    ['before a rotation', false],
    ['while a key waits', true],
  ])('revoke passes, %s', async (_, isRotating) => {
    const app = await start([OidcKeyTestingModule.forRoot()]);
    const rotation = await withRotation(app);
    const token = await app.get(JwtService).sign({});
    if (isRotating) await rotation.rotate();
    await rotation.revoke();
    await expect(app.get(JwtService).verify(token)).rejects.toThrow();
    await rotation.complete();
  });

  it('retire gives up an algorithm', async () => {
    const app = await start([OidcKeyModule.forRoot({ key: [testKey(), testKey('ES256')] })]);
    const rotation = await withRotation(app);
    const { keys } = app.get(KeyRotation).status();
    await rotation.retire(keys.find(({ algorithm }) => algorithm === 'ES256')!.kid);
    await rotation.advance({ days: 31 });
    expect(app.get(KeyRotation).status().keys).toHaveLength(1);
  });

  it('a rotation by the settings passes in three deploys that wait long enough', async () => {
    const [a, b] = [testKey('ES256'), testKey('ES256', 2)];
    const withSettings = (settings: object) =>
      start([configurationOf(settings), OidcKeyModule.forRootAsync()]);
    const rotation = await withRotation(await withSettings({ OIDC_PRIVATE_KEY: a }));
    await rotation.deploy(await withSettings({ OIDC_PRIVATE_KEY: a, OIDC_NEXT_KEYS: b }));
    await rotation.advance({ minutes: 64 });
    await rotation.deploy(await withSettings({ OIDC_PRIVATE_KEY: b, OIDC_PREVIOUS_KEYS: a }));
    await rotation.advance({ days: 31 });
    await rotation.deploy(await withSettings({ OIDC_PRIVATE_KEY: b }));
    await rotation.complete();
  });

  it('an instant of the settings comes by the clock of the test', async () => {
    const app = await start([
      OidcKeyModule.forRoot({
        key: testKey('ES256'),
        nextKeys: testKey('ES256', 2),
        nextActivatesAt: new Date(Date.now() + 86_400_000),
      }),
    ]);
    const rotation = await withRotation(app);
    await expect(rotation.rotate()).rejects.toMatchObject({ code: 'OIDC_KEY_CONFLICT' });
    await rotation.promote();
    await rotation.advance({ days: 1 });
  });
});

describe('an application', () => {
  it('rotates by itself, at the instant of the test', async () => {
    const store = new MemoryKeyStore(testKey('ES256'));
    const app = await start([OidcKeyTestingModule.forRoot({ store })]);
    const rotation = await withRotation(app);
    for (let time = 0; time < 2; time += 1) {
      await app.get(KeyRotation).rotate();
      await rotation.complete();
    }
  });

  it('sees a change of its store when it asks it next', async () => {
    const store = new MemoryKeyStore(testKey('ES256'));
    const rotation = await withRotation(await start([OidcKeyTestingModule.forRoot({ store })]));
    await rotate({ store });
    await rotation.complete();
  });

  it('has replicas that ask one store, one after the other', async () => {
    const store = new MemoryKeyStore(testKey('ES256'));
    const replica = () => start([OidcKeyTestingModule.forRoot({ store })]);
    const rotation = await withRotation([await replica(), await replica(), await replica()]);
    await rotation.rotate();
    await rotation.complete();
    await rotation.revoke();
    await rotation.complete();
  });

  it('is put on a clock again by another test, which goes on where the first one ended', async () => {
    const app = await start([OidcKeyTestingModule.forRoot({ algorithm: 'ES256' })]);
    const first = await withRotation(app);
    await first.rotate();
    await first.complete();
    const second = await withRotation(app);
    expect(second.now).toEqual(first.now);
    await second.rotate();
    await second.complete();
  });

  it('makes its tokens and serves its JWKS in its own way', async () => {
    const jwks = { path: '/keys' };
    const app = await start([OidcKeyTestingModule.forRoot({ jwks, algorithm: 'ES256' })]);
    const sign = () => app.get(JwtService).sign({ sub: 'alice' }, { expiresIn: 600 });
    const rotation = await withRotation(app, { sign, tokenLifetime: 600 });
    await rotation.rotate();
    await rotation.complete();
  });

  it('has a source of its own that changes the key at once, and waits before it signs with it', async () => {
    let slots: KeySlots = { current: testKey('ES256') };
    const source = { load: async () => slots, reloadInterval: 60 };
    const rotation = await withRotation(await start([OidcKeyModule.forRoot({ source })]));
    slots = { current: testKey('ES256', 2), previous: testKey('ES256') };
    await rotation.complete();
  });

  it('may listen behind Nest’s back, as supertest makes it', async () => {
    const module = await Test.createTestingModule({ imports: [OidcKeyTestingModule.forRoot()] }).compile();
    const app = module.createNestApplication({ logger: false });
    await app.init();
    await once((app.getHttpServer() as Server).listen(0), 'listening');
    await withRotation(app);
    await app.close();
  });

  it('without a route has to say where its JWKS is', async () => {
    const app = await start([OidcKeyTestingModule.forRoot({ jwks: false })]);
    const message = expect.stringContaining('{ jwksPath }') as unknown as string;
    await expect(withRotation(app)).rejects.toMatchObject({ code: 'OIDC_KEY_INVALID_OPTION', message });
  });
});
