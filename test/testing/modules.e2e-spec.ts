import { afterEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { JwtService, KeyInfo, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import { MemoryKeyStore, OidcKeyTestingModule, testKey, withTestKey } from 'nestjs-oidc-key/testing';

import { configurationOf } from '../support/configuration.js';

const running: INestApplication[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

async function start(builder: ReturnType<typeof Test.createTestingModule>) {
  const app = (await builder.compile()).createNestApplication({ logger: false });
  running.push(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

const kidsOf = async (app: INestApplication) => {
  const response = await fetch(`${await app.getUrl()}/.well-known/jwks.json`);
  return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
};

describe('OidcKeyTestingModule', () => {
  it('is OidcKeyModule with a key', async () => {
    const app = await start(Test.createTestingModule({ imports: [OidcKeyTestingModule.forRoot()] }));
    const token = await app.get(JwtService).sign({ sub: 'alice' });
    expect(await app.get(JwtService).verify(token)).toMatchObject({ sub: 'alice' });
    expect(await kidsOf(app)).toEqual([app.get(KeyInfo).kid]);
    expect(app.get(KeyRotation).status().state).toBe('up');
  });

  it('takes the options of OidcKeyModule, and reads no key of the settings', async () => {
    const settings = { OIDC_PRIVATE_KEY: 'no key at all', OIDC_JWKS_MAX_AGE: '600' };
    const options = { algorithm: 'ES256', isGlobal: true, jwks: { path: '/keys' } } as const;
    const app = await start(
      Test.createTestingModule({
        imports: [configurationOf(settings), OidcKeyTestingModule.forRoot(options)],
      }),
    );
    expect(app.get(KeyInfo).algorithm).toBe('ES256');
    const response = await fetch(`${await app.getUrl()}/keys`);
    expect(response.headers.get('cache-control')).toBe('public, max-age=600');
  });

  it('takes a store that a test changes', async () => {
    const store = new MemoryKeyStore(testKey('ES256'));
    const app = await start(Test.createTestingModule({ imports: [OidcKeyTestingModule.forRoot({ store })] }));
    await app.get(KeyRotation).rotate();
    expect(await kidsOf(app)).toHaveLength(2);
  });
});

describe('an application that imports OidcKeyModule itself', () => {
  const ownModule: DynamicModule = OidcKeyModule.forRootAsync({
    useFactory: () => ({ jwksMaxAge: 900, extraTokenFields: () => ({ tenant: 'a' }) }),
  });

  @Module({
    imports: [ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, skipProcessEnv: true }), ownModule],
  })
  class AppModule {}

  const builder = () => Test.createTestingModule({ imports: [AppModule] });

  it('does not start without a key', async () => {
    await expect(builder().compile()).rejects.toThrow('OIDC_PRIVATE_KEY');
  });

  it('gets a key by withTestKey, and keeps its options', async () => {
    const app = await start(withTestKey(builder()));
    expect(app.get(KeyInfo).algorithm).toBe('RS256');
    expect('extraTokenFields' in app.get(JwtService)).toBe(true);
    const response = await fetch(`${await app.getUrl()}/.well-known/jwks.json`);
    expect(response.headers.get('cache-control')).toBe('public, max-age=900');
  });

  it('does not ask the address at which the keys of production are', async () => {
    const publicJwksUri = 'https://issuer.invalid/jwks';
    const imports = [OidcKeyModule.forRoot({ key: testKey(), publicJwksUri })];
    const app = await start(withTestKey(Test.createTestingModule({ imports })));
    expect(app.get(KeyRotation).options.publicJwksUri).toBeUndefined();
  });

  it('signs what the test asks for', async () => {
    const app = await start(withTestKey(builder(), ['ES256', 'RS256']));
    expect(app.get(KeyInfo).algorithms.toSorted()).toEqual(['ES256', 'RS256']);
  });

  it('gets a key by the setting, as in production', async () => {
    @Module({
      imports: [configurationOf({ OIDC_PRIVATE_KEY: testKey() }), OidcKeyModule.forRootAsync()],
    })
    class Configured {}
    const app = await start(Test.createTestingModule({ imports: [Configured] }));
    expect(app.get(KeyInfo).algorithm).toBe('RS256');
  });

  it('gets one by overrideModule, if the test has the very module that the application imports', async () => {
    const app = await start(
      builder()
        .overrideModule(ownModule as never)
        .useModule(OidcKeyTestingModule.forRoot() as never),
    );
    expect(app.get(KeyInfo).algorithm).toBe('RS256');
  });

  it('gets none by overrideModule of the class', async () => {
    const overridden = builder()
      .overrideModule(OidcKeyModule)
      .useModule(OidcKeyTestingModule.forRoot() as never);
    await expect(overridden.compile()).rejects.toThrow('OIDC_PRIVATE_KEY');
  });
});
