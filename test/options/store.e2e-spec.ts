import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { KeyStore, OidcKeyFactoryOptions } from 'nestjs-oidc-key';

import { KeyStoreError } from '../../lib/stores/key-store.js';
import { configurationOf } from '../support/configuration.js';
import { rejectionOf } from '../support/errors.js';
import { jwkOf } from '../support/key-sets.js';
import { boot, closeAll, platforms } from '../support/platforms.js';
import { until } from '../support/waiting.js';

const folder = mkdtempSync(join(tmpdir(), 'oidc-key-option-store-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(closeAll);

const now = Math.floor(Date.now() / 1000);
const keySetOf = (...kids: string[]) =>
  JSON.stringify({
    keys: kids.map((kid, index) => ({ ...jwkOf({ kid }), iat: now - 9000 + index, nbf: now - 9000 + index })),
  });
const file = join(folder, 'keys.json');
const reference = `file:${file}`;
writeFileSync(file, keySetOf('a'), { mode: 0o600 });

async function start(settings: object, options?: OidcKeyFactoryOptions) {
  const { app } = await boot(platforms[0]![1](), {
    imports: [
      configurationOf(settings),
      OidcKeyModule.forRootAsync(options === undefined ? {} : { useFactory: () => options }),
    ],
  });
  const rotation = app.get(KeyRotation);
  return { rotation, kids: () => rotation.status().keys.map(({ kid }) => kid) };
}

describe('a store', () => {
  it.each<[string, object, OidcKeyFactoryOptions | undefined]>([
    ['the setting', { OIDC_KEY_STORE: reference }, undefined],
    ['the setting in quotes', { OIDC_KEY_STORE: `"${reference}"\n` }, undefined],
    ['the option', {}, { store: reference }],
    ['both, which say the same', { OIDC_KEY_STORE: reference }, { store: reference }],
  ])('is named by %s', async (_, settings, options) => {
    const { kids } = await start(settings, options);
    expect(kids()).toEqual(['a']);
  });

  it('that is a file is watched, so that a change is in service at once', async () => {
    const path = join(folder, 'watched.json');
    writeFileSync(path, keySetOf('a'), { mode: 0o600 });
    const { kids } = await start({ OIDC_KEY_STORE: `file:${path}` });
    writeFileSync(path, keySetOf('a', 'b'));
    await until(() => kids().length === 2);
  });

  it('is asked again by itself, at most half of the spread later', async () => {
    let text = keySetOf('a');
    let reads = 0;
    const store: KeyStore = {
      read: () => Promise.resolve({ text, version: String((reads += 1)) }),
      write: () => Promise.resolve(false),
    };
    const { kids } = await start({ OIDC_KEY_SPREAD: '2' }, { store });
    text = keySetOf('a', 'b');
    await until(() => kids().length === 2);
    expect(reads).toBeGreaterThan(1);
  });

  it('that is down at a boot is asked again, and is there', async () => {
    let reads = 0;
    const store: KeyStore = {
      read: () => {
        reads++;
        if (reads < 3) {
          return Promise.reject(
            new KeyStoreError('KEY_STORE_SEALED', 'It is sealed.', { isTransient: true }),
          );
        }
        return Promise.resolve({ text: keySetOf('a'), version: '1' });
      },
      write: () => Promise.resolve(false),
    };
    expect((await start({}, { store })).kids()).toEqual(['a']);
    expect(reads).toBe(3);
  });

  it('that asks to be left alone is, for as long as it says', async () => {
    let reads = 0;
    let error: KeyStoreError | undefined;
    const store: KeyStore = {
      read: () => {
        reads++;
        return error ? Promise.reject(error) : Promise.resolve({ text: keySetOf('a'), version: '1' });
      },
      write: () => Promise.resolve(false),
    };
    const { rotation } = await start({}, { store });
    error = new KeyStoreError('KEY_STORE_THROTTLED', 'Too many.', { isTransient: true, retryAfter: 60 });
    expect(await rotation.reload()).toBe(false);
    const asked = reads;
    expect(await rotation.reload()).toBe(false);
    expect([reads, rotation.status().state]).toEqual([asked, 'degraded']);
  });

  it('that cannot be read stops a boot with its own words and code', async () => {
    const store: KeyStore = {
      read: () => Promise.reject(new KeyStoreError('KEY_STORE_FORBIDDEN', 'No right. Give one.')),
      write: () => Promise.resolve(false),
    };
    expect(await rejectionOf(start({}, { store }))).toMatchObject({
      code: 'OIDC_KEY_STORE_FAILED',
      message: 'No right. Give one. (KEY_STORE_FORBIDDEN)',
    });
  });

  it.each<[string, object, OidcKeyFactoryOptions | undefined, string, RegExp]>([
    [
      'of a kind that is not known',
      { OIDC_KEY_STORE: 'nowhere:keys' },
      undefined,
      'OIDC_KEY_INVALID_OPTION',
      /^OIDC_KEY_STORE is of a kind that is not known\. A store is named as file:PATH/,
    ],
    [
      'that is a key',
      { OIDC_KEY_STORE: keySetOf('a') },
      undefined,
      'OIDC_KEY_INVALID_OPTION',
      /^OIDC_KEY_STORE does not say of which kind/,
    ],
    ['of standard streams', { OIDC_KEY_STORE: '-' }, undefined, 'OIDC_KEY_INVALID_OPTION', /does not say/],
    [
      'that is undefined',
      {},
      { store: undefined } as unknown as OidcKeyFactoryOptions,
      'OIDC_KEY_INVALID_OPTION',
      /^The option "store" is undefined/,
    ],
    [
      'that is none',
      {},
      { store: { read: () => 1 } } as unknown as OidcKeyFactoryOptions,
      'OIDC_KEY_INVALID_OPTION',
      /^The option "store" is no store\. Give a reference/,
    ],
    [
      'beside another',
      { OIDC_KEY_STORE: reference },
      { store: 'file:/elsewhere' },
      'OIDC_KEY_CONFLICT',
      /both name a store/,
    ],
    [
      'beside an option that needs a key',
      {},
      { store: reference, revokedKids: ['a'] } as unknown as OidcKeyFactoryOptions,
      'OIDC_KEY_INVALID_OPTION',
      /"revokedKids" needs the option "key"/,
    ],
    [
      'that would be asked too seldom',
      { OIDC_KEY_SPREAD: '30' },
      { store: reference, reloadInterval: 31 },
      'OIDC_KEY_INVALID_OPTION',
      /"reloadInterval" \(31 s\) is longer than the spread \(30 s\)/,
    ],
    [
      'beside a key',
      { OIDC_KEY_STORE: reference, RSA_PRIVATE_KEY_PEM: 'x' },
      undefined,
      'OIDC_KEY_CONFLICT',
      /^RSA_PRIVATE_KEY_PEM is set beside the store file:/,
    ],
    [
      'in which nothing is',
      { OIDC_KEY_STORE: `${reference}.none` },
      undefined,
      'OIDC_KEY_MISSING',
      /^There is nothing in file:.* yet.* `npx nestjs-oidc-key init file:[^ ]+\.none` makes the first one/,
    ],
    [
      'whose folder is not there',
      { OIDC_KEY_STORE: 'file:/nowhere/keys' },
      undefined,
      'OIDC_KEY_STORE_FAILED',
      /folder .*\(KEY_STORE_NOT_READ\)$/,
    ],
  ])('%s is refused', async (_, settings, options, code, message) => {
    const error = await rejectionOf(start(settings, options));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error.message).not.toContain('"d"');
  });

  it('is what a server needs to rotate', async () => {
    const { rotation } = await start({ OIDC_PRIVATE_KEY: keySetOf('a') });
    expect(await rejectionOf(rotation.rotate())).toMatchObject({ code: 'OIDC_KEY_NO_STORE' });
  });
});
