import { afterEach, describe, expect, it } from '@jest/globals';
import { NestFactory, PartialGraphHost, SerializedGraph } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';

import { everythingPrintedOf, rejectionOf } from '../support/errors.js';
import { sampleEnvironment } from '../sample/sample-server.js';
import { boot, closeAll, platforms } from '../support/platforms.js';
import { cleanEnvironment, run } from '../support/processes.js';
import { makeRsaKey } from '../support/keys.js';
import { configuration, keys, options, passphrase, searchFor, settings } from './seeded-keys.js';

const search = searchFor();
const modules: [string, () => DynamicModule][] = [
  ['settings', () => OidcKeyModule.forRootAsync()],
  ['options', () => OidcKeyModule.forRoot(options)],
];

afterEach(closeAll);

function applicationOf(...imports: NonNullable<DynamicModule['imports']>) {
  class Application {}
  Module({ imports })(Application);
  return Application;
}

describe.each(modules)('with keys from %s nothing private is in', (_, module) => {
  it('the graph that development tools draw', async () => {
    const app = await NestFactory.create(applicationOf(configuration(), module()), new ExpressAdapter(), {
      snapshot: true,
      logger: false,
    });
    await app.init();
    const graph = app.get(SerializedGraph);
    const written = JSON.stringify(graph.toJSON());
    expect(written).toContain('KeyRotation');
    expect(search.in(written + everythingPrintedOf(graph))).toEqual([]);
    await app.close();
  });

  it('the graph of a boot that failed', async () => {
    const imports = [configuration({ ...settings, OIDC_PRIVATE_KEY_PASSPHRASE: 'wrong' }), module()];
    const failing = applicationOf(...imports, OidcKeyModule.forRoot({ key: settings.OIDC_PRIVATE_KEY }));
    await rejectionOf(
      NestFactory.create(failing, new ExpressAdapter(), {
        snapshot: true,
        abortOnError: false,
        logger: false,
      }),
    );
    const written =
      JSON.stringify(PartialGraphHost.toJSON()) + everythingPrintedOf(PartialGraphHost.toJSON());
    expect(written).toContain('OidcKeyError');
    expect(search.in(written)).toEqual([]);
  });

  it.each(platforms)('the OpenAPI document, on %s', async (__, adapter) => {
    const { app } = await boot(adapter(), { imports: [configuration(), module()] });
    const document = SwaggerModule.createDocument(app, new DocumentBuilder().build(), {
      deepScanRoutes: true,
    });
    expect(Object.keys(document.paths)).toEqual(['/.well-known/jwks.json']);
    expect(search.in(everythingPrintedOf(document))).toEqual([]);
  });

  it('the module as it stands in imports', () => {
    expect(search.in(everythingPrintedOf(module()))).toEqual([]);
  });
});

it('nothing private is in the OpenAPI document of the sample', async () => {
  const script = `
    import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
    import { createApp } from './sample-app/dist/src/create-app.js';
    const app = await createApp();
    process.stdout.write(JSON.stringify(SwaggerModule.createDocument(app, new DocumentBuilder().build())));
    await app.close();`;
  const { OIDC_PRIVATE_KEY_FILE: _file, ...environment } = await sampleEnvironment();
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], {
    env: cleanEnvironment({ ...environment, ...settings, SAMPLE_USER_PASSWORD: passphrase }),
  });
  expect(stdout).toContain('"/token":');
  expect(search.in(stdout + stderr)).toEqual([]);
});

it('modules with different keys stay apart where Nest tells them apart by what can be written down', async () => {
  const other = makeRsaKey();
  const issuers = [keys.rsa, other].map((key) => {
    class Issuer {
      static jwt: JwtService;
      constructor(jwt: JwtService) {
        Issuer.jwt = jwt;
      }
    }
    Reflect.defineMetadata('design:paramtypes', [JwtService], Issuer);
    Module({ imports: [OidcKeyModule.forRoot({ key, jwks: false })] })(Issuer);
    return Issuer;
  });
  const app = await NestFactory.createApplicationContext(applicationOf(...issuers), {
    moduleIdGeneratorAlgorithm: 'deep-hash',
    logger: false,
  });
  const kids = issuers.map(({ jwt }) => jwt.getKeySet().keys[0]!.kid);
  expect(new Set(kids).size).toBe(2);
  await app.close();
});

it('the REPL, and what Nest logs of its injector, show nothing private', async () => {
  const script = `
    import 'reflect-metadata';
    import { Module } from '@nestjs/common';
    import { ConfigModule } from '@nestjs/config';
    import { repl } from '@nestjs/core';
    import * as api from 'nestjs-oidc-key';
    class Application {}
    const { OidcKeyModule } = api;
    Module({ imports: [ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }), OidcKeyModule.forRootAsync()] })(Application);
    const server = await repl(Application, { terminal: false });
    Object.assign(server.context, { api });`;
  const input = [
    'debug()',
    'help()',
    'get(JwtService)',
    'get(KeyInfo)',
    'get(OidcKeyModule)',
    'methods(JwtService)',
    "get(KeyRotation), require('util').inspect(get(KeyRotation), { depth: 20, showHidden: true })",
    "require('util').inspect(get(KeyRotation).ring, { depth: 20, showHidden: true })",
    'get(KeyRotation).status()',
    "get(JwtService).verify('x')",
    '.exit',
  ];
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], {
    env: cleanEnvironment({ ...settings, NEST_DEBUG: 'true' }),
    input: `${input.join('\n')}\n`,
  });
  expect(stdout).toContain('KeyRotation');
  expect(stdout).toContain('jwt malformed');
  expect(search.in(stdout + stderr)).toEqual([]);
});
