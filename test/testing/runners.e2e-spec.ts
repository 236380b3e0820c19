import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { pageAt } from '../support/pages.js';
import { root, run } from '../support/processes.js';

const application = join(mkdtempSync(join(tmpdir(), 'oidc-key-runners-')), 'application');
const installed = join(application, 'node_modules/nestjs-oidc-key');
const quiet = '--disable-warning=ExperimentalWarning';

/** The recipe of the page, as it stands there. */
const settingsOf = (heading: string): object => {
  const [, section = ''] = pageAt('docs/testing.md').text.split(`### ${heading}\n`);
  return JSON.parse(/```json\n(.*?)```/s.exec(section)![1]!) as object;
};

/** What a test of an application is, in words of Jest; `lines` load what it needs. */
const specOf = (lines: string) => `
${lines}

expect.extend(tokenMatchers);
class Application {}

it('a rotation loses no token', async () => {
  const module = { module: Application, imports: [OidcKeyTestingModule.forRoot()] };
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  const rotation = await withRotation(app);
  await rotation.rotate();
  await rotation.complete();
  const jwt = app.get(JwtService);
  expect(await jwt.sign({})).toBeSignedBy(jwt);
  expect(() => expect('a').toBeSignedBy(jwt)).toThrow('it is no JWT');
  await app.close();
});
`;

beforeAll(async () => {
  mkdirSync(installed, { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(application, '../node_modules'));
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', application]);
  const tarball = readdirSync(application).find((name) => name.endsWith('.tgz'))!;
  await run('tar', ['-xzf', join(application, tarball), '--strip-components=1', '-C', installed]);
  for (const name of ['kit.test.mjs', 'kit.test.cjs']) {
    cpSync(join(root, 'tools/matrix/projects/runtime', name), join(application, name));
  }
  writeFileSync(join(application, 'package.json'), '{}');
  const esm = `
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { JwtService } from 'nestjs-oidc-key';
import { OidcKeyTestingModule, tokenMatchers, withRotation } from 'nestjs-oidc-key/testing';`;
  const commonJs = `
require('reflect-metadata');
const { NestFactory } = require('@nestjs/core');
const { JwtService } = require('nestjs-oidc-key');
const { OidcKeyTestingModule, tokenMatchers, withRotation } = require('nestjs-oidc-key/testing');`;
  writeFileSync(join(application, 'rotation.spec.mjs'), specOf(esm));
  writeFileSync(join(application, 'rotation.spec.cjs'), specOf(commonJs));
}, 60_000);

/** Vitest is not among what this repository installs: `npm run matrix` has it. */
describe('the packed kit', () => {
  it.each(['kit.test.mjs', 'kit.test.cjs'])('works under node:test, in %s', async (name) => {
    const { stdout, code } = await run(process.execPath, [quiet, '--test', name], { cwd: application });
    expect([stdout, code]).toEqual([expect.stringMatching(/pass 1\n/), 0]);
  });

  it.each([
    ['ES modules', 'rotation.spec.mjs', {}],
    [
      'CommonJS',
      'rotation.spec.cjs',
      {
        ...settingsOf('Nest 12 in CommonJS'),
        transform: { '\\.js$': ['@swc/jest', { jsc: { target: 'es2022' }, module: { type: 'commonjs' } }] },
      },
    ],
  ])(
    'works under Jest, in %s',
    async (_, name, config) => {
      const file = join(application, `${name}.json`);
      writeFileSync(
        file,
        JSON.stringify({ rootDir: '.', transform: {}, testEnvironment: 'node', ...config }),
      );
      const jest = join(root, 'node_modules/jest/bin/jest.js');
      const flags = [quiet, '--experimental-vm-modules', jest, '--config', file];
      const { stderr, code } = await run(
        process.execPath,
        [...flags, '--testMatch', `**/${name}`, '--moduleFileExtensions', 'js', 'cjs', 'mjs', 'json'],
        { cwd: application },
      );
      expect([stderr, code]).toEqual([expect.stringContaining('1 passed'), 0]);
    },
    90_000,
  );
});
