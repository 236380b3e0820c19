import { spawnSync } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { encryptKeySet } from '../../lib/sources/encrypted-key-set.js';
import type { KeySetDocument, KeySetJwk } from '../../lib/core/key-set/key-set-document.js';
import { JwtService } from '../../lib/core/jwt/jwt.service.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { ecKey } from '../support/lives.js';
import { jwkOf, makeRsaKey, pemOf } from '../support/keys.js';
import { cleanEnvironment, commandLine, run } from '../support/processes.js';
import { SecretSearch, secretOfText, secretsOfKey } from '../support/secret-search.js';

const top = mkdtempSync(join(tmpdir(), 'oidc-key-commands-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));
const newFolder = () => mkdtempSync(join(top, 'folder-'));
const isRoot = process.getuid?.() === 0;

interface Given {
  readonly env?: Record<string, string>;
  readonly input?: string | Buffer;
  readonly cwd?: string;
  readonly uid?: number;
}

const cli = (args: string[], { env = {}, cwd = top, ...options }: Given = {}) =>
  run(process.execPath, [commandLine, ...args], { cwd, env: cleanEnvironment(env), ...options });

const ec = ecKey();
const otherEc = ecKey();
const rsa = makeRsaKey();
const passphrase = 'a passphrase that is long enough';
const wrongPassphrase = 'another passphrase that is wrong';
const kidOf = (key: KeyObject) => new JwtService({ key }).getKeySet().keys[0]!.kid;
const now = Math.floor(Date.now() / 1000);
const day = 86_400;
const privateJwk = (key: KeyObject, life: object): KeySetJwk =>
  ({ ...jwkOf(key), kid: kidOf(key), alg: 'ES256', use: 'sig', ...life }) as KeySetJwk;
const keySet = JSON.stringify({ keys: [privateJwk(ec, { iat: now - 200 * day, nbf: now - 200 * day })] });
const twoAlgorithms = JSON.stringify({
  keys: [
    { ...jwkOf(rsa), kid: kidOf(rsa), alg: 'RS256', iat: now - 200 * day, nbf: now - 200 * day },
    privateJwk(ec, { iat: now - 200 * day, nbf: now - 200 * day }),
  ],
});
const encryptedPem = ec
  .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase })
  .toString();
let encrypted = '';
beforeAll(async () => {
  encrypted = await encryptKeySet(keySet, passphrase);
});

const secrets = new SecretSearch({
  ...secretsOfKey('EC', ec),
  ...secretsOfKey('other EC', otherEc),
  ...secretsOfKey('RSA', rsa),
  ...secretOfText('passphrase', passphrase),
  ...secretOfText('wrong passphrase', wrongPassphrase),
});

/** Every private member of a document, as it would be found in an output. */
function expectNothingPrivate(output: string, document: string): void {
  expect(secrets.in(output)).toEqual([]);
  for (const [, member] of document.matchAll(/"(?:d|p|q|dp|dq|qi)":"([^"]{20,})"/g)) {
    expect(output).not.toContain(member);
  }
}

const documentIn = (text: string) => JSON.parse(text) as KeySetDocument;
const emptyPassphrase = { OIDC_PRIVATE_KEY_PASSPHRASE_FILE: '/dev/null' };
const withPassphrase = { OIDC_PRIVATE_KEY_PASSPHRASE: passphrase };

/** What a store may hold. */
const contents: Readonly<Record<string, { text: () => string | undefined; env?: Record<string, string> }>> = {
  nothing: { text: () => undefined },
  'an empty text': { text: () => '\n' },
  'a plain PEM': { text: () => pemOf(ec) },
  'a plain JWK': { text: () => JSON.stringify(jwkOf(ec)) },
  'a key set': { text: () => keySet },
  'an encrypted key set': { text: () => encrypted, env: withPassphrase },
  'a damaged key set': { text: () => keySet.slice(0, -20) },
  'a wrong passphrase': { text: () => encrypted, env: { OIDC_PRIVATE_KEY_PASSPHRASE: wrongPassphrase } },
  'no passphrase': { text: () => encrypted },
  'a plain key set with a passphrase': { text: () => keySet, env: withPassphrase },
  'nothing, and an empty file of the passphrase': { text: () => undefined, env: emptyPassphrase },
  'a plain key set, and an empty file of the passphrase': { text: () => keySet, env: emptyPassphrase },
};

const commands: Readonly<Record<string, (store: string) => string[]>> = {
  init: (store) => ['init', store, '--algorithm', 'ES256'],
  rotate: (store) => ['rotate', store],
  'rotate --dry-run': (store) => ['rotate', store, '--dry-run'],
  revoke: (store) => ['revoke', store, kidOf(ec)],
  retire: (store) => ['retire', store, kidOf(ec)],
  status: (store) => ['status', store],
};

/** What each command comes to: a write, nothing to write, or a code. */
function expected(command: string, content: string): string {
  const [name, option] = command.split(' ');
  switch (content) {
    case 'nothing':
    case 'an empty text':
      if (name === 'init') return 'write';
      return name === 'revoke' || name === 'retire' ? 'KEY_UNKNOWN' : 'KEY_SET_MISSING';
    case 'a damaged key set':
      return 'OIDC_KEY_MALFORMED';
    case 'a wrong passphrase':
    case 'no passphrase':
      return 'OIDC_KEY_ENCRYPTED';
    case 'a plain key set with a passphrase':
      return 'OIDC_KEY_NOT_ENCRYPTED';
    case 'nothing, and an empty file of the passphrase':
    case 'a plain key set, and an empty file of the passphrase':
      return 'OIDC_KEY_UNREADABLE_FILE';
    default:
      if (name === 'init') return 'KEY_SET_EXISTS';
      if (name === 'retire') return 'KEY_NEEDED';
      return name === 'status' || option === '--dry-run' ? 'no write' : 'write';
  }
}

const cases = Object.keys(commands).flatMap((command) =>
  Object.keys(contents).map((content) => [command, content, expected(command, content)] as const),
);

describe('a command on a file', () => {
  it.each(cases)('%s, where there is %s: %s', async (command, content, outcome) => {
    const folder = newFolder();
    const file = join(folder, 'keys.json');
    const { text, env = {} } = contents[content]!;
    const before = text();
    if (before !== undefined) writeFileSync(file, before, { mode: 0o600 });
    const { code, stdout, stderr } = await cli(commands[command]!(`file:${file}`), { env });
    const after = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    expectNothingPrivate(stdout + stderr, after ?? '');
    if (outcome === 'write') {
      expect([code, stderr]).toEqual([0, '']);
      expect(after).not.toBe(before);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(after!.startsWith('{')).toBe(env.OIDC_PRIVATE_KEY_PASSPHRASE === undefined);
      expect(stdout).toContain(kidOf(ec).slice(0, command === 'init' ? 0 : 8));
    } else {
      expect(after).toBe(before);
      expect(code).toBe(outcome === 'no write' ? 0 : 1);
      expect(stderr).toMatch(outcome === 'no write' ? /^$/ : new RegExp(`^${outcome}: .+\\.\n$`));
      if (outcome !== 'no write') expect(stdout).toBe('');
    }
    expect(readdirSync(folder)).toEqual(after === undefined ? [] : ['keys.json']);
  });
});

describe('a command on standard streams', () => {
  it.each(cases)('%s, where there is %s: %s', async (command, content, outcome) => {
    const { text, env = {} } = contents[content]!;
    const input = text() ?? '';
    const { code, stdout, stderr } = await cli(commands[command]!('-'), { env, input });
    expectNothingPrivate(stderr, stdout);
    if (command.startsWith('status')) {
      expectNothingPrivate(stdout, input);
      expect([code, stdout === '']).toEqual(outcome === 'no write' ? [0, false] : [1, true]);
    } else if (outcome === 'write') {
      expect(code).toBe(0);
      expect(stdout.trim()).not.toBe(input.trim());
      if (env.OIDC_PRIVATE_KEY_PASSPHRASE === undefined) {
        expect(documentIn(stdout).keys.length).toBe(command === 'init' ? 1 : 2);
      } else {
        expect(stdout).toMatch(/^eyJ[\w.-]+\n$/);
      }
    } else {
      // Whoever puts this into a variable must not lose what was there.
      expect([code, stdout]).toEqual(outcome === 'no write' ? [0, input] : [1, '']);
      const subject = outcome === 'OIDC_KEY_UNREADABLE_FILE' ? 'The file that OIDC_' : 'Standard input';
      if (outcome !== 'no write') expect(stderr).toMatch(new RegExp(`^${outcome}: ${subject}.+\\.\n$`));
    }
  });

  it('the two commands of the documentation for a variable', async () => {
    const env = { OIDC_PRIVATE_KEY: pemOf(ec), CLI: commandLine };
    const script = `
      new="$(printenv OIDC_PRIVATE_KEY | node "$CLI" rotate -)" && OIDC_PRIVATE_KEY="$new"
      kept="$(printenv OIDC_PRIVATE_KEY | node "$CLI" rotate - --every 90d)" && [ "$kept" = "$new" ]
      ! none="$(printenv OIDC_PRIVATE_KEY | node "$CLI" rotate -)" && [ -z "$none" ]
      echo "$kept"`;
    const { code, stdout } = await run('bash', ['-euc', script], { env: cleanEnvironment(env), cwd: top });
    expect(code).toBe(0);
    const { keys } = documentIn(stdout);
    expect(keys.map(({ kid }) => kid)).toEqual([kidOf(ec), expect.any(String)]);
  });

  const hasScript = spawnSync('script', ['--version']).status === 0 ? it : () => undefined;
  hasScript('refuses a terminal as input', async () => {
    const command = `"${process.execPath}" "${commandLine}" rotate - > "${top}/out" 2> "${top}/err"; echo $? > "${top}/code"`;
    await run('script', ['-qec', command, '/dev/null'], { cwd: top });
    const [code, out, err] = ['code', 'out', 'err'].map((name) => readFileSync(join(top, name), 'utf8'));
    expect([code, out, err]).toEqual(['2\n', '', expect.stringMatching(/^TERMINAL_AS_INPUT: /)]);
  });
});

describe('a file that cannot be had', () => {
  const each = Object.keys(commands).map((name) => [name] as const);
  const isReading = (name: string) => /status|dry-run/.test(name);

  it.each(each)('%s in a folder that is not there is 3', async (name) => {
    const folder = newFolder();
    const { code, stdout, stderr } = await cli(commands[name]!(`file:${folder}/absent/keys.json`));
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/^KEY_STORE_NOT_READ: The folder of .* is not there/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(each)('%s behind the links of a mounted secret goes through them', async (name) => {
    const folder = newFolder();
    mkdirSync(join(folder, '..2030'));
    symlinkSync('..2030', join(folder, '..data'));
    symlinkSync('..data/keys.json', join(folder, 'keys.json'));
    if (name !== 'init') writeFileSync(join(folder, '..2030/keys.json'), twoAlgorithms, { mode: 0o600 });
    const { code } = await cli(commands[name]!(`file:${folder}/keys.json`));
    expect(code).toBe(0);
    expect(lstatSync(join(folder, 'keys.json')).isSymbolicLink()).toBe(true);
    const content = readFileSync(join(folder, '..2030/keys.json'), 'utf8');
    expect(content === twoAlgorithms).toBe(isReading(name));
    expect(readdirSync(join(folder, '..2030'))).toEqual(['keys.json']);
  });

  const asNobody = isRoot ? it : { each: () => () => undefined };
  const nobody = 65_534;

  asNobody.each(each)('%s without the right to read is 3', async (name) => {
    const folder = newFolder();
    chmodSync(top, 0o755);
    chmodSync(folder, 0o777);
    const file = join(folder, 'keys.json');
    writeFileSync(file, twoAlgorithms, { mode: 0o600 });
    const { code, stdout, stderr } = await cli(commands[name]!(`file:${file}`), { uid: nobody });
    expect([code, stdout, stderr]).toEqual([
      3,
      '',
      expect.stringMatching(/^KEY_STORE_NOT_READ: .*\(EACCES\)/),
    ]);
  });

  asNobody.each(each)('%s without the right to write is 3, unless it only reads', async (name) => {
    const folder = newFolder();
    chmodSync(top, 0o755);
    const file = join(folder, 'keys.json');
    if (name !== 'init') {
      writeFileSync(file, twoAlgorithms, { mode: 0o600 });
      chownSync(file, nobody, nobody);
    }
    chmodSync(folder, 0o755);
    const { code, stderr } = await cli(commands[name]!(`file:${file}`), { uid: nobody });
    expect([code, stderr]).toEqual(
      isReading(name) ? [0, ''] : [3, expect.stringMatching(/^KEY_STORE_NOT_WRITTEN: .*\(EACCES\)/)],
    );
    if (name !== 'init') expect(readFileSync(file, 'utf8')).toBe(twoAlgorithms);
  });

  asNobody.each(each)('%s on what is mounted read-only is 3, unless it only reads', async (name) => {
    const folder = newFolder();
    if (name !== 'init') writeFileSync(join(folder, 'keys.json'), twoAlgorithms, { mode: 0o600 });
    const script = `mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"; shift 0; exec "$@"`;
    const { code, stderr } = await run(
      'unshare',
      [
        '-m',
        'sh',
        '-euc',
        script,
        folder,
        process.execPath,
        commandLine,
        ...commands[name]!(`file:${folder}/keys.json`),
      ],
      { cwd: top },
    );
    expect([code, stderr]).toEqual(
      isReading(name) ? [0, ''] : [3, expect.stringMatching(/^KEY_STORE_READ_ONLY: /)],
    );
  });
});

describe('init', () => {
  it('makes an RSA key unless told otherwise, which a boot takes', async () => {
    const file = join(newFolder(), 'keys.json');
    const { code, stdout } = await cli(['init', `file:${file}`, '--bits', '3072']);
    const [jwk] = documentIn(readFileSync(file, 'utf8')).keys;
    expect([code, jwk!.alg, Buffer.from(String(jwk!.n), 'base64url').length]).toEqual([0, 'RS256', 384]);
    expect(jwk!.iat).toBe(jwk!.nbf);
    expect(stdout).toContain(`RS256 key ${jwk!.kid} signs.\n`);
    const rotated = await cli(['rotate', `file:${file}`]);
    expect(rotated.code).toBe(0);
    const sizes = documentIn(readFileSync(file, 'utf8')).keys.map(
      ({ n }) => Buffer.from(String(n), 'base64url').length,
    );
    expect(sizes).toEqual([384, 384]);
  });

  const from: [string, () => string, Record<string, string>][] = [
    ['a PEM', () => pemOf(ec), {}],
    ['an encrypted PEM', () => encryptedPem, withPassphrase],
    ['a JWK with a kid of its own', () => JSON.stringify({ ...jwkOf(ec), kid: 'own' }), {}],
    ['a key set', () => keySet, {}],
    ['a key set of several', () => twoAlgorithms, {}],
    ['an encrypted key set', () => encrypted, withPassphrase],
    ['a plain key set, to be encrypted from now on', () => keySet, withPassphrase],
  ];

  it.each(from)('--from takes over %s, with its kids', async (_, text, env) => {
    const folder = newFolder();
    const [source, file] = [join(folder, 'source'), join(folder, 'keys.json')];
    writeFileSync(source, text());
    const { code, stdout, stderr } = await cli(['init', `file:${file}`, '--from', source], { env });
    expect([code, stderr]).toEqual([0, '']);
    expectNothingPrivate(stdout, '');
    expect(readFileSync(source, 'utf8')).toBe(text());
    const { stdout: status } = await cli(['status', `file:${file}`, '--json'], { env });
    const kids = (JSON.parse(status) as { keys: { kid: string; state: string }[] }).keys;
    const known = text().includes('"own"')
      ? ['own']
      : text() === twoAlgorithms
        ? [kidOf(rsa), kidOf(ec)]
        : [kidOf(ec)];
    expect(kids.map(({ kid }) => kid)).toEqual(known);
    expect(kids.every(({ state }) => state === 'signs')).toBe(true);
    const isEncrypted = readFileSync(file, 'utf8').startsWith('eyJ');
    expect(isEncrypted).toBe(env.OIDC_PRIVATE_KEY_PASSPHRASE !== undefined);
  });

  it.each([
    ['a file that is not there', undefined, 'FILE_NOT_READ'],
    ['a public key', pemOf(ec).replace(/.*/s, () => publicPem()), 'OIDC_KEY_NOT_PRIVATE'],
    ['a damaged one', keySet.slice(9), 'OIDC_KEY_MALFORMED'],
    ['an empty one', '', 'OIDC_KEY_MISSING'],
  ])('--from refuses %s', async (_, text, code) => {
    const folder = newFolder();
    if (text !== undefined) writeFileSync(join(folder, 'source'), text);
    const result = await cli(['init', `file:${folder}/keys.json`, '--from', join(folder, 'source')]);
    expect(result).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^${code}: `)),
    });
    expect(existsSync(join(folder, 'keys.json'))).toBe(false);
  });

  it.each([
    [
      '--from of a file',
      'init file:keys.json --from /dev/zero',
      1,
      /^FILE_NOT_READ: .+ \(EFBIG\)\. It holds more than/,
    ],
    ['standard input', 'rotate - < /dev/zero', 3, /^KEY_STORE_NOT_READ: Standard input holds more than/],
  ])('%s that does not end is given up', async (_, command, expectedCode, says) => {
    const env = cleanEnvironment({ CLI: commandLine });
    const { code, stdout, stderr } = await run('bash', ['-c', `node "$CLI" ${command}`], {
      env,
      cwd: newFolder(),
    });
    expect([code, stdout, stderr]).toEqual([expectedCode, '', expect.stringMatching(says)]);
  });

  it('--from never overwrites', async () => {
    const file = join(newFolder(), 'keys.json');
    writeFileSync(file, keySet);
    const result = await cli(['init', `file:${file}`, '--from', file]);
    expect([result.code, readFileSync(file, 'utf8')]).toEqual([1, keySet]);
  });

  it('without --from a passphrase alone makes it encrypted, and a file of it that is missing makes nothing', async () => {
    const folder = newFolder();
    const env = { OIDC_PRIVATE_KEY_PASSPHRASE_FILE: join(folder, 'absent') };
    const { code, stderr } = await cli(['init', `file:${folder}/keys.json`], { env });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^OIDC_KEY_UNREADABLE_FILE: /)]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

function publicPem(): string {
  return makeKeyPair('ec', { namedCurve: 'P-256' })
    .publicKey.export({ format: 'pem', type: 'spki' })
    .toString();
}

describe('rotate', () => {
  it('says for each key what will happen when, and with what timing it reckoned', async () => {
    const file = join(newFolder(), 'keys.json');
    writeFileSync(file, keySet);
    const { stdout } = await cli([
      'rotate',
      `file:${file}`,
      '--max-age',
      '1h',
      '--retention',
      '2d',
      '--spread',
      '30',
      '--clock-skew',
      '10s',
    ]);
    const [, next] = documentIn(readFileSync(file, 'utf8')).keys;
    const iso = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
    expect(stdout.split('\n')).toEqual([
      `file:${file} was written.`,
      `ES256 key ${kidOf(ec)} signs until ${iso(next!.nbf!)}, and is published until ${iso(next!.nbf! + 2 * day + 40)}.`,
      `ES256 key ${next!.kid} is published and signs from ${iso(next!.nbf!)}.`,
      'Timing in seconds: max-age 3600, retention 172800, spread 30, clock skew 10. A new key signs 3640 after it was written.',
      '',
    ]);
    expect(next!.nbf! - next!.iat!).toBe(3640);
  });

  it('takes the timing from the settings, and a flag before a setting', async () => {
    const env = {
      OIDC_JWKS_MAX_AGE: '1000',
      OIDC_KEY_RETENTION: '2000',
      OIDC_KEY_SPREAD: '3',
      OIDC_CLOCK_SKEW: '4',
    };
    const { stderr } = await cli(['rotate', '-', '--spread', '5'], { env, input: keySet });
    expect(stderr).toContain('max-age 1000, retention 2000, spread 5, clock skew 4.');
    const refused = await cli(['rotate', '-'], { env: { OIDC_KEY_SPREAD: 'soon' }, input: keySet });
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([
      1,
      '',
      expect.stringMatching(/^OIDC_KEY_INVALID_OPTION/),
    ]);
  });

  it('--every does nothing until it is time, and then once, so that it may run every day', async () => {
    const file = join(newFolder(), 'keys.json');
    writeFileSync(file, keySet);
    const every = (period: string) => cli(['rotate', `file:${file}`, '--every', period]);
    const early = await every('201d');
    expect([early.code, readFileSync(file, 'utf8')]).toEqual([0, keySet]);
    expect(early.stdout).toMatch(/^Nothing was due, and nothing was written\.\nES256 key/);
    expect((await every('199d')).code).toBe(0);
    const after = readFileSync(file, 'utf8');
    expect(documentIn(after).keys).toHaveLength(2);
    const again = await every('1s');
    expect([again.code, readFileSync(file, 'utf8')]).toEqual([0, after]);
  });

  it('refuses while a key waits, and --algorithm makes the first key of another algorithm', async () => {
    const file = join(newFolder(), 'keys.json');
    writeFileSync(file, keySet);
    expect((await cli(['rotate', `file:${file}`])).code).toBe(0);
    const waits = await cli(['rotate', `file:${file}`]);
    expect([waits.code, waits.stderr]).toEqual([
      1,
      expect.stringMatching(/^KEY_WAITS: .*Rotate again after that/),
    ]);
    expect((await cli(['rotate', `file:${file}`, '--algorithm', 'EdDSA'])).code).toBe(0);
    expect(documentIn(readFileSync(file, 'utf8')).keys.map(({ alg }) => alg)).toEqual([
      'ES256',
      'ES256',
      'EdDSA',
    ]);
  });

  it('rotates every algorithm at once', async () => {
    const { stdout } = await cli(['rotate', '-'], { input: twoAlgorithms });
    expect(documentIn(stdout).keys.map(({ alg }) => alg)).toEqual(['RS256', 'RS256', 'ES256', 'ES256']);
  });

  it('--json is one object', async () => {
    const file = join(newFolder(), 'keys.json');
    writeFileSync(file, keySet);
    const { stdout } = await cli(['rotate', `file:${file}`, '--json', '--dry-run']);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'dry run',
      timing: { maxAge: 3600, retention: 30 * day, spread: 120, clockSkew: 60, propagation: 3780 },
      sentences: [expect.stringContaining(kidOf(ec)), expect.any(String)],
      keys: [{ kid: kidOf(ec), state: 'signs' }, { state: 'waits' }],
    });
    expect(readFileSync(file, 'utf8')).toBe(keySet);
    const written = JSON.parse((await cli(['rotate', `file:${file}`, '--json'])).stdout) as object;
    expect(written).toMatchObject({ outcome: 'written' });
    const nothing = JSON.parse(
      (await cli(['rotate', `file:${file}`, '--json', '--every', '90d'])).stdout,
    ) as object;
    expect(nothing).toMatchObject({ outcome: 'nothing due' });
  });

  it.each([
    ['a PEM', () => pemOf(ec)],
    ['a JWK', () => JSON.stringify(jwkOf(ec))],
  ])('turns %s into a key set, and says what that means for others', async (_, text) => {
    const { code, stdout, stderr } = await cli(['rotate', '-'], { input: text() });
    expect([code, documentIn(stdout).keys.length]).toEqual([0, 2]);
    expect(stderr).toContain('The plain key becomes a key set');
    const revoked = await cli(['revoke', '-', kidOf(ec)], { input: text() });
    expect(revoked.stderr.split('The plain key becomes a key set')).toHaveLength(2);
  });

  it('makes no key here that follows one in a KMS', async () => {
    const held = { ...privateJwk(ec, { iat: now - 200 * day }), signer: 'aws-kms:alias/key', d: undefined };
    const { code, stdout, stderr } = await cli(['rotate', '-'], { input: JSON.stringify({ keys: [held] }) });
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(/^OIDC_KEY_SIGNER_NOT_ALLOWED: /)]);
  });
});

describe('revoke', () => {
  it('makes a key where none is left, and says who may still accept the one and not know the other', async () => {
    const file = join(newFolder(), 'keys.json');
    writeFileSync(file, keySet);
    const { code, stdout } = await cli(['revoke', `file:${file}`, kidOf(ec), '--reason', 'stolen']);
    const [revoked, made] = documentIn(readFileSync(file, 'utf8')).keys;
    expect(revoked).toMatchObject({ revoked: { reason: 'stolen' } });
    expect([code, revoked!.d, made!.nbf]).toEqual([0, undefined, undefined]);
    const until = new Date((made!.iat! + 3780) * 1000).toISOString().replace('.000Z', 'Z');
    expect(stdout).toContain(`may accept key ${kidOf(ec)} until ${until}`);
    expect(stdout).toContain(
      `Key ${made!.kid} signs at once, and relying parties that have cached the JWKS may not know it until ${until}.`,
    );
    const again = await cli(['revoke', `file:${file}`, kidOf(ec)]);
    expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/^Nothing was due/)]);
  });

  it('says that relying parties know the key that is left, where they do', async () => {
    const keys = [
      privateJwk(ec, { iat: now - 300 * day, nbf: now - 300 * day }),
      privateJwk(otherEc, { iat: now - day, nbf: now - day + 3780 }),
    ];
    const { stdout, stderr } = await cli(['revoke', '-', kidOf(ec)], { input: JSON.stringify({ keys }) });
    expect(documentIn(stdout).keys).toHaveLength(2);
    expect(stderr).toContain(`Key ${kidOf(otherEc)} signs, and relying parties know it.`);
  });

  it('--no-rotate leaves the algorithm without a key, and says so', async () => {
    const { code, stdout, stderr } = await cli(['revoke', '-', kidOf(ec), '--no-rotate'], { input: keySet });
    expect([code, documentIn(stdout).keys.length]).toEqual([0, 1]);
    expect(stderr).toContain('Nothing signs for ES256 any more.');
  });

  it('takes the thumbprint for a key with a kid of its own', async () => {
    const input = JSON.stringify({ keys: [{ ...privateJwk(ec, { iat: now - day }), kid: 'own' }] });
    const { code, stdout } = await cli(['revoke', '-', kidOf(ec)], { input });
    expect([code, documentIn(stdout).keys[0]!.revoked]).toEqual([0, expect.anything()]);
  });

  it.each(['revoke', 'retire'])('%s takes a kid that begins like an option', async (command) => {
    const kid = `-${'a'.repeat(42)}`;
    const input = JSON.stringify({ keys: [{ ...privateJwk(ec, { iat: now - day }), kid }] });
    const { code, stderr } = await cli([command, '-', kid, '--json'], { input });
    expect([code, stderr]).toEqual(
      command === 'revoke'
        ? [0, expect.stringContaining('"written"')]
        : [1, expect.stringMatching(/^KEY_NEEDED/)],
    );
  });
});

describe('retire', () => {
  it('gives up an algorithm beside another one, and says until when its tokens are accepted', async () => {
    const { code, stdout, stderr } = await cli(['retire', '-', kidOf(ec)], { input: twoAlgorithms });
    expect(code).toBe(0);
    const retired = documentIn(stdout).keys.find(({ kid }) => kid === kidOf(ec))!;
    expect([retired.d, retired.exp]).toEqual([undefined, expect.any(Number)]);
    const end = new Date(retired.exp! * 1000).toISOString().replace('.000Z', 'Z');
    expect(stderr).toContain(`Tokens of key ${kidOf(ec)} are accepted until ${end}`);
  });
});

describe('status', () => {
  it('has the table, the lives as lines, and what is safe now', async () => {
    const { stdout } = await cli(['status', '-'], { input: twoAlgorithms, env: { LC_ALL: 'C.UTF-8' } });
    expect(stdout).toMatch(/^KID +ALG +STATE/);
    expect(stdout).toContain('█');
    expect(stdout).toContain('safe now: rotate --algorithm RS256');
    expect(stdout).toMatch(/Timing in seconds: .*\n$/);
    for (const given of [{ env: { LC_ALL: 'C' } }, {}]) {
      const args = given.env ? ['status', '-'] : ['status', '-', '--ascii'];
      expect((await cli(args, { input: twoAlgorithms, ...given })).stdout).toMatch(/^[\x20-\x7e\n…]+$/);
    }
  });

  it('--json has the same', async () => {
    const { stdout } = await cli(['status', '-', '--json'], { input: twoAlgorithms });
    expect(JSON.parse(stdout)).toMatchObject({
      keys: [{ kid: kidOf(rsa) }, { kid: kidOf(ec) }],
      advice: expect.arrayContaining([
        expect.objectContaining({ command: 'rotate --algorithm RS256', isSafe: true }),
      ]),
      timing: { propagation: 3780 },
    });
  });
});

describe('a store', () => {
  it.each(Object.keys(commands))('%s takes it from the setting, of the environment or .env', async (name) => {
    const folder = newFolder();
    if (name !== 'init') writeFileSync(join(folder, 'keys.json'), twoAlgorithms);
    writeFileSync(join(folder, '.env'), 'OIDC_KEY_STORE=file:keys.json\n');
    const args = commands[name]!('STORE').filter((argument) => argument !== 'STORE');
    expect((await cli(args, { cwd: folder })).code).toBe(0);
    expect(existsSync(join(folder, 'keys.json'))).toBe(true);
    const other = { ADMIN_KEY_STORE: `file:${folder}/other.json` };
    const made = await cli(['init', '--prefix', 'ADMIN_'], { env: other });
    expect([made.code, existsSync(join(folder, 'other.json'))]).toEqual([0, true]);
  });

  it.each([
    ['a path', 'keys.json', 'KEY_STORE_UNKNOWN', /file:PATH/],
    ['an absolute path', '/etc/keys.json', 'KEY_STORE_UNKNOWN', /file:PATH/],
    ['another kind', 'floppy:a', 'KEY_STORE_UNKNOWN', /kind/],
    ['no path', 'file:', 'KEY_STORE_UNKNOWN', /no path/],
    ['nothing', '', 'STORE_MISSING', /OIDC_KEY_STORE/],
  ])('%s is wrong usage, as an argument and as a setting', async (_, reference, code, message) => {
    const asArgument = await cli(['rotate', reference]);
    const asSetting = await cli(['rotate'], { env: { OIDC_KEY_STORE: reference } });
    for (const { code: exit, stdout, stderr } of [asArgument, asSetting]) {
      expect([exit, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(new RegExp(`^${code}: `));
      expect(stderr).toMatch(message);
    }
    if (reference !== '') expect(asSetting.stderr).toContain('OIDC_KEY_STORE');
  });

  it.each([
    ['no kid', ['revoke']],
    ['no kid behind a secret manager', ['revoke', 'vault:secret/oidc-keys']],
    ['no kid behind a store', ['revoke', 'file:x']],
    ['no kid behind a stream', ['retire', '-']],
    ['too much', ['revoke', 'file:x', 'kid', 'more']],
    ['too much', ['rotate', 'file:x', 'more']],
    ['an algorithm that is none', ['rotate', 'file:x', '--algorithm', 'HS256']],
    ['a period that is none', ['rotate', 'file:x', '--every', 'monthly']],
    ['a period of nothing', ['rotate', 'file:x', '--every', '0d']],
    ['a time that is none', ['rotate', 'file:x', '--max-age', '-1']],
    ['a time of more than ten years', ['rotate', 'file:x', '--retention', '11000d']],
    ['an option that is none', ['revoke', 'file:x', 'kid', '--norotate']],
    ['options that exclude each other', ['init', 'file:x', '--from', 'y', '--bits', '2048']],
    ['a key as an argument', ['rotate', pemOf(ec)]],
  ])('%s is wrong usage', async (_, args) => {
    const { code, stdout, stderr } = await cli(args);
    expect([code, stdout, secrets.in(stderr)]).toEqual([2, '', []]);
    expect(stderr).not.toBe('');
  });

  it('of a kid with what a terminal obeys, prints none of it', async () => {
    const kid = 'a\u001b[2J\u009b\nKEY_WAITS: b';
    const input = JSON.stringify({ keys: [{ ...privateJwk(ec, { iat: now - day }), kid }] });
    for (const args of [
      ['rotate', '-'],
      ['status', '-'],
      ['revoke', '-', kid],
      ['retire', '-', kid],
    ]) {
      const { stdout, stderr } = await cli(args, { input });
      const printed = args[0] === 'status' ? stdout : stderr;
      expect(printed.replaceAll('\n', '')).toMatch(/^\P{Cc}+$/u);
      expect(printed).not.toMatch(/^KEY_WAITS/m);
    }
  });
});
