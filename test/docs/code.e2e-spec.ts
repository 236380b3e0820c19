import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { installedApplication } from '../support/installed.js';
import { freePort, jsonOf } from '../support/ports.js';
import { pageAt, pages } from '../support/pages.js';
import { cleanEnvironment, root, run, start, stopAll } from '../support/processes.js';

const blocks = pages.flatMap((page) => page.blocks);
const files = blocks
  .filter(({ language }) => language === 'ts')
  .map(({ code }) => ({ name: /^\/\/ (src\/(?:with-5\/)?[\w.-]+\.ts)\n/.exec(code)?.[1], code }));
const shell = blocks.filter(({ language }) => language === 'sh').map(({ code }) => code);

/** What .ci/first-token does: it needs a registry, and a server that goes on. */
const needsServer = (code: string) => code.includes('node dist/main.js') || code.includes('localhost');
/** What `npm run matrix` runs: it reads the page of which it is. */
const ofMatrix = (code: string) => code.includes('esbuild');
/** What the registry is asked for, and what runs this very test, is run by .ci/run. */
const commands = shell
  .filter((code) => !needsServer(code) && !ofMatrix(code))
  .map((code) => code.replaceAll(/^npm .*\n/gm, ''))
  .filter((code) => code !== '');
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

const application = installedApplication('docs');

beforeAll(() => {
  const compilerOptions = { rootDir: 'src', outDir: 'dist', noEmit: false, paths: {}, noUnusedLocals: false };
  const extended = { extends: join(root, 'tsconfig.json'), include: ['src'] };
  const write = (name: string, options: object) =>
    writeFileSync(join(application, name), JSON.stringify(options));
  write('tsconfig.json', { ...extended, compilerOptions, exclude: ['src/with-5'] });
  // What is for 5 is held against its shapes, since the registry does not have it.
  const paths = { '@jmondi/oauth2-server': [join(root, 'test/types/oauth2-server-5/index.d.ts')] };
  write('tsconfig.5.json', {
    ...extended,
    include: ['src/with-5'],
    compilerOptions: { ...compilerOptions, paths, rootDir: '/', outDir: 'dist-5' },
  });
  for (const { name, code } of files) {
    mkdirSync(join(application, dirname(name!)), { recursive: true });
    writeFileSync(join(application, name!), code);
  }
});
afterAll(stopAll);

it('every block is a file, a command, or a picture of text', () => {
  const others = blocks.filter(({ language }) => !['ts', 'sh', 'text'].includes(language));
  const blocksOf = (path: string, ...languages: string[]) =>
    pageAt(path).blocks.filter(({ language }) => languages.includes(language));
  // Policies, which tests of the stores give to whoever asks, and recipes for test runners.
  const recipes = [
    ...blocksOf('docs/kms.md', 'hcl', 'json'),
    // Settings of Prometheus, which knows them by itself.
    ...blocksOf('docs/metrics.md', 'yaml'),
    ...blocksOf('docs/stores.md', 'hcl', 'json', 'yaml'),
    ...blocksOf('docs/testing.md', 'js', 'json'),
  ];
  expect(others).toEqual(recipes);
  expect(files.filter(({ name }) => name === undefined)).toEqual([]);
  expect(new Set(files.map(({ name }) => name)).size).toBe(files.length);
  expect(commands.length).toBeGreaterThan(1);
});

it('every recipe stands below a heading that the matrix asks for', () => {
  const groups = join(root, 'tools/matrix/groups');
  const asking = readdirSync(groups).map((name) => readFileSync(join(groups, name), 'utf8'));
  const sections = pageAt('docs/testing.md').text.split(/^#{2,3} /m);
  const headings = sections
    .filter((section) => /^```(?:js|json|sh)$/m.test(section))
    .map((section) => section.split('\n')[0]!);
  expect(headings.length).toBeGreaterThan(7);
  const unasked = headings.filter(
    (heading) => !asking.some((text) => text.includes(`'${heading.replace('esbuild, ', '')}'`)),
  );
  expect(unasked).toEqual([]);
});

describe('the files', () => {
  const tsc = (project: string, ...options: string[]) =>
    run(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-p',
      join(application, project),
      ...options,
    ]);

  it('type-check and compile', async () => {
    const { code, stdout } = await tsc('tsconfig.json');
    expect([stdout, code]).toEqual(['', 0]);
  }, 60_000);

  it('those for @jmondi/oauth2-server 5 type-check against its shapes, and not against 4.3.7', async () => {
    const { code, stdout } = await tsc('tsconfig.5.json', '--noEmit');
    expect([stdout, code]).toEqual(['', 0]);
    const against4 = await tsc('tsconfig.5.json', '--noEmit', '--paths', 'null');
    expect(against4.stdout).toContain("'oidc' does not exist in type 'Partial<AuthorizationServerOptions>'");
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
    const { keys } = (await jsonOf(`http://127.0.0.1:${port}/.well-known/jwks.json`)) as {
      keys: { kid: string }[];
    };
    expect(keys.map(({ kid }) => kid)).toEqual([/kid ([\w-]+)/.exec(made.stderr)![1]]);
  }, 60_000);

  it.each(files.map(({ name }) => name!).filter((name) => !/main\.ts$|with-5/.test(name)))(
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
      import { ConfigService } from '@nestjs/config';
      import { JwtService, KeyInfo } from 'nestjs-oidc-key';
      import { jwt, same } from './dist/without-nest.js';
      import { IdTokenService } from './dist/id-token.service.js';
      import { ReportsService } from './dist/reports.service.js';
      import { legacyTokens } from './dist/legacy-tokens.js';
      import { verifyAccessToken } from './dist/access-token.js';
      import { getToken as tokenOfCookie } from './dist/token-of-cookie.js';
      import { getToken as tokenOfMessage } from './dist/token-of-message.js';
      import { getToken as tokenOfClient, keepRequest } from './dist/upgrade-requests.js';
      import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
      assert.deepEqual(jwt.getKeySet(), same.getKeySet());
      const service = new IdTokenService(jwt, { algorithms: ['RS256'] });
      const idToken = await service.issue('alice', 'client', 'n');
      assert.equal((await jwt.verify(idToken)).nonce, 'n');
      await assert.rejects(verifyAccessToken(jwt, idToken), { code: 'OIDC_TOKEN_CLAIM_MISMATCH' });
      const token = await jwt.sign(
        { jti: '1', cid: 'client', scope: 'a', sub: 'alice' },
        { issuer: 'https://issuer.example', audience: 'https://api.example', expiresIn: 60 },
      );
      assert.equal((await verifyAccessToken(jwt, token)).sub, 'alice');
      const reports = new ReportsService(jwt);
      assert.equal((await reports.open(await reports.link('alice'))).report, 7);
      await assert.rejects(reports.open(token), { code: 'OIDC_TOKEN_CLAIM_MISMATCH' });
      assert.equal(legacyTokens({ status: () => ({}) }), 'HS256 is gone');
      const call = (type, ...args) => Object.assign(new ExecutionContextHost(args), { contextType: type });
      const [authorization, client] = ['Bearer ' + token, {}];
      assert.equal(tokenOfCookie(call('http', { headers: { authorization } })), token);
      assert.equal(tokenOfCookie(call('http', { headers: { cookie: 'a=b; access_token=' + token } })), token);
      assert.equal(tokenOfMessage(call('rpc', { accessToken: token })), token);
      assert.equal(tokenOfClient(call('ws', client)), undefined);
      keepRequest(client, { headers: { authorization } });
      assert.equal(tokenOfClient(call('ws', client)), token);`;
    const { code, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], {
      cwd: application,
    });
    expect([stderr, code]).toEqual(['', 0]);
  });
});

it('the store of one’s own compares, with its table, and says nothing of what it was given', async () => {
  const table = blocks.find(({ code }) => code.includes('CREATE TABLE key_set'))!.code;
  const script = `
    import assert from 'node:assert';
    import { createClient } from '@libsql/client/sqlite3';
    import { init, rotate } from 'nestjs-oidc-key/rotate';
    import { DatabaseKeyStore } from './dist/database-key.store.js';
    import { run } from './dist/keys.js';
    const client = createClient({ url: ':memory:' });
    // SQLite writes the number of a value with another sign.
    const query = async (sql, args) => {
      const { rows, rowsAffected } = await client.execute({ sql: sql.replaceAll('$', '?'), args });
      return { rows, rowCount: rowsAffected };
    };
    const store = new DatabaseKeyStore({ query });
    await assert.rejects(store.write('the keys', 'v'), (error) =>
      error.name === 'KeyStoreError' && error.message.includes('SQLITE_ERROR') && !/the keys/.test(error.stack));
    await client.execute(${JSON.stringify(table)});
    assert.equal(await store.read(), undefined);
    await run(store, 'init');
    assert.equal(await store.write('too late', undefined), false);
    const { version } = await store.read();
    const results = await Promise.allSettled([1, 2, 3].map(() => rotate({ store })));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal(results.filter(({ reason }) => reason?.code === 'KEY_WAITS').length, 2);
    assert.equal(await store.write('too late', version), false);
    await run(store, 'status');`;
  const { code, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], {
    cwd: application,
  });
  expect([stderr, code]).toEqual(['', 0]);
});

describe('the commands', () => {
  it.each(commands)('%s', async (block) => {
    const cwd = mkdtempSync(join(application, 'commands-'));
    const script = hasOpenssl ? block : block.replaceAll(/^openssl .*$/gm, '');
    expect((await run('bash', ['-euc', script], { cwd })).code).toBe(0);
    const key = join(cwd, 'oidc_private.pem');
    if (block.includes('--out oidc_private.pem')) {
      expect(createPrivateKey(readFileSync(key)).asymmetricKeyType).toBe('rsa');
    }
    if (hasOpenssl && block.includes('openssl'))
      expect(existsSync(join(cwd, 'oidc_private_openssl.pem'))).toBe(true);
  });
});

it('the README has at most 150 lines', () => {
  expect(pageAt('README.md').text.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});
