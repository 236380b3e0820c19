import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { root, run } from './support/processes.js';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe('the package', () => {
  it('is ESM only, for the Node versions that can require it', () => {
    expect(manifest).toMatchObject({
      name: 'nestjs-oidc-key',
      version: '0.1.0',
      license: 'MIT',
      type: 'module',
      engines: { node: '^20.19.0 || >=22.12.0' },
    });
  });

  it('has the peers and the dependencies that it documents, and no others', () => {
    expect(manifest.peerDependencies).toEqual({
      '@aws-sdk/client-kms': '^3.600.0',
      '@aws-sdk/client-secrets-manager': '^3.600.0',
      '@aws-sdk/client-ssm': '^3.600.0',
      '@azure/identity': '^4.13.0',
      '@azure/keyvault-keys': '^4.10.0',
      '@azure/keyvault-secrets': '^4.11.0',
      '@google-cloud/kms': '^5.0.0 || ^6.0.0',
      '@google-cloud/secret-manager': '^6.0.0 || ^7.0.0',
      '@jmondi/oauth2-server': '^4.3.7 || ^5.0.0',
      '@nestjs/common': '^11.0.0 || ^12.0.0',
      '@nestjs/config': '^4.0.0 || ^12.0.0',
      '@nestjs/core': '^11.0.0 || ^12.0.0',
      '@nestjs/microservices': '^11.0.0 || ^12.0.0',
      '@nestjs/terminus': '^11.0.0 || ^12.0.0',
      '@nestjs/websockets': '^11.0.0 || ^12.0.0',
      '@opentelemetry/api': '^1.9.0',
      'jwks-rsa': '^3.1.0 || ^4.0.0',
      pkcs11js: '^2.1.7',
      'prom-client': '^15.1.0',
      'reflect-metadata': '^0.2.0',
      rxjs: '^7.8.0',
    });
    expect(Object.keys(manifest.dependencies).toSorted()).toEqual(['commander', 'dotenv', 'jose']);
  });

  const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith('.json'));

  it('exports what is there', () => {
    const files = entries.flatMap((entry) => [
      manifest.exports[entry].types,
      manifest.exports[entry].default,
    ]);
    for (const file of [...files, manifest.bin['nestjs-oidc-key']]) {
      expect([file, existsSync(join(root, file))]).toEqual([file, true]);
    }
  });

  it('has a room of its own for each entry point, so that tests and types find it there', () => {
    for (const entry of entries) {
      const room = entry.replace(/^\.\/?/, '');
      expect(manifest.exports[entry]).toEqual({
        types: `./${join('dist', room, 'index.d.ts')}`,
        default: `./${join('dist/bundle', room, 'index.js')}`,
      });
      expect([entry, existsSync(join(root, 'lib', room, 'index.ts'))]).toEqual([entry, true]);
    }
  });

  it('tells a compiler that reads no exports of the same entry points', () => {
    expect([manifest.main, manifest.types]).toEqual([
      manifest.exports['.'].default,
      manifest.exports['.'].types,
    ]);
    const rooms = entries.filter((entry) => entry !== '.').map((entry) => entry.replace('./', ''));
    expect(manifest.typesVersions).toEqual({
      '*': Object.fromEntries(rooms.map((room) => [room, [manifest.exports[`./${room}`].types]])),
    });
  });

  it('needs of its peers what it imports, and whoever needs the others installs them', () => {
    const optional = Object.keys(manifest.peerDependenciesMeta);
    expect(optional).toEqual([
      '@aws-sdk/client-kms',
      '@aws-sdk/client-secrets-manager',
      '@aws-sdk/client-ssm',
      '@azure/identity',
      '@azure/keyvault-keys',
      '@azure/keyvault-secrets',
      '@google-cloud/kms',
      '@google-cloud/secret-manager',
      '@jmondi/oauth2-server',
      '@nestjs/config',
      '@nestjs/microservices',
      '@nestjs/terminus',
      '@nestjs/websockets',
      '@opentelemetry/api',
      'jwks-rsa',
      'pkcs11js',
      'prom-client',
    ]);
    for (const name of optional) expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true });
  });

  it('its public API can be read in one file', async () => {
    const { stdout } = await run(process.execPath, [
      '-e',
      "import('nestjs-oidc-key').then((api) => console.log(Object.keys(api).join()))",
    ]);
    expect(stdout.trim()).toBe(
      'FileKeySource,JwtService,KeyInfo,KeyRotation,NamedValue,OidcKeyError,OidcKeyModule,OidcTokenError',
    );
  });

  it.each([
    ['doctor', 'diagnoseEnvironment,diagnoseIssuer'],
    ['health', 'KeyHealthIndicator,OidcKeyHealthModule'],
    ['opentelemetry', 'OidcKeyOpenTelemetryModule'],
    ['prometheus', 'OidcKeyPrometheusModule'],
    [
      'resource-server',
      'AccessToken,AccessTokenGuard,AccessTokenVerifier,BearerTokenException,OidcKeyError,OidcTokenError,OptionalAccessToken,Public,RequireScopes,ResourceServerModule,accessTokenOf,bearerTokenOf,bearerTokenOfHandshake,readBearerToken',
    ],
    [
      'testing',
      'BrokenRotationError,MemoryKeyStore,OidcKeyTestingModule,RotationUnderTest,assertAccessToken,assertIdToken,assertSignedBy,testKey,tokenMatchers,withRotation,withTestKey',
    ],
  ])('and so can that of %s', async (name, api) => {
    const { stdout } = await run(process.execPath, [
      '-e',
      `import('nestjs-oidc-key/${name}').then((api) => console.log(Object.keys(api).join()))`,
    ]);
    expect(stdout.trim()).toBe(api);
  });

  it('has one class of each name, whichever entry it comes from', async () => {
    const program = `
      import 'reflect-metadata';
      import { NestFactory } from '@nestjs/core';
      import { generateKeyPairSync } from 'node:crypto';
      import { OidcKeyError, OidcKeyModule } from 'nestjs-oidc-key';
      import { KeyHealthIndicator, OidcKeyHealthModule } from 'nestjs-oidc-key/health';
      import { ResourceServerModule } from 'nestjs-oidc-key/resource-server';

      const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      // The indicator looks for KeyRotation among the providers of the other entry.
      const Root = { module: class {}, imports: [OidcKeyModule.forRoot({ key }), OidcKeyHealthModule] };
      const app = await NestFactory.createApplicationContext(Root, { logger: false });
      console.log(app.get(KeyHealthIndicator, { strict: false }).readiness('keys').keys.status);
      await app.close();
      const options = { logger: false, abortOnError: false };
      await NestFactory.createApplicationContext(ResourceServerModule.forRoot({}), options).catch((error) => {
        console.log(error instanceof OidcKeyError);
      });
    `;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program]);
    expect(stdout).toBe('up\ntrue\n');
  });

  it('names no address where it has none: npm wants a `repository` for provenance, and then all four belong here', () => {
    for (const member of ['repository', 'homepage', 'bugs', 'funding']) {
      expect(manifest).not.toHaveProperty(member);
    }
  });

  it('cannot be published before what a release needs was looked at', () => {
    expect(manifest.scripts.prepublishOnly).toBe('node .ci/release');
  });

  it('has a repository that takes no private key', async () => {
    const keys = ['oidc_private.pem', 'sample-app/key.pem', '.env'];
    const { stdout } = await run('git', ['check-ignore', '--no-index', ...keys]);
    expect(stdout.trim().split('\n')).toEqual(keys);
  });

  it('has a lockfile without download addresses', () => {
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved"/);
  });

  it('gives a reason for each dependency in CONTRIBUTING.md, and for no other', () => {
    const [, guide = ''] = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').split('## Dependencies');
    const listed = [...guide.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, name]) => name!);
    const installed = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)];
    expect(new Set(listed)).toEqual(new Set(installed));
  });
});
