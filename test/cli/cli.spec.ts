import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { parse } from 'dotenv';

import { signingAlgorithms } from '../../lib/core/algorithms.js';
import { JwtService } from '../../lib/core/jwt/jwt.service.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { derOf, jwkOf, makeRsaKey, pemOf, privateTraces } from '../support/keys.js';
import { cleanEnvironment, commandLine, root, run } from '../support/processes.js';
import { publicPemOf } from '../support/tokens.js';

const folder = mkdtempSync(join(tmpdir(), 'oidc-key-'));
const cli = (args: string[], env: Record<string, string> = {}, input?: string | Buffer) =>
  cliIn(root, args, env, input);
const cliIn = (cwd: string, args: string[], env: Record<string, string> = {}, input?: string | Buffer) =>
  run(process.execPath, [commandLine, ...args], {
    cwd,
    env: cleanEnvironment(env),
    ...(input !== undefined && { input }),
  });

describe('generate', () => {
  it('writes a PKCS#8 key of 2048 bits to standard output, and its kid to standard error', async () => {
    const { code, stdout, stderr } = await cli(['generate']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    const [jwk] = new JwtService({ key: stdout }).getKeySet().keys;
    expect(createPublicKey(stdout).asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(stderr).toBe(`RS256 key of 2048 bits, kid ${jwk!.kid}\n`);
  });

  it('--bits sets the size', async () => {
    const { stdout } = await cli(['generate', '--bits', '3072']);
    expect(createPublicKey(stdout).asymmetricKeyDetails?.modulusLength).toBe(3072);
  });

  // A PEM says nothing of the algorithm, so it is made where it is taken for this one without a word.
  const takenFromPem = ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];
  it.each(signingAlgorithms)(
    '--algorithm %s makes a key that loads for it, in each form',
    async (algorithm) => {
      const { code, stdout, stderr } = await cli(['generate', '--algorithm', algorithm]);
      expect(code).toBe(0);
      const [jwk] = new JwtService({ key: stdout }).getKeySet().keys;
      expect(jwk!.alg).toBe(algorithm);
      expect(stdout.startsWith('-----BEGIN PRIVATE KEY-----')).toBe(takenFromPem.includes(algorithm));
      expect(stdout.startsWith('{')).toBe(!takenFromPem.includes(algorithm));
      expect(stderr).toContain(`${algorithm} key`);
      expect(stderr).toContain(`kid ${jwk!.kid}`);
      const line = (await cli(['generate', '--algorithm', algorithm, '--env'])).stdout;
      const { OIDC_PRIVATE_KEY: value } = parse(line);
      expect(new JwtService({ key: value! }).getKeySet().keys[0]!.alg).toBe(algorithm);
    },
  );

  it('--out writes a file for its owner only, and never overwrites', async () => {
    const file = join(folder, 'new.pem');
    const first = await cli(['generate', '--out', file]);
    expect([first.code, first.stdout]).toEqual([0, '']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const content = readFileSync(file, 'utf8');
    const [jwk] = new JwtService({ key: content }).getKeySet().keys;
    expect(first.stderr).toBe(`RS256 key of 2048 bits, kid ${jwk!.kid} in ${file}\n`);

    const second = await cli(['generate', '--out', file]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/^FILE_EXISTS: .*left as it is/);
    expect(readFileSync(file, 'utf8')).toBe(content);
  });

  it('--out in a folder that is not there is refused', async () => {
    const { code, stderr } = await cli(['generate', '--out', join(folder, 'absent', 'key.pem')]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^FILE_NOT_WRITTEN: .*ENOENT/)]);
  });

  it('--env writes one line that an env file can hold', async () => {
    const { stdout } = await cli(['generate', '--env']);
    const [, value] = /^OIDC_PRIVATE_KEY="(-----BEGIN PRIVATE KEY-----\\n[^\n]*\\n)"\n$/.exec(stdout) ?? [];
    expect(new JwtService({ key: value! }).getKeySet().keys).toHaveLength(1);
  });

  it('--env with --out writes the line to a file for its owner only', async () => {
    const file = join(folder, 'new.env');
    const { code, stdout, stderr } = await cli(['generate', '--env', '--out', file]);
    expect([code, stdout]).toEqual([0, '']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { OIDC_PRIVATE_KEY: value, ...others } = parse(readFileSync(file));
    expect(others).toEqual({});
    const [jwk] = new JwtService({ key: value! }).getKeySet().keys;
    expect(stderr).toBe(`RS256 key of 2048 bits, kid ${jwk!.kid} in ${file}\n`);
  });

  it.each([
    ['that ends with a line end', 'PORT=3000\n'],
    ['whose last line does not end', 'PORT=3000'],
    ['that is empty', ''],
  ])('--env with --out adds the line to a file %s, and leaves the rest as it is', async (_, before) => {
    const file = join(mkdtempSync(join(folder, 'env-')), '.env');
    writeFileSync(file, before, { mode: 0o640 });
    const { code } = await cli(['generate', '--env', '--out', file, '--prefix', 'ADMIN_OIDC_']);
    expect([code, statSync(file).mode & 0o777]).toEqual([0, 0o640]);
    expect(readFileSync(file, 'utf8').startsWith(before)).toBe(true);
    const { ADMIN_OIDC_PRIVATE_KEY: value, ...others } = parse(readFileSync(file));
    expect(others).toEqual(before === '' ? {} : { PORT: '3000' });
    expect(new JwtService({ key: value! }).getKeySet().keys).toHaveLength(1);
    const after = readFileSync(file, 'utf8');
    expect((await cli(['generate', '--env', '--out', file])).code).toBe(0);
    for (const args of [[], ['--prefix', 'ADMIN_OIDC_']]) {
      const { code: again, stderr } = await cli(['generate', '--env', '--out', file, ...args]);
      expect([again, stderr]).toEqual([
        1,
        expect.stringMatching(/^SETTING_EXISTS: .* has (ADMIN_)?OIDC_PRIVATE_KEY /),
      ]);
    }
    expect(readFileSync(file, 'utf8').startsWith(after)).toBe(true);
  });

  it.each(['1024', '2047', '2049', '8200', '2048.5', '0x800', '2048 ', 'many', ''])(
    '--bits %p is wrong usage',
    async (bits) => {
      const { code, stdout, stderr } = await cli(['generate', '--bits', bits]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/multiple of 8 from 2048 to 8192/);
    },
  );
});

describe('inspect', () => {
  const key = makeRsaKey();
  const other = makeRsaKey();
  const [jwk] = new JwtService({ key }).getKeySet().keys;
  const file = join(folder, 'inspected.pem');
  const derFile = join(folder, 'inspected.der');
  const encryptedFile = join(folder, 'encrypted.pem');
  const passphrase = 'secret-passphrase';
  const encrypted = key
    .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase })
    .toString();
  beforeAll(() => {
    writeFileSync(file, pemOf(key));
    writeFileSync(derFile, derOf(key));
    writeFileSync(encryptedFile, encrypted);
  });

  const expectTheKey = ({ code, stdout, stderr }: Awaited<ReturnType<typeof cli>>) => {
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`kid         ${jwk!.kid}\n`);
    expect(stdout).toMatch(/algorithm {3}RS256\nsize {8}2048 bits\ncan sign {4}yes\n/);
    expect(JSON.parse(/public JWK {2}(.*)/.exec(stdout)![1]!)).toEqual(jwk);
  };

  it('from a file', async () => expectTheKey(await cli(['inspect', file])));
  it('from a DER file', async () => expectTheKey(await cli(['inspect', derFile])));
  it('from standard input', async () => expectTheKey(await cli(['inspect', '-'], {}, pemOf(key, 'pkcs1'))));
  it('from standard input, as JWK', async () =>
    expectTheKey(await cli(['inspect', '-'], {}, JSON.stringify(jwkOf(key)))));
  it('from standard input, as DER', async () => expectTheKey(await cli(['inspect', '-'], {}, derOf(key))));
  it('from the environment', async () =>
    expectTheKey(await cli(['inspect'], { OIDC_PRIVATE_KEY: pemOf(key) })));
  it('from the file that the environment names', async () =>
    expectTheKey(await cli(['inspect'], { OIDC_PRIVATE_KEY_FILE: file })));
  it('from the environment of another issuer', async () =>
    expectTheKey(
      await cli(['inspect', '--prefix', 'ADMIN_'], {
        ADMIN_PRIVATE_KEY: pemOf(key),
        OIDC_PRIVATE_KEY: pemOf(other),
      }),
    ));

  it('an encrypted key, with the passphrase of the environment', async () => {
    const env = { OIDC_PRIVATE_KEY_PASSPHRASE: passphrase };
    expectTheKey(await cli(['inspect', '-'], env, encrypted));
    expectTheKey(await cli(['inspect', encryptedFile], env));
    expectTheKey(await cli(['inspect'], { ...env, OIDC_PRIVATE_KEY: encrypted }));
    const refused = await cli(['inspect', '-'], {}, encrypted);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^OIDC_KEY_ENCRYPTED: Standard input/),
    ]);
  });

  it('an encrypted key of another issuer, with the passphrase of that issuer', async () => {
    const env = { ADMIN_PRIVATE_KEY_PASSPHRASE: passphrase, OIDC_PRIVATE_KEY_PASSPHRASE: 'another' };
    expectTheKey(await cli(['inspect', '--prefix', 'ADMIN_', encryptedFile], env));
    expectTheKey(await cli(['inspect', '--prefix', 'ADMIN_'], { ...env, ADMIN_PRIVATE_KEY: encrypted }));
  });

  it('says of a public key that it cannot sign', async () => {
    const { code, stdout } = await cli(['inspect', '-'], {}, publicPemOf(other));
    expect([code, stdout]).toEqual([0, expect.stringContaining('can sign    no, it is a public key\n')]);
  });

  it('--json describes every key, and says which cannot sign', async () => {
    const { stdout } = await cli(['inspect', '-', '--json'], {}, pemOf(key) + publicPemOf(other));
    expect(JSON.parse(stdout)).toEqual([
      { kid: jwk!.kid, algorithm: 'RS256', size: '2048 bits', private: true, publicJwk: jwk },
      expect.objectContaining({ private: false }),
    ]);
  });

  it('a published set, without what cannot sign, of which it warns', async () => {
    const set = {
      keys: [
        { ...jwk, kid: 'theirs' },
        { ...jwk, use: 'enc', kid: 'for encryption' },
      ],
    };
    const { code, stdout, stderr } = await cli(['inspect', '-', '--json'], {}, JSON.stringify(set));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([expect.objectContaining({ kid: 'theirs', private: false })]);
    expect(stderr).toMatch(
      /^warning: Standard input \(key 2 of 2\) is for another use .*, and is skipped\.\n$/,
    );
  });

  it('never shows anything private', async () => {
    const outputs = [await cli(['inspect', file]), await cli(['inspect', '--json', file])];
    for (const { stdout, stderr } of outputs) {
      for (const trace of privateTraces(key)) expect(stdout + stderr).not.toContain(trace);
    }
  });

  it('refuses what would not boot, with its code and exit code 1', async () => {
    expect(await cli(['inspect'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^OIDC_KEY_MISSING: OIDC_PRIVATE_KEY/),
    });
    expect(await cli(['inspect', '-'], {}, pemOf(makeRsaKey(1024)))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^OIDC_KEY_TOO_WEAK/),
    });
    const mixed = { ...jwkOf(key), d: jwkOf(other).d };
    expect(await cli(['inspect', '-'], {}, JSON.stringify(mixed))).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^OIDC_KEY_MISMATCH: Standard input/),
    });
    expect(await cli(['inspect', '-'], {}, '')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^OIDC_KEY_MISSING/),
    });
    expect(await cli(['inspect', join(folder, 'absent')])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^FILE_NOT_READ.*ENOENT/),
    });
  });
});

describe('a key as an argument', () => {
  const key = makeRsaKey();
  it.each([
    ['PEM', pemOf(key)],
    ['JWK', JSON.stringify(jwkOf(key))],
    ['base64', Buffer.from(pemOf(key)).toString('base64')],
  ])('is wrong usage, and never repeated: %s', async (_, argument) => {
    for (const args of [['inspect', argument], [argument], ['generate', '--out', argument]]) {
      const { code, stdout, stderr } = await cli(args);
      expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(/^KEY_IN_ARGUMENTS/)]);
      for (const trace of privateTraces(key)) expect(stderr).not.toContain(trace);
    }
  });
});

it('standard output that cannot be written is said in one line', async () => {
  const { code, stderr } = await run('bash', [
    '-c',
    `'${process.execPath}' '${commandLine}' generate > /dev/full`,
  ]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/OUTPUT_NOT_WRITTEN: .*ENOSPC/);
  expect(stderr).not.toMatch(/at .*\.js/);
});

describe('inspect of the environment', () => {
  const [key, next] = [makeRsaKey(), makeRsaKey()];
  const publicPem = publicPemOf(next);
  const current = { OIDC_PRIVATE_KEY: pemOf(key) };
  const kidOf = (each: typeof key) => new JwtService({ key: each }).getKeySet().keys[0]!.kid;
  const passphraseTwice = {
    OIDC_PRIVATE_KEY_PASSPHRASE: 'a',
    OIDC_PRIVATE_KEY_PASSPHRASE_FILE: '/dev/null/passphrase',
  };

  it('shows every slot', async () => {
    const env = { OIDC_PRIVATE_KEY: pemOf(key), OIDC_PREVIOUS_KEYS: publicPem };
    const { stdout } = await cli(['inspect', '--json'], env);
    expect((JSON.parse(stdout) as { slot: string }[]).map(({ slot }) => slot)).toEqual([
      'current',
      'previous',
    ]);
  });

  it('shows each algorithm, with the size of its key', async () => {
    const [ec, ed] = [
      makeKeyPair('ec', { namedCurve: 'P-384' }).privateKey,
      makeKeyPair('ed25519').privateKey,
    ];
    const ps512 = JSON.stringify({ ...jwkOf(next), alg: 'PS512' });
    const env = { OIDC_PRIVATE_KEY: pemOf(key) + pemOf(ec) + pemOf(ed), OIDC_NEXT_KEYS: ps512 };
    const { code, stdout, stderr } = await cli(['inspect'], env);
    expect([code, stderr]).toEqual([0, '']);
    const shown = [...stdout.matchAll(/^algorithm {3}(.*)\nsize {8}(.*)\n.*\nslot {8}(.*)$/gm)];
    expect(shown.map(([, ...each]) => each)).toEqual([
      ['RS256', '2048 bits', 'current'],
      ['ES384', 'P-384', 'current'],
      ['EdDSA', 'Ed25519', 'current'],
      ['PS512', '2048 bits', 'next'],
    ]);
  });

  it('shows the slots that a boot would make of a revocation and of a schedule', async () => {
    const env = { OIDC_PRIVATE_KEY: pemOf(key), OIDC_NEXT_KEYS: pemOf(next) };
    const slotsWith = async (settings: Record<string, string>) => {
      const { stdout } = await cli(['inspect', '--json'], { ...env, ...settings });
      return (JSON.parse(stdout) as { kid: string; slot: string }[]).map(({ kid, slot }) => [kid, slot]);
    };
    expect(await slotsWith({ OIDC_REVOKED_KIDS: kidOf(key) })).toEqual([[kidOf(next), 'current']]);
    expect(await slotsWith({ OIDC_NEXT_KEY_ACTIVATES_AT: '2020-01-01T00:00:00Z' })).toEqual([
      [kidOf(next), 'current'],
      [kidOf(key), 'previous'],
    ]);
  });

  it('shows what a boot would make of a key set, by the times of the settings', async () => {
    const now = Math.floor(Date.now() / 1000);
    const keySet = {
      keys: [
        { ...jwkOf(key), kid: 'old', iat: now - 9000, nbf: now - 9000, exp: now + 4_000_000 },
        { ...jwkOf(next), kid: 'new', iat: now - 400, nbf: now - 10 },
      ],
    };
    const shownWith = async (settings: Record<string, string>) => {
      const env = { OIDC_PRIVATE_KEY: JSON.stringify(keySet), ...settings };
      const { code, stdout, stderr } = await cli(['inspect', '--json'], env);
      const shown = JSON.parse(stdout || '[]') as { kid: string; slot: string }[];
      return { code, slots: shown.map(({ kid, slot }) => `${kid} ${slot}`), stderr };
    };
    expect(await shownWith({})).toEqual({
      code: 0,
      slots: ['old current', 'new next'],
      stderr: expect.stringMatching(/^warning: .*asks for 3780 s and keeps to that/),
    });
    expect(await shownWith({ OIDC_JWKS_MAX_AGE: '100', OIDC_KEY_SPREAD: '10' })).toEqual({
      code: 0,
      slots: ['new current', 'old previous'],
      stderr: '',
    });
    const revoked = { OIDC_REVOKED_KIDS: 'old' };
    expect((await shownWith(revoked)).slots).toEqual(['new current']);
    const beside = await shownWith({ OIDC_NEXT_KEYS: pemOf(makeRsaKey()) });
    expect(beside).toMatchObject({ code: 1, stderr: expect.stringContaining('OIDC_KEY_CONFLICT') });
  });

  it('warns on standard error of what a boot would warn of, and of nothing else', async () => {
    const encryption = { ...jwkOf(makeRsaKey()), use: 'enc' };
    const settings = {
      OIDC_PRIVATE_KEY: pemOf(key),
      OIDC_NEXT_KEYS: pemOf(next),
      OIDC_NEXT_KEY_ACTIVATES_AT: '2020-01-01T00:00:00Z',
      OIDC_REVOKED_KIDS: 'nobody',
      OIDC_PREVIOUS_KEYS: JSON.stringify({ keys: [jwkOf(makeRsaKey()), encryption] }),
      OIDC_PREVIOUS_KEY: publicPem,
      OIDC_ISSUER: 'https://issuer.example',
      OIDC_LEGACY_HS256_SECRET: 'a'.repeat(32),
      OIDC_LEGACY_HS256_UNTIL: '2020-01-01T00:00:00Z',
    };
    const { code, stdout, stderr } = await cli(['inspect'], settings);
    expect(code).toBe(0);
    expect(stdout).not.toContain('warning');
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toEqual([
      'warning: The setting OIDC_PREVIOUS_KEY is read by nothing. Was OIDC_PREVIOUS_KEYS meant?',
      expect.stringMatching(
        /^warning: No token that OIDC_LEGACY_HS256_SECRET signed is accepted any more: its time is over since 2020-01-01T.*beside it\.$/,
      ),
      expect.stringMatching(
        /^warning: RS256 key .*OIDC_NEXT_KEYS.* has passed\. .*make it the current key and remove the instant\. If it is new, set an instant that lies ahead\.$/,
      ),
      expect.stringMatching(/^warning: OIDC_PREVIOUS_KEYS \(key 2 of 2\) is for another use .*skipped\.$/),
      expect.stringMatching(/^warning: Entry 1 of the revoked kids \(6 characters\) is no key/),
    ]);
  });

  it('reads the file .env of its folder beneath the environment, as the application does', async () => {
    const cwd = mkdtempSync(join(folder, 'application-'));
    const line = (each: typeof key) => `OIDC_PRIVATE_KEY="${pemOf(each).replaceAll('\n', '\\n')}"\n`;
    writeFileSync(join(cwd, '.env'), `${line(key)}OIDC_REVOKED_KIDS=nobody\n`);
    const alone = await cliIn(cwd, ['inspect']);
    expect([alone.code, alone.stdout]).toEqual([0, expect.stringContaining(kidOf(key))]);
    expect(alone.stderr).toContain('(6 characters) is no key');
    const beneath = await cliIn(cwd, ['inspect'], { OIDC_PRIVATE_KEY: pemOf(next), OIDC_REVOKED_KIDS: '' });
    expect([beneath.code, beneath.stderr]).toEqual([0, '']);
    expect(beneath.stdout).toContain(kidOf(next));
    expect(beneath.stdout).not.toContain(kidOf(key));
    expect((await cliIn(folder, ['inspect'])).code).toBe(1);
  });

  it('reads a passphrase for a file from .env, too', async () => {
    const cwd = mkdtempSync(join(folder, 'application-'));
    const encryption = { cipher: 'aes-256-cbc', passphrase: 'p' };
    writeFileSync(join(cwd, '.env'), 'OIDC_PRIVATE_KEY_PASSPHRASE=p\n');
    const pem = key.export({ format: 'pem', type: 'pkcs8', ...encryption }).toString();
    const { code, stdout } = await cliIn(cwd, ['inspect', '-'], {}, pem);
    expect([code, stdout]).toEqual([0, expect.stringContaining(kidOf(key))]);
  });

  it.each([
    ['a public key that would have to sign', { OIDC_PRIVATE_KEY: publicPem }, 'OIDC_KEY_NOT_PRIVATE'],
    ['two current keys', { OIDC_PRIVATE_KEY: pemOf(key) + pemOf(next) }, 'OIDC_KEY_SEVERAL'],
    [
      'one key twice',
      { OIDC_PRIVATE_KEY: pemOf(next), OIDC_PREVIOUS_KEYS: publicPem },
      'OIDC_KEY_DUPLICATE_KID',
    ],
    ['a revocation of the only key', { ...current, OIDC_REVOKED_KIDS: kidOf(key) }, 'OIDC_KEY_NONE_TO_SIGN'],
    [
      'the same by its thumbprint, of a key with a kid of its own',
      {
        OIDC_PRIVATE_KEY: JSON.stringify({ ...jwkOf(key), kid: 'own' }),
        OIDC_REVOKED_KIDS: kidOf(key),
      },
      'OIDC_KEY_NONE_TO_SIGN',
    ],
    ['half of a list of kids', { ...current, OIDC_REVOKED_KIDS: '["a"' }, 'OIDC_KEY_INVALID_OPTION'],
    [
      'a schedule that cannot be read',
      { ...current, OIDC_NEXT_KEY_ACTIVATES_AT: 'tomorrow' },
      'OIDC_KEY_INVALID_OPTION',
    ],
    [
      'a schedule for a day that is none',
      { ...current, OIDC_NEXT_KEY_ACTIVATES_AT: '2030-02-30T00:00:00Z' },
      'OIDC_KEY_INVALID_OPTION',
    ],
    [
      'two next keys with a schedule',
      {
        ...current,
        OIDC_NEXT_KEYS: pemOf(next) + pemOf(makeRsaKey()),
        OIDC_NEXT_KEY_ACTIVATES_AT: '2040-01-01T00:00:00Z',
      },
      'OIDC_KEY_AMBIGUOUS_NEXT',
    ],
    ...['JWKS_MAX_AGE', 'KEY_RETENTION', 'KEY_SPREAD', 'CLOCK_SKEW'].map(
      (name): [string, Record<string, string>, string] => [
        `${name} in words`,
        { ...current, [`OIDC_${name}`]: '1h' },
        'OIDC_KEY_INVALID_OPTION',
      ],
    ),
    [
      'a file that is not there',
      { ...current, OIDC_NEXT_KEYS_FILE: '/nowhere/next.pem' },
      'OIDC_KEY_UNREADABLE_FILE',
    ],
    ['a passphrase twice', { ...current, ...passphraseTwice }, 'OIDC_KEY_CONFLICT'],
  ])('refuses what would not boot: %s', async (_, env, code) => {
    expect(await cli(['inspect'], env)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^${code}`)),
    });
  });
});

describe('usage', () => {
  it.each([
    [['--help']],
    [['generate', '--help']],
    [['inspect', '--help']],
    [['help', 'generate']],
    [['--version']],
  ])('%p exits with 0', async (args) => {
    const { code, stdout, stderr } = await cli(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toBe('');
  });

  it.each(['init', 'rotate', 'revoke', 'retire', 'status'])(
    '%s says that any store may be named',
    async (name) => {
      const { stdout } = await cli([name, '--help']);
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain('vault:MOUNT/PATH or another one of docs/stores.md');
    },
  );

  it('--version is the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect((await cli(['--version'])).stdout).toBe(`${version}\n`);
  });

  it.each([
    [[]],
    [['nope']],
    [['generate', '--nope']],
    [['generate', 'extra']],
    [['inspect', 'a', 'b']],
    [['generate', '--out']],
  ])('%p exits with 2', async (args) => {
    const { code, stdout, stderr } = await cli(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/Usage: nestjs-oidc-key/);
  });
});
