import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { JwtService, KeyInfo, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { OidcKeyAsyncOptions, OidcKeyOptionsFactory } from 'nestjs-oidc-key';

import { makeKeyPair } from './support/key-pairs.js';
import { jwkOf, makeRsaKey, pemOf } from './support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from './support/platforms.js';
import { headerOf } from './support/tokens.js';

const key = makeRsaKey();
const other = makeRsaKey();
const kidOf = (each: typeof key) => new JwtService({ key: each }).getKeySet().keys[0]!.kid;
const kid = kidOf(key);
const otherKid = kidOf(other);
const folder = mkdtempSync(join(tmpdir(), 'oidc-key-'));
const file = (name: string, content: string | Buffer) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

/** A ConfigModule that knows these settings and nothing of the environment. */
const config = (settings: Record<string, unknown>, isGlobal = true) =>
  ConfigModule.forRoot({
    isGlobal,
    ignoreEnvFile: true,
    skipProcessEnv: true,
    cache: false,
    load: [() => settings],
  });

@Injectable()
class TokenService {
  constructor(
    @Inject(JwtService) readonly jwt: JwtService,
    @Inject(KeyInfo) readonly keyInfo: KeyInfo,
  ) {}
}

describe.each(platforms)('OidcKeyModule on %s', (_, adapter) => {
  afterEach(closeAll);

  const kidServedBy = async (...imports: NonNullable<DynamicModule['imports']>) => {
    const { fetch } = await boot(adapter(), { imports });
    const { keys } = (await (await fetch('/.well-known/jwks.json')).json()) as { keys: { kid: string }[] };
    return keys.map((each) => each.kid);
  };

  describe('forRootAsync() reads ConfigService', () => {
    const served = (settings: Record<string, unknown>, options?: OidcKeyAsyncOptions) =>
      kidServedBy(config(settings), OidcKeyModule.forRootAsync(options));

    it('OIDC_PRIVATE_KEY', async () => expect(await served({ OIDC_PRIVATE_KEY: pemOf(key) })).toEqual([kid]));

    it('OIDC_PRIVATE_KEY as JWK object or KeyObject of the application’s own loader', async () => {
      expect(await served({ OIDC_PRIVATE_KEY: jwkOf(key) })).toEqual([kid]);
      expect(await served({ OIDC_PRIVATE_KEY: key })).toEqual([kid]);
    });

    it('OIDC_PRIVATE_KEY_FILE', async () => {
      expect(await served({ OIDC_PRIVATE_KEY_FILE: file('key.pem', pemOf(key)) })).toEqual([kid]);
      expect(
        await served({
          OIDC_PRIVATE_KEY_FILE: file('key.der', key.export({ format: 'der', type: 'pkcs8' })),
        }),
      ).toEqual([kid]);
    });

    it('RSA_PRIVATE_KEY_PEM, the name of @jmondi/oauth2-server, and its file', async () => {
      expect(await served({ RSA_PRIVATE_KEY_PEM: pemOf(key) })).toEqual([kid]);
      expect(await served({ RSA_PRIVATE_KEY_PEM_FILE: file('alias.pem', pemOf(key)) })).toEqual([kid]);
    });

    it('both names, with one key in two forms', async () => {
      expect(
        await served({ OIDC_PRIVATE_KEY: pemOf(key), RSA_PRIVATE_KEY_PEM: pemOf(key, 'pkcs1') }),
      ).toEqual([kid]);
    });

    it('both names, told apart by thumbprint and not by kid', async () => {
      const named = JSON.stringify({ ...jwkOf(key), kid: 'own' });
      expect(await served({ OIDC_PRIVATE_KEY: named, RSA_PRIVATE_KEY_PEM: pemOf(key) })).toEqual(['own']);
      const impostor = JSON.stringify({ ...jwkOf(other), kid: 'own' });
      await expect(served({ OIDC_PRIVATE_KEY: named, RSA_PRIVATE_KEY_PEM: impostor })).rejects.toMatchObject({
        code: 'OIDC_KEY_CONFLICT',
      });
    });

    it('OIDC_PRIVATE_KEY_PASSPHRASE, from a file without its line end', async () => {
      const encrypted = key
        .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'pa$$ ' })
        .toString();
      expect(await served({ OIDC_PRIVATE_KEY: encrypted, OIDC_PRIVATE_KEY_PASSPHRASE: 'pa$$ ' })).toEqual([
        kid,
      ]);
      const passphraseFile = file('passphrase', 'pa$$ \n');
      expect(
        await served({ OIDC_PRIVATE_KEY: encrypted, OIDC_PRIVATE_KEY_PASSPHRASE_FILE: passphraseFile }),
      ).toEqual([kid]);
    });

    it('OIDC_NEXT_KEYS and OIDC_PREVIOUS_KEYS', async () => {
      const settings = {
        OIDC_PRIVATE_KEY: pemOf(key),
        OIDC_NEXT_KEYS: pemOf(other),
        OIDC_PREVIOUS_KEYS: pemOf(makeRsaKey()),
      };
      const kids = await served(settings);
      expect(kids.slice(0, 2)).toEqual([kid, otherKid]);
      expect(kids).toHaveLength(3);
    });

    it('OIDC_JWKS_MAX_AGE', async () => {
      const { fetch } = await boot(adapter(), {
        imports: [
          config({ OIDC_PRIVATE_KEY: pemOf(key), OIDC_JWKS_MAX_AGE: '90' }),
          OidcKeyModule.forRootAsync(),
        ],
      });
      expect((await fetch('/.well-known/jwks.json')).headers.get('cache-control')).toBe('public, max-age=90');
    });

    it('an empty value, or an empty file, is unset', async () => {
      const settings = {
        OIDC_PRIVATE_KEY: pemOf(key),
        OIDC_PRIVATE_KEY_FILE: '',
        OIDC_PRIVATE_KEY_PASSPHRASE: '',
        OIDC_NEXT_KEYS: '  ',
        OIDC_PREVIOUS_KEYS_FILE: file('empty', '\n'),
        RSA_PRIVATE_KEY_PEM: '',
        OIDC_JWKS_MAX_AGE: '',
      };
      expect(await served(settings)).toEqual([kid]);
    });

    it('the names of an envPrefix, and only those', async () => {
      const settings = {
        OIDC_PRIVATE_KEY: pemOf(key),
        RSA_PRIVATE_KEY_PEM: pemOf(key),
        ADMIN_PRIVATE_KEY: pemOf(other),
      };
      expect(await served(settings, { envPrefix: 'ADMIN_' })).toEqual([otherKid]);
    });

    it('the environment, as ConfigModule reads it', async () => {
      process.env.OIDC_PRIVATE_KEY = pemOf(key).replaceAll('\n', '\\n');
      try {
        expect(
          await kidServedBy(
            ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }),
            OidcKeyModule.forRootAsync(),
          ),
        ).toEqual([kid]);
      } finally {
        delete process.env.OIDC_PRIVATE_KEY;
      }
    });

    it('an env file', async () => {
      const envFilePath = file('.env', `OIDC_PRIVATE_KEY="${pemOf(key).replaceAll('\n', '\\n')}"\n`);
      try {
        expect(
          await kidServedBy(
            ConfigModule.forRoot({ isGlobal: true, envFilePath }),
            OidcKeyModule.forRootAsync(),
          ),
        ).toEqual([kid]);
      } finally {
        delete process.env.OIDC_PRIVATE_KEY;
      }
    });

    it('an application’s asynchronous load, however slow', async () => {
      const load = async () => {
        await wait(50);
        return { OIDC_PRIVATE_KEY: pemOf(key) };
      };
      const loader = ConfigModule.forRoot({
        isGlobal: true,
        ignoreEnvFile: true,
        skipProcessEnv: true,
        load: [load],
      });
      expect(await kidServedBy(OidcKeyModule.forRootAsync(), loader)).toEqual([kid]);
      expect(await kidServedBy(loader, OidcKeyModule.forRootAsync())).toEqual([kid]);
    });

    it('a ConfigModule that is not global, passed in imports', async () => {
      const imports = [config({ OIDC_PRIVATE_KEY: pemOf(key) }, false)];
      expect(await kidServedBy(OidcKeyModule.forRootAsync({ imports }))).toEqual([kid]);
    });
  });

  describe('the other ways', () => {
    it('forRoot', async () =>
      expect(await kidServedBy(OidcKeyModule.forRoot({ key: pemOf(key) }))).toEqual([kid]));

    it('useFactory with inject', async () => {
      const settings = { MY_KEY: pemOf(key) };
      const module = OidcKeyModule.forRootAsync({
        inject: [ConfigService],
        useFactory: async (service: ConfigService) => ({ key: service.getOrThrow<string>('MY_KEY') }),
      });
      expect(await kidServedBy(config(settings), module)).toEqual([kid]);
    });

    it('useFactory that leaves the keys to ConfigService', async () => {
      const module = OidcKeyModule.forRootAsync({ useFactory: () => ({ jwksMaxAge: 10 }) });
      expect(await kidServedBy(config({ OIDC_PRIVATE_KEY: pemOf(key) }), module)).toEqual([kid]);
    });

    it('useClass and useExisting', async () => {
      @Injectable()
      class Options implements OidcKeyOptionsFactory {
        createOidcKeyOptions() {
          return { key };
        }
      }
      @Module({ providers: [Options], exports: [Options] })
      class OptionsModule {}
      expect(await kidServedBy(OidcKeyModule.forRootAsync({ useClass: Options }))).toEqual([kid]);
      expect(
        await kidServedBy(OidcKeyModule.forRootAsync({ imports: [OptionsModule], useExisting: Options })),
      ).toEqual([kid]);
    });

    it('extraTokenFields, also beside keys from ConfigService', async () => {
      const extraTokenFields = () => ({ aud: 'api' });
      const args = { client: { id: 'c' } };
      const { app } = await boot(adapter(), { imports: [OidcKeyModule.forRoot({ key, extraTokenFields })] });
      await expect(app.get(JwtService).extraTokenFields?.(args)).resolves.toEqual({ aud: 'api' });
      const second = await boot(adapter(), {
        imports: [
          config({ OIDC_PRIVATE_KEY: pemOf(key) }),
          OidcKeyModule.forRootAsync({ useFactory: () => ({ extraTokenFields }) }),
        ],
      });
      await expect(second.app.get(JwtService).extraTokenFields?.(args)).resolves.toEqual({ aud: 'api' });
    });
  });

  it('a ring without RS256 is logged once as no OpenID provider', async () => {
    const logger = new RecordingLogger();
    const ec = makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey;
    const lines = () => logger.lines.filter(([line]) => /no OpenID provider/.test(String(line)));
    await boot(adapter(), { imports: [OidcKeyModule.forRoot({ key: [ec, key] })] }, undefined, logger);
    expect(lines()).toHaveLength(0);
    await boot(adapter(), { imports: [OidcKeyModule.forRoot({ key: ec })] }, undefined, logger);
    expect(lines()).toHaveLength(1);
  });

  describe('what it provides', () => {
    it('one JwtService and one KeyInfo, over one ring, into a service of the application', async () => {
      @Module({ imports: [OidcKeyModule.forRoot({ key })], providers: [TokenService] })
      class FeatureModule {}
      const { app } = await boot(adapter(), { imports: [FeatureModule] });
      const { jwt, keyInfo } = app.get(TokenService);
      expect(jwt).toBe(app.get(JwtService));
      expect(headerOf(await jwt.sign({})).kid).toBe(keyInfo.kid);
      expect(keyInfo.toJSON()).toEqual({
        kid,
        publicJwk: jwt.getKeySet().keys[0],
        algorithm: 'RS256',
        algorithms: ['RS256'],
      });
      expect(JSON.parse(JSON.stringify(keyInfo))).toEqual(keyInfo.toJSON());
    });

    it('everywhere with isGlobal, and nowhere else without', async () => {
      @Module({ providers: [TokenService] })
      class FeatureModule {}
      const { app } = await boot(adapter(), {
        imports: [OidcKeyModule.forRoot({ key, isGlobal: true }), FeatureModule],
      });
      expect(app.get(TokenService).keyInfo.kid).toBe(kid);
      await expect(
        boot(adapter(), { imports: [OidcKeyModule.forRoot({ key }), FeatureModule] }),
      ).rejects.toThrow(/TokenService/);
    });

    it('exports JwtService, KeyInfo and KeyRotation and nothing else', () => {
      expect(Reflect.getMetadata('exports', OidcKeyModule)).toEqual([JwtService, KeyInfo, KeyRotation]);
      expect(OidcKeyModule.forRoot({ key }).exports).toBeUndefined();
      expect(OidcKeyModule.forRootAsync().exports).toBeUndefined();
    });

    it('two issuers in two feature modules, each with its own key', async () => {
      @Injectable()
      class AdminTokenService extends TokenService {}
      @Module({ imports: [OidcKeyModule.forRootAsync()], providers: [TokenService] })
      class CustomerModule {}
      @Module({
        imports: [OidcKeyModule.forRootAsync({ envPrefix: 'ADMIN_', jwks: { path: '/admin/jwks.json' } })],
        providers: [AdminTokenService],
      })
      class AdminModule {}
      const { app, fetch } = await boot(adapter(), {
        imports: [
          config({ OIDC_PRIVATE_KEY: pemOf(key), ADMIN_PRIVATE_KEY: pemOf(other) }),
          CustomerModule,
          AdminModule,
        ],
      });
      expect(headerOf(await app.get(TokenService).jwt.sign({})).kid).toBe(kid);
      expect(headerOf(await app.get(AdminTokenService).jwt.sign({})).kid).toBe(otherKid);
      await expect(
        app.get(TokenService).jwt.verify(await app.get(AdminTokenService).jwt.sign({})),
      ).rejects.toThrow('invalid signature');
      expect(await (await fetch('/admin/jwks.json')).json()).toEqual(
        app.get(AdminTokenService).jwt.getKeySet(),
      );
      expect(await (await fetch('/.well-known/jwks.json')).json()).toEqual(
        app.get(TokenService).jwt.getKeySet(),
      );
    });
  });
});

it('works in an application context without HTTP', async () => {
  @Module({ imports: [OidcKeyModule.forRoot({ key })] })
  class Worker {}
  const context = await NestFactory.createApplicationContext(Worker, { logger: false, abortOnError: false });
  await expect(context.get(JwtService).sign({})).resolves.toEqual(expect.any(String));
  await context.close();
});
