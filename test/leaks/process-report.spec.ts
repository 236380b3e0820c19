import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from '@jest/globals';

import { cleanEnvironment, run } from '../support/processes.js';
import { searchFor, settings } from './seeded-keys.js';

const script = `
  import 'reflect-metadata';
  import { Module } from '@nestjs/common';
  import { ConfigModule } from '@nestjs/config';
  import { NestFactory } from '@nestjs/core';
  import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';
  class Application {}
  Module({ imports: [ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }), OidcKeyModule.forRootAsync()] })(Application);
  const app = await NestFactory.createApplicationContext(Application, { logger: false });
  await app.get(JwtService).sign({ sub: 'alice' });
  process.stdout.write(JSON.stringify(process.report.getReport()));
  await app.close();`;

async function reportWith(env: Record<string, string>): Promise<string> {
  const { code, stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    env: cleanEnvironment(env),
  });
  expect([code, stdout]).toEqual([0, expect.stringContaining('environmentVariables')]);
  return stdout;
}

it('a process report holds nothing private where the keys are in files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-leaks-'));
  const files = Object.entries(settings).map(([name, value]) => {
    writeFileSync(join(folder, name), value, { mode: 0o600 });
    return [`${name}_FILE`, join(folder, name)];
  });
  expect(searchFor().in(await reportWith(Object.fromEntries(files) as Record<string, string>))).toEqual([]);
});

// No module can close this; SECURITY.md says so. Where it does not hold any more, that page has to change.
it('a process report holds the keys where they are in the environment', async () => {
  expect(
    searchFor()
      .in(await reportWith(settings))
      .join(),
  ).toMatch(/passphrase.*previous/);
});
