import { chmodSync, mkdirSync, mkdtempSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';
import { ConfigModule } from '@nestjs/config';
import { FileKeySource, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';

import { realFileSystem } from '../../lib/sources/files/file-access.js';
import { Files } from '../../lib/sources/files/files.js';
import { settingsSource } from '../../lib/sources/settings.source.js';
import type { NamedValue } from '../../lib/core/reading/named-value.js';
import { makeRsaKey, pemOf } from '../support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';

const pem = pemOf(makeRsaKey());
const next = pemOf(makeRsaKey());
const passphrase = 'right-passphrase';
const encrypted = makeRsaKey()
  .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase })
  .toString();
const encryption = { cipher: 'aes-256-cbc', passphrase };
const encryptedPkcs1 = makeRsaKey()
  .export({ format: 'pem', type: 'pkcs1', ...encryption })
  .toString();
const encryptedDer = makeRsaKey().export({ format: 'der', type: 'pkcs8', ...encryption });
const tmpfs = 0x01021994;

/** A folder that others may enter, in which files have these contents and modes. */
function folderOf(files: Record<string, [content: string | Buffer, mode: number]>): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-modes-'));
  chmodSync(folder, 0o755);
  for (const [name, [content, mode]] of Object.entries(files)) {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), mode);
  }
  return folder;
}

/** What the settings source has to say of the files, were they on a file system of this type. */
async function warningsOf(settings: Record<string, string>, type = 0xef53): Promise<string[]> {
  const fileSystem = { ...realFileSystem, statfs: async () => ({ type }) };
  const source = settingsSource({ get: (name) => settings[name] }, 'OIDC_', new Files({ fileSystem }));
  const slots = Object.values(await source.load(new AbortController().signal)) as NamedValue[];
  return slots
    .flatMap(({ about }) => [about.warning, about.alias?.about.warning])
    .filter((warning) => warning !== undefined);
}

describe('a file that every user of the machine can read is said where it holds', () => {
  it.each([
    ['the current key', 'OIDC_PRIVATE_KEY', pem],
    ['the current key under its other name', 'RSA_PRIVATE_KEY_PEM', pem],
    ['next keys', 'OIDC_NEXT_KEYS', next],
    ['a passphrase', 'OIDC_PRIVATE_KEY_PASSPHRASE', passphrase],
    ['a plain key beside an encrypted one', 'OIDC_NEXT_KEYS', encrypted + next],
  ])('%s', async (_, name, content) => {
    for (const mode of [0o644, 0o444, 0o664, 0o604]) {
      const path = join(folderOf({ file: [content, mode] }), 'file');
      expect(await warningsOf({ [`${name}_FILE`]: path })).toEqual([
        `The file that ${name}_FILE names (${path}) has mode 0${mode.toString(8)}: every user of this machine can read ` +
          `it. Run \`chmod 600 ${path}\`.`,
      ]);
    }
  });

  it('the current key under both of its names', async () => {
    const folder = folderOf({ a: [pem, 0o644], b: [pem, 0o644] });
    const settings = {
      OIDC_PRIVATE_KEY_FILE: join(folder, 'a'),
      RSA_PRIVATE_KEY_PEM_FILE: join(folder, 'b'),
    };
    expect(await warningsOf(settings)).toHaveLength(2);
  });

  it('in a folder whose name a shell would take apart', async () => {
    const path = join(folderOf({ "it's a key": [pem, 0o644] }), "it's a key");
    expect(await warningsOf({ OIDC_PRIVATE_KEY_FILE: path })).toEqual([
      expect.stringContaining(String.raw`/it'\''s a key'` + '`'),
    ]);
  });
});

describe('nothing is said', () => {
  it.each([0o600, 0o400, 0o640, 0o440, 0o660])('of mode %i, which others cannot read', async (mode) => {
    const path = join(folderOf({ file: [pem, mode] }), 'file');
    expect(await warningsOf({ OIDC_PRIVATE_KEY_FILE: path })).toEqual([]);
  });

  it.each([
    ['previous keys', 'OIDC_PREVIOUS_KEYS_FILE', pem],
    ['revoked kids', 'OIDC_REVOKED_KIDS_FILE', 'kid'],
    ['an encrypted key', 'OIDC_PRIVATE_KEY_FILE', encrypted],
    ['an encrypted key in PKCS#1', 'OIDC_PRIVATE_KEY_FILE', encryptedPkcs1],
    ['an encrypted key in DER', 'OIDC_PRIVATE_KEY_FILE', encryptedDer],
    ['nothing', 'OIDC_PRIVATE_KEY_FILE', ''],
  ])('of a file that holds %s', async (_, name, content) => {
    expect(await warningsOf({ [name]: join(folderOf({ file: [content, 0o644] }), 'file') })).toEqual([]);
  });

  it('of a file in a folder that others cannot enter, however far above it', async () => {
    const folder = folderOf({});
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'inner/key.pem'), pem);
    const settings = { OIDC_PRIVATE_KEY_FILE: join(folder, 'inner/key.pem') };
    expect(await warningsOf(settings)).toHaveLength(1);
    chmodSync(folder, 0o700);
    expect(await warningsOf(settings)).toEqual([]);
  });

  it('of a file in a folder that others cannot enter, where a link in an open one leads', async () => {
    const closed = folderOf({ key: [pem, 0o644] });
    const open = folderOf({});
    symlinkSync(join(closed, 'key'), join(open, 'link'));
    const settings = { OIDC_PRIVATE_KEY_FILE: join(open, 'link') };
    expect(await warningsOf(settings)).toHaveLength(1);
    chmodSync(closed, 0o700);
    expect(await warningsOf(settings)).toEqual([]);
    // The other way round the file is open, and the folder of the link hides nothing.
    const other = folderOf({ key: [pem, 0o644] });
    symlinkSync(join(other, 'key'), join(closed, 'link'));
    expect(await warningsOf({ OIDC_PRIVATE_KEY_FILE: join(closed, 'link') })).toHaveLength(1);
  });

  it('of a file in memory, where Docker and Vault Agent put secrets', async () => {
    const settings = { OIDC_PRIVATE_KEY_FILE: join(folderOf({ file: [pem, 0o444] }), 'file') };
    expect(await warningsOf(settings, tmpfs)).toEqual([]);
  });

  it.each(['/run/secrets/key', '/var/run/secrets/key'])('of %s, a file of Compose', async (secret) => {
    const path = join(folderOf({ key: [pem, 0o644] }), 'key');
    const fileSystem = {
      ...realFileSystem,
      stat: (asked: string) => realFileSystem.stat(asked === secret ? path : '/'),
      open: (asked: string, flags: number) => realFileSystem.open(asked === secret ? path : asked, flags),
      statfs: async () => ({ type: 0xef53 }),
    };
    const files = new Files({ fileSystem });
    const settings: Record<string, string> = { OIDC_PRIVATE_KEY_FILE: secret };
    const slots = await settingsSource({ get: (name) => settings[name] }, 'OIDC_', files).load(
      new AbortController().signal,
    );
    const { value, about } = slots.current as NamedValue;
    expect([String(value), about.warning]).toEqual([pem, undefined]);
  });

  it('of a secret that Kubernetes mounts', async () => {
    const folder = folderOf({});
    mkdirSync(join(folder, '..1'));
    writeFileSync(join(folder, '..1/key.pem'), pem, { mode: 0o644 });
    symlinkSync('..1', join(folder, '..data'));
    symlinkSync('..data/key.pem', join(folder, 'key.pem'));
    expect(await warningsOf({ OIDC_PRIVATE_KEY_FILE: join(folder, 'key.pem') })).toEqual([]);
  });
});

// A machine whose temporary folder is in memory shows nothing of it.
const isInMemory = statfsSync(tmpdir()).type === tmpfs;

describe.each(platforms)('on %s', (_, adapter) => {
  afterEach(closeAll);

  it('the log and the status have it at the boot, and not again at a reload', async () => {
    const folder = folderOf({
      'current.pem': [pem, 0o644],
      'next.pem': [next, 0o644],
      'previous.pem': ['', 0o644],
      legacy: ['a secret of HS256 that signed before', 0o644],
    });
    const legacy = {
      OIDC_LEGACY_HS256_SECRET_FILE: join(folder, 'legacy'),
      OIDC_LEGACY_HS256_UNTIL: new Date(Date.now() + 3_600_000).toISOString(),
    };
    const settings = {
      OIDC_PRIVATE_KEY_FILE: join(folder, 'current.pem'),
      OIDC_NEXT_KEYS_FILE: join(folder, 'next.pem'),
    };
    for (const [exposed, ...imports] of [
      [2, OidcKeyModule.forRootAsync({ useFactory: () => ({ source: FileKeySource.inDirectory(folder) }) })],
      [
        2,
        ConfigModule.forRoot({ ignoreEnvFile: true, isGlobal: true, load: [() => settings] }),
        OidcKeyModule.forRootAsync(),
      ],
      [
        3,
        ConfigModule.forRoot({
          ignoreEnvFile: true,
          isGlobal: true,
          load: [() => ({ ...settings, ...legacy })],
        }),
        OidcKeyModule.forRootAsync(),
      ],
    ] as const) {
      const logger = new RecordingLogger();
      const { app } = await boot(adapter(), { imports: [...imports] }, undefined, logger);
      const said = () => logger.lines.map(([line]) => String(line)).filter((line) => line.includes('chmod'));
      const expected = isInMemory ? 0 : exposed;
      expect(said()).toHaveLength(expected);
      expect(
        app
          .get(KeyRotation)
          .status()
          .warnings.filter((line) => line.includes('chmod')),
      ).toHaveLength(expected);
      await app.get(KeyRotation).reload();
      expect(said()).toHaveLength(expected);
      await closeAll();
    }
  });
});
