import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { makeRsaKey, pemOf } from '../support/keys.js';
import { cleanEnvironment, root, run } from '../support/processes.js';

const line = pemOf(makeRsaKey()).trim().replaceAll('\n', '\\n');
const setting = `OIDC_PRIVATE_KEY="${line}"`;

/** A package with these files, and its program in `dist`. */
function packageWith(files: Record<string, string>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'oidc-key-unread-')));
  for (const each of ['dist', 'src/deep']) mkdirSync(join(folder, each), { recursive: true });
  for (const [name, content] of Object.entries({ 'package.json': '{}', ...files })) {
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function bootIn(cwd: string, options: object = {}, prefix = 'OIDC_') {
  const script = join(root, 'test/support/application-of-settings.mjs');
  const { stdout, stderr } = await run(process.execPath, [script, prefix, JSON.stringify(options)], {
    cwd,
    env: cleanEnvironment({ NODE_ENV: 'development' }),
  });
  const printed = stdout + stderr;
  expect(printed).not.toContain(line.slice(40, 80));
  return printed.split('\n').find((each) => each.startsWith('OIDC_KEY_MISSING')) ?? '';
}

const notHeld = /ConfigService does not have it/;

describe('a missing key that a file has which was not read', () => {
  it.each<[string, Record<string, string>, object, string, string]>([
    [
      'where it was told to ignore it',
      { '.env': setting },
      { ignoreEnvFile: true },
      '.env',
      'OIDC_PRIVATE_KEY',
    ],
    [
      'where it was told of another',
      { '.env': setting },
      { envFilePath: '.env.other' },
      '.env',
      'OIDC_PRIVATE_KEY',
    ],
    [
      'under its other name',
      { '.env': `RSA_PRIVATE_KEY_PEM="${line}"` },
      { ignoreEnvFile: true },
      '.env',
      'RSA_PRIVATE_KEY_PEM',
    ],
    [
      'as a path',
      { '.env': 'OIDC_PRIVATE_KEY_FILE=key.pem' },
      { ignoreEnvFile: true },
      '.env',
      'OIDC_PRIVATE_KEY_FILE',
    ],
    ['which a schema has dropped', { '.env': setting }, { isStrict: true }, '.env', 'OIDC_PRIVATE_KEY'],
    ['in a local file', { '.env': 'PORT=1', '.env.local': setting }, {}, '.env.local', 'OIDC_PRIVATE_KEY'],
    ['in one of the mode', { '.env.development': setting }, {}, '.env.development', 'OIDC_PRIVATE_KEY'],
  ])('%s', async (_, files, options, file, name) => {
    const folder = packageWith(files);
    expect(await bootIn(folder, options)).toContain(
      `\`${file}\` in ${folder} holds ${name}, but ConfigService does not have it: Check \`ignoreEnvFile\`, \`envFilePath\``,
    );
  });

  it.each(['dist', 'src/deep'])('where the process was started in %s of the package', async (inner) => {
    const folder = packageWith({ '.env': setting });
    const message = await bootIn(join(folder, inner));
    expect(message).toContain(`\`.env\` in ${folder} holds OIDC_PRIVATE_KEY`);
    expect(message).toContain(
      `which is ${join(folder, inner)}. Start it in ${folder}, or name the file in \`envFilePath\``,
    );
  });

  it('where the process was started above the package', async () => {
    const folder = packageWith({ '.env': setting });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const program = join(folder, 'dist/main.mjs');
    writeFileSync(
      program,
      `import ${JSON.stringify(join(root, 'test/support/application-of-settings.mjs'))};`,
    );
    const { stderr } = await run(process.execPath, [program], {
      cwd: join(folder, '..'),
      env: cleanEnvironment(),
    });
    expect(stderr).toContain(`\`.env\` in ${folder} holds OIDC_PRIVATE_KEY`);
  });

  it('under the prefix of the module', async () => {
    const folder = packageWith({ '.env': `ADMIN_PRIVATE_KEY="${line}"` });
    expect(await bootIn(folder, { ignoreEnvFile: true }, 'ADMIN_')).toContain('holds ADMIN_PRIVATE_KEY');
  });
});

describe('nothing is said of', () => {
  it.each<[string, Record<string, string>]>([
    ['no file', {}],
    ['a file with other settings', { '.env': 'OIDC_ISSUER=https://issuer.example\nOIDC_PRIVATE_KEYS=x' }],
    ['a file in which the key is empty', { '.env': 'OIDC_PRIVATE_KEY=\nOIDC_PRIVATE_KEY_FILE=""' }],
    ['a file that is too large', { '.env': `${setting}\n${'#'.repeat(1_100_000)}` }],
  ])('%s', async (_, files) => {
    const message = await bootIn(packageWith(files), { ignoreEnvFile: true });
    expect(message).toMatch(/^OIDC_KEY_MISSING: OIDC_PRIVATE_KEY \(or OIDC_PRIVATE_KEY_FILE\) holds no key/);
    expect(message).not.toMatch(notHeld);
  });

  it('a folder or a pipe, which is not waited for', async () => {
    const folder = packageWith({});
    mkdirSync(join(folder, '.env'));
    execFileSync('mkfifo', [join(folder, '.env.local')]);
    expect(await bootIn(folder, { ignoreEnvFile: true })).not.toMatch(notHeld);
  });
});
