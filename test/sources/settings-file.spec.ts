import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from '@jest/globals';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';

import { settingsInText } from '../../lib/sources/settings-file.js';

const folder = mkdtempSync(join(tmpdir(), 'oidc-key-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ['plain', 'NAME_OF_TEST=value'],
  ['quoted', 'NAME_OF_TEST="a\\nb"\n'],
  ['in single quotes', "NAME_OF_TEST='a\\nb # c'\n"],
  ['in backticks', 'NAME_OF_TEST=`a "b" \'c\'`\n'],
  ['on several lines', 'NAME_OF_TEST="a\nb\nc"\n'],
  ['behind a byte order mark', '\uFEFFNAME_OF_TEST=value\n'],
  ['behind a colon', 'NAME_OF_TEST: value\n'],
  ['with lines that a carriage return ends', 'OTHER=1\rNAME_OF_TEST=value\r'],
  ['with lines of Windows', 'OTHER=1\r\nNAME_OF_TEST=value\r\n'],
  ['exported', 'export NAME_OF_TEST=value\n'],
  ['with a comment', 'NAME_OF_TEST=value#3\n'],
  ['with spaces', '  NAME_OF_TEST =  a b  \n'],
  ['behind a value that spans its line', "OTHER='it\nNAME_OF_TEST=value\nANOTHER='x'\n"],
  ['twice', 'NAME_OF_TEST=1\nNAME_OF_TEST=2\n'],
  ['empty', 'NAME_OF_TEST=\n'],
])('a file of settings is read as ConfigModule reads it: %s', async (_, text) => {
  const envFilePath = join(folder, '.env');
  writeFileSync(envFilePath, text);
  class Application {}
  const imports = [await ConfigModule.forRoot({ envFilePath, ignoreEnvVars: true })];
  const app = await NestFactory.createApplicationContext({ module: Application, imports }, { logger: false });
  const read = app.get(ConfigService).get<string>('NAME_OF_TEST');
  await app.close();
  delete process.env.NAME_OF_TEST;
  expect(read).toBeDefined();
  expect(settingsInText(text).NAME_OF_TEST).toBe(read);
});
