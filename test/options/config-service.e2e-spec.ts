import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Global, Logger, Module } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { JwtService, KeyInfo, OidcKeyModule } from 'nestjs-oidc-key';

import { ecKey } from '../support/lives.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';
import { cleanEnvironment, root, run } from '../support/processes.js';
import { pemOf } from '../support/keys.js';

const key = ecKey();
const pem = pemOf(key);

const settings = { get: (name: string) => (name === 'OIDC_PRIVATE_KEY' ? pem : undefined) };
const made: Provider[] = [
  { provide: ConfigService, useValue: settings },
  { provide: ConfigService, useFactory: () => wait(200).then(() => settings) },
  {
    provide: ConfigService,
    inject: ['LATE'],
    useFactory: (late: unknown) => late,
  },
];
const late = { provide: 'LATE', useFactory: () => wait(200).then(() => settings) };

const providerModule = (provider: Provider) => {
  @Module({ providers: [provider, late], exports: [ConfigService] })
  class ProviderModule {}
  return ProviderModule;
};

describe.each(platforms)('ConfigService on %s', (_, adapter) => {
  afterEach(closeAll);

  const algorithmOf = async (...imports: Parameters<typeof boot>[1]['imports'] & object) => {
    const { app } = await boot(adapter(), { imports });
    return app.get(KeyInfo).algorithm;
  };

  it.each(made)('is waited for, however it is made: %#', async (provider) => {
    const imports = [providerModule(provider)];
    expect(await algorithmOf(OidcKeyModule.forRootAsync({ imports }))).toBe('ES256');

    const GlobalModule = providerModule(provider);
    Global()(GlobalModule);
    expect(await algorithmOf(OidcKeyModule.forRootAsync(), GlobalModule)).toBe('ES256');
    expect(await algorithmOf(GlobalModule, OidcKeyModule.forRootAsync())).toBe('ES256');
  });

  it('is made once', async () => {
    let times = 0;
    const factory = () => wait(50).then(() => ((times += 1), settings));
    const imports = [providerModule({ provide: ConfigService, useFactory: factory })];
    await algorithmOf(OidcKeyModule.forRootAsync({ imports }), ...imports);
    expect(times).toBe(1);
  });

  it('is not taken from a module that this one does not import', async () => {
    const elsewhere = providerModule(made[0]!);
    await expect(algorithmOf(OidcKeyModule.forRootAsync(), elsewhere)).rejects.toMatchObject({
      code: 'OIDC_KEY_NO_CONFIG',
    });
  });

  it('stops the boot with its own error', async () => {
    const useFactory = () => wait(50).then(() => Promise.reject(new Error('the store is down')));
    const imports = [providerModule({ provide: ConfigService, useFactory })];
    await expect(algorithmOf(OidcKeyModule.forRootAsync({ imports }))).rejects.toThrow('the store is down');
  });
});

it('ConfigService is waited for aloud where it waits for the module itself', async () => {
  const { setTimeout: realTimeout } = globalThis;
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setInterval', 'queueMicrotask', 'Date'] });
  try {
    const inject = [JwtService];
    const Circular = providerModule({ provide: ConfigService, inject, useFactory: async () => settings });
    Global()(Circular);
    @Module({ imports: [OidcKeyModule.forRoot({ key, isGlobal: true }), Circular] })
    class Application {}
    const logger = new RecordingLogger();
    // It never settles, and nothing of it stays open.
    void NestFactory.createApplicationContext(Application, { logger, abortOnError: false }).catch(
      () => undefined,
    );
    await new Promise((done) => realTimeout(done, 200));
    jest.advanceTimersByTime(10_000);
    expect(logger.lines.map(([line]) => line)).toContainEqual(
      expect.stringMatching(/has waited 10 seconds for ConfigService.*inject JwtService/),
    );
  } finally {
    jest.useRealTimers();
    Logger.overrideLogger(false);
  }
});

describe('an application that has no @nestjs/config', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-optional-'));
  const config = join(folder, 'node_modules/@nestjs/config');
  const installed = [
    'reflect-metadata',
    'rxjs',
    'jose',
    'commander',
    'dotenv',
    ...['common', 'core', 'platform-express', 'platform-fastify'].map((name) => `@nestjs/${name}`),
  ];

  beforeAll(() => {
    mkdirSync(join(folder, 'node_modules/@nestjs'), { recursive: true });
    for (const name of installed) {
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
    }
    const own = join(folder, 'node_modules/nestjs-oidc-key');
    cpSync(join(root, 'dist'), join(own, 'dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(own, 'package.json'));
  });
  afterEach(() => rmSync(config, { recursive: true, force: true }));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A package in the place of @nestjs/config. */
  const install = (code: string) => {
    mkdirSync(config);
    writeFileSync(
      join(config, 'package.json'),
      '{ "name": "@nestjs/config", "type": "module", "exports": "./index.js" }',
    );
    writeFileSync(join(config, 'index.js'), code);
    writeFileSync(join(config, 'required.cjs'), "require('not-installed');");
  };

  /** What an application prints that is made of this module alone. */
  const booted = async (module: string, platform: string, loaded: 'import' | 'require') => {
    const load = (name: string) => (loaded === 'import' ? `await import('${name}')` : `require('${name}')`);
    const program = `
      (async () => {
        ${load('reflect-metadata')};
        const { NestFactory } = ${load('@nestjs/core')};
        const { ${platform}Adapter: Adapter } = ${load(`@nestjs/platform-${platform.toLowerCase()}`)};
        const { JwtService, OidcKeyModule } = ${load('nestjs-oidc-key')};
        const key = process.env.KEY;
        const options = { logger: false, abortOnError: false };
        const app = await NestFactory.create(OidcKeyModule.${module}, new Adapter(), options);
        await app.listen(0, '127.0.0.1');
        const jwks = await (await fetch((await app.getUrl()) + '/.well-known/jwks.json')).json();
        const { sub } = await app.get(JwtService).verify(await app.get(JwtService).sign({ sub: 'alice' }));
        console.log(sub, jwks.keys.length);
        await app.close();
      })().catch(({ code, message }) => console.log(code, message));`;
    writeFileSync(join(folder, 'main.cjs'), program);
    const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', 'main.cjs'], {
      cwd: folder,
      env: cleanEnvironment({ KEY: pem }),
    });
    return stdout;
  };

  describe.each(platforms)('on %s', (platform) => {
    it.each(['import', 'require'] as const)('boots with keys from options, by %s', async (loaded) => {
      expect(await booted('forRoot({ key })', platform, loaded)).toBe('alice 1\n');
      const factory = 'forRootAsync({ useFactory: async () => ({ key }) })';
      expect(await booted(factory, platform, loaded)).toBe('alice 1\n');
    });

    it.each(['import', 'require'] as const)('is told what to install otherwise, by %s', async (loaded) => {
      const printed = await booted('forRootAsync()', platform, loaded);
      expect(printed).toMatch(/^OIDC_KEY_NO_CONFIG .*npm install @nestjs\/config/);
    });
  });

  it('is one where Vite has put something in the place of @nestjs/config', async () => {
    install(`throw new Error('Could not resolve "@nestjs/config" imported by "nestjs-oidc-key".');`);
    expect(await booted('forRoot({ key })', 'Express', 'import')).toBe('alice 1\n');
  });

  it.each([
    ['a dependency of it', "import 'not-installed';", /^ERR_MODULE_NOT_FOUND .*'not-installed'/],
    ['a file of it', "import './not-there.js';", /^ERR_MODULE_NOT_FOUND .*not-there\.js'/],
    ['what it requires', "import './required.cjs';", /^MODULE_NOT_FOUND .*'not-installed'/],
    ['its own code', "throw new Error('broken');", /^undefined broken/],
  ])('is another than one with a broken one: %s', async (_, code, printed) => {
    install(code);
    expect(await booted('forRoot({ key })', 'Express', 'import')).toMatch(printed);
  });

  it('has the command line', async () => {
    const main = join(folder, 'node_modules/nestjs-oidc-key/dist/bundle/cli/main.js');
    const { code, stderr } = await run(process.execPath, [main, 'inspect'], {
      cwd: folder,
      env: cleanEnvironment({ OIDC_PRIVATE_KEY: pem }),
    });
    expect([stderr, code]).toEqual(['', 0]);
  });
});
