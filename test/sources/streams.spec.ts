import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { pemOf, privateTraces } from '../support/keys.js';
import { ecKey } from '../support/lives.js';
import { thumbprintOf } from '../support/loaded.js';
import { cleanEnvironment, root, run } from '../support/processes.js';
import type { Finished } from '../support/processes.js';

const folder = mkdtempSync(join(tmpdir(), 'oidc-key-'));
const key = ecKey();
const keyFile = join(folder, 'key.pem');
writeFileSync(keyFile, pemOf(key));

/** An application as it is deployed: it boots, reloads twice, signs, and says which keys it publishes. */
const program = join(folder, 'application.mjs');
writeFileSync(
  program,
  `
  import { createRequire } from 'node:module';
  const require = createRequire(${JSON.stringify(join(root, 'package.json'))});
  const load = (name) => import(require.resolve(name));
  await load('reflect-metadata');
  const { Module } = await load('@nestjs/common');
  const { ConfigModule } = await load('@nestjs/config');
  const { NestFactory } = await load('@nestjs/core');
  const { JwtService, KeyRotation, OidcKeyModule } = await load('nestjs-oidc-key');
  // A handler runs only where the event loop does.
  process.once('SIGTERM', () => process.exit(7));
  class Application {}
  Module({ imports: [ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }), OidcKeyModule.forRootAsync()] })(Application);
  const options = { logger: false, abortOnError: false };
  try {
    const app = await NestFactory.createApplicationContext(Application, options);
    const rotation = app.get(KeyRotation);
    const reloaded = [await rotation.reload(), await rotation.reload()];
    await app.get(JwtService).sign({});
    const { keys } = rotation.status();
    process.stdout.write(JSON.stringify({ reloaded, kids: keys.map(({ kid }) => kid) }));
    await app.close();
  } catch (error) {
    process.stderr.write(error.code + ': ' + error.message);
    process.exitCode = 1;
  }`,
);

const bash = (script: string, input?: string): Promise<Finished> =>
  run('bash', ['-c', script], {
    env: cleanEnvironment({ NODE: process.execPath, APPLICATION: program, KEY: keyFile, FOLDER: folder }),
    ...(input !== undefined && { input }),
  });

const booted = {
  code: 0,
  stderr: '',
  stdout: JSON.stringify({ reloaded: [true, true], kids: [thumbprintOf(key)] }),
};

describe('a file of a setting that can be read only once', () => {
  it.each([
    [
      'a process substitution',
      // In an assignment bash would take it for text.
      'boot() { OIDC_PRIVATE_KEY_FILE=$1 "$NODE" "$APPLICATION"; }; boot <(cat "$KEY")',
    ],
    ['standard input from a pipe', 'cat "$KEY" | OIDC_PRIVATE_KEY_FILE=/dev/stdin "$NODE" "$APPLICATION"'],
    ['standard input from a file', 'OIDC_PRIVATE_KEY_FILE=/dev/stdin "$NODE" "$APPLICATION" < "$KEY"'],
    ['another descriptor', 'OIDC_PRIVATE_KEY_FILE=/dev/fd/7 "$NODE" "$APPLICATION" 7< <(cat "$KEY")'],
    [
      'a named pipe with a writer that is late',
      'mkfifo "$FOLDER/late"; (sleep 0.5; cat "$KEY" > "$FOLDER/late") & ' +
        'OIDC_PRIVATE_KEY_FILE="$FOLDER/late" "$NODE" "$APPLICATION"',
    ],
  ])('%s boots, and reloads what it gave', async (_, script) => {
    expect(await bash(script)).toEqual(booted);
  });

  it('standard input as a socket, as a parent of Node gives it, boots too', async () => {
    const env = cleanEnvironment({ OIDC_PRIVATE_KEY_FILE: '/dev/stdin' });
    expect(await run(process.execPath, [program], { env, input: pemOf(key) })).toEqual(booted);
  });
});

describe('a file of a setting that never ends', () => {
  const refused = (script: string) => async () => {
    const began = Date.now();
    const { code, stdout, stderr } = await bash(script);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^OIDC_KEY_UNREADABLE_FILE: The file that OIDC_PRIVATE_KEY_FILE names cannot be read/,
    );
    for (const trace of privateTraces(key)) expect(stderr).not.toContain(trace);
    // Five seconds are the limit of a file; the rest is for a busy machine.
    expect(Date.now() - began).toBeLessThan(20_000);
    return stderr;
  };

  it('a named pipe that nobody writes to stops the boot within the limit', async () => {
    const stderr = await refused(
      'mkfifo "$FOLDER/silent"; OIDC_PRIVATE_KEY_FILE="$FOLDER/silent" "$NODE" "$APPLICATION"',
    )();
    expect(stderr).toContain('(ETIMEDOUT). It did not answer in time');
  });

  it('a device that gives zeros for ever stops the boot at once', async () => {
    const stderr = await refused('OIDC_PRIVATE_KEY_FILE=/dev/zero "$NODE" "$APPLICATION"')();
    expect(stderr).toContain('(EFBIG). It holds more than 1 MB');
  });

  it('a process that waits for a named pipe is ended by SIGTERM', async () => {
    await bash('mkfifo "$FOLDER/waiting"');
    const child = spawn(process.execPath, [program], {
      env: cleanEnvironment({ OIDC_PRIVATE_KEY_FILE: join(folder, 'waiting') }),
      stdio: 'ignore',
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(child.exitCode).toBeNull();
    const began = Date.now();
    child.kill('SIGTERM');
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect([code, signal]).toEqual([7, null]);
    expect(Date.now() - began).toBeLessThan(2_000);
  });
});
