import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';
import { ConfigService } from '@nestjs/config';
import { ExpressAdapter } from '@nestjs/platform-express';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';

import { configurationOf } from '../support/configuration.js';
import { everythingPrintedOf } from '../support/errors.js';
import { jwkOf } from '../support/keys.js';
import { ecKey } from '../support/lives.js';
import { thumbprintOf } from '../support/loaded.js';
import { boot, closeAll, RecordingLogger } from '../support/platforms.js';
import { headerOf } from '../support/tokens.js';

const folder = mkdtempSync(join(tmpdir(), 'oidc-key-'));
const file = (name: string, content: string | Buffer) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const utf16 = (text: string, order: 'little' | 'big') => {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return order === 'little' ? bytes : bytes.swap16();
};

const [stolen, next, previous] = [ecKey(), ecKey(), ecKey()];
const oddKid = 'a, key "of" 2030';
const withKid = (key: typeof stolen, kid: string) => JSON.stringify({ ...jwkOf(key), kid });
const settings = {
  OIDC_PRIVATE_KEY: withKid(stolen, 'stolen'),
  OIDC_NEXT_KEYS: withKid(next, 'next'),
  OIDC_PREVIOUS_KEYS: withKid(previous, oddKid),
};

afterEach(closeAll);

async function start(more: Record<string, unknown>) {
  const config = configurationOf({ ...settings, ...more });
  const logger = new RecordingLogger();
  const { app } = await boot(
    new ExpressAdapter(),
    { imports: [config, OidcKeyModule.forRootAsync()] },
    undefined,
    logger,
  );
  const warnings = () =>
    logger.lines.map(([line]) => String(line)).filter((line) => /of the revoked kids \(/.test(line));
  const set = async (values: Record<string, unknown>) => {
    for (const [name, value] of Object.entries(values)) app.get(ConfigService).set(name, value);
    return app.get(KeyRotation).reload();
  };
  const published = () =>
    app
      .get(JwtService)
      .getKeySet()
      .keys.map(({ kid }) => kid);
  return { app, warnings, set, published, status: () => app.get(KeyRotation).status() };
}

describe('attack 49: a list of revoked kids is read with the care of a key', () => {
  it.each<[string, Record<string, unknown>]>([
    ['plain', { OIDC_REVOKED_KIDS: 'stolen' }],
    ['with a thumbprint', { OIDC_REVOKED_KIDS: thumbprintOf(stolen) }],
    [
      'with literal quotes around it, as `docker run --env-file` leaves them',
      { OIDC_REVOKED_KIDS: '"stolen"' },
    ],
    ['with quotes around each kid', { OIDC_REVOKED_KIDS: "'other', 'stolen'" }],
    ['as a JSON array', { OIDC_REVOKED_KIDS: '["other", "stolen"]' }],
    ['as a JSON array in literal quotes', { OIDC_REVOKED_KIDS: '\'["stolen"]\'' }],
    ['as a JSON array in a JSON string', { OIDC_REVOKED_KIDS: JSON.stringify('["stolen"]') }],
    ['as a list of an application’s own loader', { OIDC_REVOKED_KIDS: ['stolen'] }],
    ['on lines of Windows', { OIDC_REVOKED_KIDS: 'other\r\nstolen\r\n' }],
    ['in a file with a byte order mark', { OIDC_REVOKED_KIDS_FILE: file('bom', '\uFEFFstolen\n') }],
    ['in a UTF-16 file of PowerShell', { OIDC_REVOKED_KIDS_FILE: file('le', utf16('stolen\r\n', 'little')) }],
    ['in a UTF-16 file, big end first', { OIDC_REVOKED_KIDS_FILE: file('be', utf16('stolen\r\n', 'big')) }],
    [
      'in a UTF-16 file as a JSON array',
      { OIDC_REVOKED_KIDS_FILE: file('json', utf16('["stolen"]\r\n', 'little')) },
    ],
  ])('%s', async (_, list) => {
    const { app, published } = await start(list);
    expect(published()).toEqual(['next', oddKid]);
    expect(headerOf(await app.get(JwtService).sign({})).kid).toBe('next');
  });

  it('and may hold any characters, in JSON', async () => {
    const { published, status } = await start({ OIDC_REVOKED_KIDS: JSON.stringify([oddKid]) });
    expect(published()).toEqual(['stolen', 'next']);
    expect(status().unknownRevocations).toEqual([]);
  });
});

describe('attack 49: a name that is no key', () => {
  it('is said at the boot and at each reload, and stands in the status', async () => {
    const { warnings, set, status, published } = await start({ OIDC_REVOKED_KIDS: 'stoln' });
    expect(published()).toContain('stolen');
    const warning = expect.stringMatching(
      /^Entry 1 of the revoked kids \(5 characters\) is no key of this process, now or earlier: nothing is revoked by it\. It is nearly stolen, which is one\./,
    );
    const unknown = { position: 1, characters: 5, nearest: 'stolen' };
    expect(warnings()).toEqual([warning]);
    expect(status()).toMatchObject({ state: 'up', unknownRevocations: [unknown], warnings: [warning] });
    await expect(set({})).resolves.toBe(true);
    expect(warnings()).toEqual([warning, warning]);
    // A reload that fails says so, too.
    await expect(set({ OIDC_NEXT_KEYS: 'garbage' })).resolves.toBe(false);
    expect(warnings()).toEqual([warning, warning, warning]);
    expect(status()).toMatchObject({ state: 'degraded', unknownRevocations: [unknown] });
    await set({ OIDC_NEXT_KEYS: settings.OIDC_NEXT_KEYS, OIDC_REVOKED_KIDS: 'stolen' });
    expect(warnings()).toHaveLength(3);
    expect(status()).toMatchObject({ unknownRevocations: [], warnings: [] });
  });

  it('is each of several, and none that is known', async () => {
    const { warnings, status } = await start({ OIDC_REVOKED_KIDS: `one, stolen, two, ${oddKid}` });
    const unknown = status().unknownRevocations.map(({ position, characters }) => [position, characters]);
    expect(unknown).toEqual(
      ['one', '', 'two', 'a', 'key', 'of', '2030'].flatMap((name, index) =>
        name ? [[index + 1, name.length]] : [],
      ),
    );
    expect(warnings()).toHaveLength(6);
  });

  it('is none where the key was known earlier in this process', async () => {
    const { warnings, set, status, published } = await start({});
    await set({ OIDC_REVOKED_KIDS: `stolen ${thumbprintOf(previous)}` });
    await set({ OIDC_PRIVATE_KEY: settings.OIDC_NEXT_KEYS, OIDC_NEXT_KEYS: '', OIDC_PREVIOUS_KEYS: '' });
    await set({});
    expect(published()).toEqual(['next']);
    expect([warnings(), status().unknownRevocations]).toEqual([[], []]);
  });

  it.each([
    ['a key', next.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['a private number', next.export({ format: 'jwk' }).d!],
    ['a passphrase', 'correct-horse'],
  ])('is not repeated, since it may be %s', async (_, secret) => {
    const { warnings, status } = await start({ OIDC_REVOKED_KIDS: JSON.stringify([secret]) });
    expect(warnings()).toEqual([expect.stringContaining(`(${secret.length} characters) is no key`)]);
    expect(everythingPrintedOf([warnings(), status()])).not.toContain(secret.slice(0, 12));
  });
});
