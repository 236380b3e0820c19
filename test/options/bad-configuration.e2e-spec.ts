import { createPublicKey, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';
import { OidcKeyModule } from 'nestjs-oidc-key';
import type { OidcKeyExtras } from 'nestjs-oidc-key';
import type { DynamicModule } from '@nestjs/common';

import { configurationOf } from '../support/configuration.js';
import { errorOf, everythingPrintedOf, rejectionOf } from '../support/errors.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { makeRsaKey, pemOf, privateTraces, tracesOf } from '../support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';

const key = makeRsaKey();
const other = makeRsaKey();
const pem = pemOf(key);
const folder = mkdtempSync(join(tmpdir(), 'oidc-key-'));
mkdirSync(join(folder, 'directory'));
writeFileSync(join(folder, 'empty.pem'), '');
writeFileSync(join(folder, 'key.pem'), pem);
writeFileSync(join(folder, 'truncated.pem'), pem.slice(0, 1000));
const encrypted = key
  .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'right-passphrase' })
  .toString();
const publicPem = createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString();

const legacySecret = randomBytes(32).toString('base64');
const aYearAhead = new Date(Date.now() + 365 * 24 * 3600 * 1000);

const settings: [string, object, string, RegExp][] = [
  [
    'no key at all',
    {},
    'OIDC_KEY_MISSING',
    /^OIDC_PRIVATE_KEY \(or OIDC_PRIVATE_KEY_FILE\) holds no key.*npx nestjs-oidc-key generate/,
  ],
  [
    'an empty file',
    { OIDC_PRIVATE_KEY_FILE: join(folder, 'empty.pem') },
    'OIDC_KEY_MISSING',
    /OIDC_PRIVATE_KEY/,
  ],
  [
    'only next and previous keys',
    { OIDC_NEXT_KEYS: pem, OIDC_PREVIOUS_KEYS: publicPem },
    'OIDC_KEY_MISSING',
    /OIDC_PRIVATE_KEY/,
  ],
  [
    'a file that is not there',
    { OIDC_PRIVATE_KEY_FILE: join(folder, 'absent-file-name.pem') },
    'OIDC_KEY_UNREADABLE_FILE',
    /OIDC_PRIVATE_KEY_FILE.*ENOENT/,
  ],
  [
    'a secret of before without an end to it',
    { OIDC_PRIVATE_KEY: pem, OIDC_LEGACY_HS256_SECRET: legacySecret },
    'OIDC_KEY_INVALID_OPTION',
    /^OIDC_LEGACY_HS256_SECRET needs an instant .*: set OIDC_LEGACY_HS256_UNTIL \(or OIDC_LEGACY_HS256_UNTIL_FILE\), such as \d{4}-/,
  ],
  [
    'an end to no secret of before',
    { OIDC_PRIVATE_KEY: pem, OIDC_LEGACY_HS256_UNTIL: aYearAhead },
    'OIDC_KEY_INVALID_OPTION',
    /^OIDC_LEGACY_HS256_UNTIL is set, and no secret is\. Set OIDC_LEGACY_HS256_SECRET \(or /,
  ],
  [
    'a secret of before whose file is not there',
    {
      OIDC_PRIVATE_KEY: pem,
      OIDC_LEGACY_HS256_SECRET_FILE: join(folder, 'absent-file-name.pem'),
      OIDC_LEGACY_HS256_UNTIL: aYearAhead,
    },
    'OIDC_KEY_UNREADABLE_FILE',
    /OIDC_LEGACY_HS256_SECRET_FILE.*ENOENT/,
  ],
  [
    'a secret of before twice',
    {
      OIDC_PRIVATE_KEY: pem,
      OIDC_LEGACY_HS256_SECRET: legacySecret,
      OIDC_LEGACY_HS256_SECRET_FILE: join(folder, 'rsa.pem'),
      OIDC_LEGACY_HS256_UNTIL: aYearAhead,
    },
    'OIDC_KEY_CONFLICT',
    /OIDC_LEGACY_HS256_SECRET and OIDC_LEGACY_HS256_SECRET_FILE are both set/,
  ],
  [
    'the public key as the secret of before',
    {
      OIDC_PRIVATE_KEY: pem,
      OIDC_LEGACY_HS256_SECRET: publicPem,
      OIDC_LEGACY_HS256_UNTIL: aYearAhead,
    },
    'OIDC_KEY_INVALID_OPTION',
    /OIDC_LEGACY_HS256_SECRET could be taken for a public key/,
  ],
  [
    'the modulus of the key as the secret of before',
    {
      OIDC_PRIVATE_KEY: pem,
      OIDC_LEGACY_HS256_SECRET: createPublicKey(key).export({ format: 'jwk' }).n,
      OIDC_LEGACY_HS256_UNTIL: aYearAhead,
    },
    'OIDC_KEY_INVALID_OPTION',
    /OIDC_LEGACY_HS256_SECRET could be taken for a public key/,
  ],
  [
    'a secret of before that would be accepted for years',
    {
      OIDC_PRIVATE_KEY: pem,
      OIDC_LEGACY_HS256_SECRET: legacySecret,
      OIDC_LEGACY_HS256_UNTIL: '2099-01-01T00:00:00Z',
    },
    'OIDC_KEY_INVALID_OPTION',
    /OIDC_LEGACY_HS256_UNTIL is more than 400 days away/,
  ],
  [
    'a directory as file',
    { OIDC_PRIVATE_KEY_FILE: join(folder, 'directory') },
    'OIDC_KEY_UNREADABLE_FILE',
    /EISDIR/,
  ],
  [
    'the key where its path belongs',
    { OIDC_PRIVATE_KEY_FILE: pem },
    'OIDC_KEY_UNREADABLE_FILE',
    /is no path/,
  ],
  [
    'the path where the key belongs',
    { OIDC_PRIVATE_KEY: join(folder, 'key.pem') },
    'OIDC_KEY_MALFORMED',
    /_FILE/,
  ],
  [
    'NAME and NAME_FILE',
    { OIDC_PRIVATE_KEY: pem, OIDC_PRIVATE_KEY_FILE: join(folder, 'key.pem') },
    'OIDC_KEY_CONFLICT',
    /OIDC_PRIVATE_KEY and OIDC_PRIVATE_KEY_FILE are both set/,
  ],
  [
    'both names with different keys',
    { OIDC_PRIVATE_KEY: pem, RSA_PRIVATE_KEY_PEM: pemOf(other) },
    'OIDC_KEY_CONFLICT',
    /OIDC_PRIVATE_KEY and RSA_PRIVATE_KEY_PEM hold different keys/,
  ],
  [
    'a public key',
    { OIDC_PRIVATE_KEY: publicPem },
    'OIDC_KEY_NOT_PRIVATE',
    /^OIDC_PRIVATE_KEY is a public key/,
  ],
  [
    'a public key as next',
    { OIDC_PRIVATE_KEY: pem, OIDC_NEXT_KEYS: publicPem.replaceAll('\n', '\\n') },
    'OIDC_KEY_NOT_PRIVATE',
    /^OIDC_NEXT_KEYS is a public key/,
  ],
  [
    'a shared secret',
    { OIDC_PRIVATE_KEY: 'correct-horse-battery-staple' },
    'OIDC_KEY_MALFORMED',
    /shared secret/,
  ],
  [
    'a truncated file',
    { OIDC_PRIVATE_KEY_FILE: join(folder, 'truncated.pem') },
    'OIDC_KEY_MALFORMED',
    /^OIDC_PRIVATE_KEY_FILE is cut off/,
  ],
  ['1024 bits', { OIDC_PRIVATE_KEY: pemOf(makeRsaKey(1024)) }, 'OIDC_KEY_TOO_WEAK', /1024 bits/],
  [
    'an EC key on a curve without an algorithm',
    { OIDC_PRIVATE_KEY: pemOf(makeKeyPair('ec', { namedCurve: 'P-224' }).privateKey) },
    'OIDC_KEY_UNSUPPORTED',
    /secp224r1/,
  ],
  [
    'no passphrase',
    { OIDC_PRIVATE_KEY: encrypted },
    'OIDC_KEY_ENCRYPTED',
    /no passphrase is set\. Set OIDC_PRIVATE_KEY_PASSPHRASE/,
  ],
  [
    'a wrong passphrase',
    { OIDC_PRIVATE_KEY: encrypted, OIDC_PRIVATE_KEY_PASSPHRASE: 'wrong-passphrase' },
    'OIDC_KEY_ENCRYPTED',
    /passphrase is wrong.*OIDC_PRIVATE_KEY_PASSPHRASE/,
  ],
  [
    'a passphrase twice',
    {
      OIDC_PRIVATE_KEY: pem,
      OIDC_PRIVATE_KEY_PASSPHRASE: 'a',
      OIDC_PRIVATE_KEY_PASSPHRASE_FILE: join(folder, 'key.pem'),
    },
    'OIDC_KEY_CONFLICT',
    /PASSPHRASE/,
  ],
  [
    'two current keys',
    { OIDC_PRIVATE_KEY: pem + pemOf(other) },
    'OIDC_KEY_SEVERAL',
    /key 1 of 2.*key 2 of 2/,
  ],
  [
    'a certificate beside the key',
    { OIDC_PRIVATE_KEY: `${pem}-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n` },
    'OIDC_KEY_NOT_PRIVATE',
    /certificate/,
  ],
  [
    'previous equal to current',
    { OIDC_PRIVATE_KEY: pem, OIDC_PREVIOUS_KEYS: publicPem },
    'OIDC_KEY_DUPLICATE_KID',
    /OIDC_PRIVATE_KEY and OIDC_PREVIOUS_KEYS/,
  ],
  [
    'max-age in words',
    { OIDC_PRIVATE_KEY: pem, OIDC_JWKS_MAX_AGE: '1h' },
    'OIDC_KEY_INVALID_OPTION',
    /OIDC_JWKS_MAX_AGE.*whole number of seconds/,
  ],
  [
    'a negative max-age',
    { OIDC_PRIVATE_KEY: pem, OIDC_JWKS_MAX_AGE: '-1' },
    'OIDC_KEY_INVALID_OPTION',
    /OIDC_JWKS_MAX_AGE/,
  ],
];

/** What of the keys may not be told, whichever of them the message is about. */
const secrets = [
  ...privateTraces(key),
  ...privateTraces(other),
  ...tracesOf([pem, pemOf(other), encrypted]),
  'wrong-passphrase',
  'right-passphrase',
  'correct-horse',
  'absent-file-name',
];

function expectNothingTold(printed: string, traces: string[]): void {
  for (const trace of traces) expect(printed).not.toContain(trace);
}

class Derived extends OidcKeyModule {}

const modules: [string, () => DynamicModule[], string, RegExp][] = [
  [
    'a factory that returns nothing',
    () => [OidcKeyModule.forRootAsync({ useFactory: () => undefined as never })],
    'OIDC_KEY_INVALID_OPTION',
    /as an object/,
  ],
  [
    'a factory that returns the key',
    () => [OidcKeyModule.forRootAsync({ useFactory: () => pem as never })],
    'OIDC_KEY_INVALID_OPTION',
    /as an object/,
  ],
  [
    'a subclass on the path of the module',
    () => [OidcKeyModule.forRoot({ key }), Derived.forRoot({ key: other })],
    'OIDC_KEY_MODULE_TWICE',
    /registered twice/,
  ],
  [
    'no ConfigService',
    () => [OidcKeyModule.forRootAsync()],
    'OIDC_KEY_NO_CONFIG',
    /ConfigModule\.forRoot\(\{ isGlobal: true \}\)/,
  ],
  [
    'an option "key" that is undefined',
    () => [OidcKeyModule.forRootAsync({ useFactory: () => ({ key: undefined as never }) })],
    'OIDC_KEY_MISSING',
    /The option "key"/,
  ],
  ['the bare class', () => [OidcKeyModule as never], 'OIDC_KEY_MISSING', /forRootAsync\(\)/],
  [
    'the bare class beside a module with a key',
    () => [OidcKeyModule.forRoot({ key }), OidcKeyModule as never],
    'OIDC_KEY_MISSING',
    /without a key.*forRootAsync\(\)/,
  ],
  ['a bare subclass', () => [Derived as never], 'OIDC_KEY_MISSING', /forRootAsync\(\)/],
  [
    'an unknown option',
    () => [OidcKeyModule.forRoot({ key, privateKey: pem } as never)],
    'OIDC_KEY_INVALID_OPTION',
    /no option "privateKey"/,
  ],
  [
    'next keys without a key',
    () => [OidcKeyModule.forRootAsync({ useFactory: () => ({ nextKeys: pem }) as never })],
    'OIDC_KEY_INVALID_OPTION',
    /nextKeys/,
  ],
  [
    'an impossible max-age',
    () => [OidcKeyModule.forRoot({ key, jwksMaxAge: 1.5 })],
    'OIDC_KEY_INVALID_OPTION',
    /jwksMaxAge/,
  ],
  [
    'a key of another algorithm',
    () => [OidcKeyModule.forRoot({ key: { key, algorithm: 'ES256' } })],
    'OIDC_KEY_UNSUPPORTED',
    /ES256 needs an EC key/,
  ],
  [
    'two global modules',
    () => [globalModule(), globalModule({ jwks: false })],
    'OIDC_KEY_MODULE_TWICE',
    /registered twice/,
  ],
  [
    'two modules on one path',
    () => [OidcKeyModule.forRoot({ key }), OidcKeyModule.forRoot({ key: other })],
    'OIDC_KEY_MODULE_TWICE',
    /jwks\.path/,
  ],
];

function globalModule(extras: OidcKeyExtras = {}): DynamicModule {
  return OidcKeyModule.forRoot({ key, isGlobal: true, ...extras });
}

describe.each(platforms)('bad configuration on %s', (_, adapter) => {
  afterEach(closeAll);

  const failedBoot = async (imports: NonNullable<DynamicModule['imports']>) => {
    const logger = new RecordingLogger();
    const error = await rejectionOf(boot(adapter(), { imports }, undefined, logger));
    return { error, printed: everythingPrintedOf(error) + everythingPrintedOf(logger.lines) };
  };

  it.each(settings)('%s stops the boot', async (__, values, code, message) => {
    const { error, printed } = await failedBoot([configurationOf(values), OidcKeyModule.forRootAsync()]);
    expect([error.name, error.code]).toEqual(['OidcKeyError', code]);
    expect(error.message).toMatch(message);
    expectNothingTold(printed, [...secrets, ...tracesOf(values)]);
  });

  it.each(modules)('%s stops the boot', async (__, imports, code, message) => {
    const { error, printed } = await failedBoot(imports());
    expect([error.name, error.code]).toEqual(['OidcKeyError', code]);
    expect(error.message).toMatch(message);
    expectNothingTold(printed, secrets);
  });
});

it.each([
  ['nothing', undefined],
  ['null', null],
  ['a PEM', pem],
  ['no key', {}],
  ['a variable that is not set', { key: process.env['OIDC_PRIVATE_KEY_OF_NOBODY'] }],
  ['an empty variable', { key: ' ""\n' }],
  ['an empty list', { key: [] }],
  ['extras alone', { isGlobal: true, jwks: false }],
])(
  'forRoot with %s is refused at registration, says where a key comes from, and repeats nothing',
  (_, options) => {
    const error = errorOf(() => OidcKeyModule.forRoot(options as never));
    expect(error).toMatchObject({ code: 'OIDC_KEY_MISSING', message: expect.not.stringContaining('BEGIN') });
    expect(error.message).toMatch(
      /`OidcKeyModule\.forRootAsync\(\)`.*ConfigService.*`\.env`.*order of imports/,
    );
  },
);

it('forRoot leaves nothing of its options on the module', async () => {
  const { app } = await boot(platforms[0]![1](), { imports: [OidcKeyModule.forRoot({ key: pem })] });
  const printed = everythingPrintedOf(app.get(OidcKeyModule));
  for (const trace of [...privateTraces(key), 'BEGIN PRIVATE KEY']) expect(printed).not.toContain(trace);
  await closeAll();
});

it.each([
  'jwks.json',
  '/a/../b',
  '/./a',
  '/',
  '/jwks.json/',
  '/:id',
  '/a*',
  '/a b',
  '//a',
  'https://issuer.example/jwks.json',
  '/jwks?x',
  '/a%2fb',
])('a path that cannot be served is refused at registration: %s', (path) => {
  expect(() => OidcKeyModule.forRoot({ key, jwks: { path } })).toThrow(
    expect.objectContaining({ code: 'OIDC_KEY_INVALID_OPTION' }),
  );
});

describe('what stands beside "useFactory"', () => {
  afterEach(closeAll);

  const rightly = { isGlobal: true, jwks: false, envPrefix: 'A_', issuerName: 'a' } as const;
  const stands = (name: string) =>
    `The option "${name}" of OidcKeyModule stands beside "useFactory" ("useClass", "useExisting"), and not in what that ` +
    `returns: forRootAsync({ ${name}, useFactory }).`;

  it.each(Object.entries(rightly))('is refused in what it returns: %s', async (name, value) => {
    const useFactory = () => ({ key: pem, [name]: value });
    const error = await rejectionOf(
      boot(platforms[0]![1](), { imports: [OidcKeyModule.forRootAsync({ useFactory })] }),
    );
    expect(error).toMatchObject({ code: 'OIDC_KEY_INVALID_OPTION', message: stands(name) });
  });

  it('is refused in what a class makes', async () => {
    class Options {
      createOidcKeyOptions() {
        return { key: pem, issuerName: undefined };
      }
    }
    const imports = [OidcKeyModule.forRootAsync({ useClass: Options })];
    const error = await rejectionOf(boot(platforms[0]![1](), { imports }));
    expect(error).toMatchObject({ code: 'OIDC_KEY_INVALID_OPTION', message: stands('issuerName') });
  });

  it('is taken there, and beside a key', async () => {
    await boot(platforms[0]![1](), {
      imports: [OidcKeyModule.forRootAsync({ ...rightly, useFactory: () => ({ key: pem }) })],
    });
    await boot(platforms[0]![1](), { imports: [OidcKeyModule.forRoot({ ...rightly, key: pem })] });
  });
});
