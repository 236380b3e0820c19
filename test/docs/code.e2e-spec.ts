import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { defaultEnvPrefix, everySettingName, fileSuffix } from '../lib/sources/setting-names.js';
import { cleanEnvironment, commandLine, root, run, start, stopAll } from './support/processes.js';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const pages = readdirSync(join(root, 'docs')).map((name) => readFileSync(join(root, 'docs', name), 'utf8'));
const blocksOf = (text: string) =>
  [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, code]) => ({ language, code: code! }));
const blocks = blocksOf(readme);
const files = [...blocks, ...pages.flatMap(blocksOf)]
  .filter(({ language }) => language === 'ts')
  .map(({ code }) => ({ name: /^\/\/ (src\/[\w.-]+\.ts)\n/.exec(code)?.[1], code }));
const shell = blocks.filter(({ language }) => language === 'sh').map(({ code }) => code);

/** Commands that need a network or that run this very test; .ci/run and .ci/consumer run them. */
const runElsewhere = [
  'npm install nestjs-oidc-key @nestjs/config @jmondi/oauth2-server\n',
  'npm install && npm run demo\n',
  'npm install && npm run bench\n',
  'npm it\n',
];
const commands = shell.filter((code) => !runElsewhere.includes(code));
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A folder in which the package is installed, as an application has it. */
const folder = mkdtempSync(join(tmpdir(), 'oidc-key-readme-'));
const application = join(folder, 'application');

beforeAll(() => {
  mkdirSync(join(application, 'node_modules/.bin'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  symlinkSync(root, join(application, 'node_modules/nestjs-oidc-key'));
  // npm sets this bit when it installs the package.
  chmodSync(commandLine, 0o755);
  symlinkSync(commandLine, join(application, 'node_modules/.bin/nestjs-oidc-key'));
  writeFileSync(join(application, 'package.json'), '{ "name": "application", "type": "module" }');
  const compilerOptions = { rootDir: 'src', outDir: 'dist', noEmit: false, paths: {}, noUnusedLocals: false };
  writeFileSync(
    join(application, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: ['src'] }),
  );
  for (const { name, code } of files) {
    mkdirSync(join(application, dirname(name!)), { recursive: true });
    writeFileSync(join(application, name!), code);
  }
});
afterAll(stopAll);

it('every block is a file, a command, or run elsewhere', () => {
  expect(
    blocks.map(({ language }) => language).filter((language) => language !== 'ts' && language !== 'sh'),
  ).toEqual([]);
  expect(files.filter(({ name }) => name === undefined)).toEqual([]);
  expect(shell.filter((code) => runElsewhere.includes(code)).toSorted()).toEqual(runElsewhere.toSorted());
  expect(commands.length).toBeGreaterThan(1);
});

it('every block of the other pages is a file, or a picture of text', () => {
  const languages = pages.flatMap(blocksOf).map(({ language }) => language);
  expect(languages.filter((language) => language !== 'ts' && language !== 'text')).toEqual([]);
  expect(new Set(files.map(({ name }) => name)).size).toBe(files.length);
});

describe('the files', () => {
  it('type-check and compile', async () => {
    const { code, stdout } = await run(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-p',
      application,
    ]);
    expect([stdout, code]).toEqual(['', 0]);
  }, 60_000);

  it('main.ts starts, with the key that the command beside it makes, and serves it', async () => {
    const made = await run('npx', ['nestjs-oidc-key', 'generate', '--out', 'oidc_private.pem'], {
      cwd: application,
    });
    expect(made.code).toBe(0);
    const port = await freePort();
    const env = cleanEnvironment({
      OIDC_PRIVATE_KEY_FILE: join(application, 'oidc_private.pem'),
      PORT: String(port),
    });
    await start(process.execPath, [join(application, 'dist/main.js')], env);
    const keySet = await poll(`http://127.0.0.1:${port}/.well-known/jwks.json`);
    expect(keySet.keys.map(({ kid }) => kid)).toEqual([/kid ([\w-]+)/.exec(made.stderr)![1]]);
  }, 60_000);

  it.each(files.map(({ name }) => name!).filter((name) => !name.endsWith('main.ts')))(
    '%s runs',
    async (name) => {
      const module = JSON.stringify(join(application, name.replace('src/', 'dist/').replace('.ts', '.js')));
      const { code, stderr } = await run(
        process.execPath,
        ['-e', `import('reflect-metadata').then(() => import(${module}))`],
        { cwd: application },
      );
      expect([stderr, code]).toEqual(['', 0]);
    },
  );

  it('the examples do what is said of them', async () => {
    const script = `
      import 'reflect-metadata';
      import assert from 'node:assert';
      import { JwtService, KeyInfo } from 'nestjs-oidc-key';
      import { jwt, same } from './dist/without-nest.js';
      import { IdTokenService } from './dist/id-token.service.js';
      import { verifyAccessToken } from './dist/access-token.js';
      assert.deepEqual(jwt.getKeySet(), same.getKeySet());
      const service = new IdTokenService(jwt, { algorithms: ['RS256'] });
      const idToken = await service.issue('alice', 'client', 'n');
      assert.equal((await jwt.verify(idToken)).nonce, 'n');
      await assert.rejects(verifyAccessToken(jwt, idToken), { code: 'OIDC_TOKEN_CLAIM_MISMATCH' });
      const token = await jwt.sign(
        { jti: '1', cid: 'client', scope: 'a', sub: 'alice' },
        { issuer: 'https://issuer.example', audience: 'https://api.example', expiresIn: 60 },
      );
      assert.equal((await verifyAccessToken(jwt, token)).sub, 'alice');`;
    const { code, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], {
      cwd: application,
    });
    expect([stderr, code]).toEqual(['', 0]);
  });
});

describe('the commands', () => {
  it.each(commands)('%s', async (block) => {
    const cwd = mkdtempSync(join(application, 'commands-'));
    const script = hasOpenssl ? block : block.replaceAll(/^openssl .*$/gm, '');
    expect((await run('bash', ['-euc', script], { cwd })).code).toBe(0);
    const key = join(cwd, 'oidc_private.pem');
    expect(createPrivateKey(readFileSync(key)).asymmetricKeyType).toBe('rsa');
    if (hasOpenssl && block.includes('openssl'))
      expect(existsSync(join(cwd, 'oidc_private_openssl.pem'))).toBe(true);
  });
});

describe('the tables', () => {
  const firstCells = [...readme.matchAll(/^\| `(OIDC_\w+)`/gm)].map(([, name]) => name!);
  const errors = readFileSync(join(root, 'lib/core/errors.ts'), 'utf8');
  const codes = [...errors.matchAll(/\| '(OIDC_KEY_\w+)'/g)].map(([, code]) => code!);

  it('list every error code', () => {
    expect(firstCells.filter((name) => codes.includes(name)).toSorted()).toEqual(codes.toSorted());
  });

  it('list every setting, and no other', () => {
    const settings = everySettingName(defaultEnvPrefix).filter((name) => !name.endsWith(fileSuffix));
    const listed = firstCells.filter((name) => !codes.includes(name));
    expect(listed.toSorted()).toEqual(
      settings.filter((name) => name.startsWith(defaultEnvPrefix)).toSorted(),
    );
    // An alias stands beside the name that it is one of.
    for (const name of settings) expect(readme).toContain(`\`${name}\``);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function poll(url: string): Promise<{ keys: { kid: string }[] }> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      return (await (await fetch(url)).json()) as { keys: { kid: string }[] };
    } catch {
      // Not listening yet.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`${url} did not answer`);
}
