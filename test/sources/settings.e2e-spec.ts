import type { KeyObject } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';
import type { OidcKeyAsyncOptions } from 'nestjs-oidc-key';

import { configurationOf } from '../support/configuration.js';
import { rejectionOf } from '../support/errors.js';
import { jwkOf, makeRsaKey, pemOf } from '../support/keys.js';
import { boot, closeAll, platforms } from '../support/platforms.js';

const key = makeRsaKey();
const other = makeRsaKey();
const pem = pemOf(key);
const folder = mkdtempSync(join(tmpdir(), 'oidc-key-'));
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const encrypted = (each: KeyObject, passphrase: string) =>
  each.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }).toString();
const kidsOf = (...keys: KeyObject[]) =>
  keys.map((each) => new JwtService({ key: each }).getKeySet().keys[0]!.kid);
const tenYears = 10 * 365 * 24 * 3600;

describe.each(platforms)('settings on %s', (_, adapter) => {
  afterEach(closeAll);

  const start = (settings: Record<string, unknown>, options?: OidcKeyAsyncOptions) => {
    const config = configurationOf(settings);
    return boot(adapter(), { imports: [config, OidcKeyModule.forRootAsync(options)] });
  };
  const kidsServed = async (settings: Record<string, unknown>) => {
    const { app } = await start(settings);
    return app
      .get(JwtService)
      .getKeySet()
      .keys.map(({ kid }) => kid);
  };
  const cacheControl = async (settings: Record<string, unknown>, options?: OidcKeyAsyncOptions) => {
    const { fetch } = await start({ OIDC_PRIVATE_KEY: pem, ...settings }, options);
    return (await fetch('/.well-known/jwks.json')).headers.get('cache-control');
  };
  const refusalOf = async (settings: Record<string, unknown>, options?: OidcKeyAsyncOptions) => {
    const { code, message } = await rejectionOf(start(settings, options));
    return { code, message };
  };

  it('one passphrase opens the encrypted keys of every slot', async () => {
    const settings = {
      OIDC_PRIVATE_KEY: encrypted(key, 'p'),
      OIDC_NEXT_KEYS: encrypted(other, 'p'),
      OIDC_PRIVATE_KEY_PASSPHRASE: 'p',
    };
    expect(await kidsServed(settings)).toEqual(kidsOf(key, other));
  });

  it.each([
    [
      'a setting that is null is unset',
      { OIDC_PRIVATE_KEY: pem, OIDC_NEXT_KEYS: null, RSA_PRIVATE_KEY_PEM: null },
    ],
    ['a path may stand in literal quotes', { OIDC_PRIVATE_KEY_FILE: `"${file('quoted.pem', pem)}"` }],
    ['a path may stand in white space', { OIDC_PRIVATE_KEY_FILE: ` ${file('key.pem', pem)}\n` }],
    [
      'a passphrase in a file may end with a line end of Windows',
      {
        OIDC_PRIVATE_KEY: encrypted(key, 'p'),
        OIDC_PRIVATE_KEY_PASSPHRASE_FILE: file('passphrase', 'p\r\n'),
      },
    ],
    [
      'a passphrase of digits may come as a number',
      { OIDC_PRIVATE_KEY: encrypted(key, '1234'), OIDC_PRIVATE_KEY_PASSPHRASE: 1234 },
    ],
  ])('%s', async (__, settings) => {
    expect(await kidsServed(settings)).toEqual(kidsOf(key));
  });

  it.each(['OIDC_JWKS_MAX_AGE', 'OIDC_KEY_RETENTION'])(
    '%s_FILE that names no file is refused',
    async (name) => {
      expect(await refusalOf({ OIDC_PRIVATE_KEY: pem, [`${name}_FILE`]: '/nowhere/seconds' })).toEqual({
        code: 'OIDC_KEY_UNREADABLE_FILE',
        message: expect.stringContaining(`${name}_FILE`),
      });
    },
  );

  it.each([
    ['OIDC_PRIVATE_KEY_FILE', { OIDC_PRIVATE_KEY_FILE: '/nowhere/key.pem', RSA_PRIVATE_KEY_PEM: pem }],
    ['RSA_PRIVATE_KEY_PEM_FILE', { OIDC_PRIVATE_KEY: pem, RSA_PRIVATE_KEY_PEM_FILE: '/nowhere/key.pem' }],
  ])('%s that names no file is refused beside the other name', async (name, settings) => {
    expect(await refusalOf(settings)).toEqual({
      code: 'OIDC_KEY_UNREADABLE_FILE',
      message: expect.stringContaining(`The file that ${name} names cannot be read (ENOENT)`),
    });
  });

  it.each([
    ['a JWK as JSON', JSON.stringify(jwkOf(key))],
    ['a number', 42],
    ['a KeyObject', key],
    ['an object', {}],
  ])('OIDC_PRIVATE_KEY_FILE that is %s is no path', async (__, value) => {
    expect(await refusalOf({ OIDC_PRIVATE_KEY_FILE: value })).toEqual({
      code: 'OIDC_KEY_UNREADABLE_FILE',
      message: expect.stringMatching(/OIDC_PRIVATE_KEY_FILE is no path/),
    });
  });

  it('previous keys without a key are refused, as next keys are', async () => {
    const options = { useFactory: () => ({ previousKeys: pem }) } as OidcKeyAsyncOptions;
    expect(await refusalOf({ OIDC_PRIVATE_KEY: pem }, options)).toEqual({
      code: 'OIDC_KEY_INVALID_OPTION',
      message: expect.stringMatching(/previousKeys/),
    });
  });

  describe('max-age', () => {
    it.each([
      [' 90 ', 90],
      ['0', 0],
      [90, 90],
    ])('%j is %d seconds', async (setting, seconds) => {
      expect(await cacheControl({ OIDC_JWKS_MAX_AGE: setting })).toBe(`public, max-age=${seconds}`);
    });

    it.each(['1e3', '0x10', '+5', '1.0', String(tenYears + 1)])('%j is refused', async (setting) => {
      expect(await refusalOf({ OIDC_PRIVATE_KEY: pem, OIDC_JWKS_MAX_AGE: setting })).toEqual({
        code: 'OIDC_KEY_INVALID_OPTION',
        message: expect.stringMatching(/^OIDC_JWKS_MAX_AGE has to be a whole number of seconds/),
      });
    });

    it.each([-1, tenYears + 1, Number.NaN, Infinity])('the option %d is refused', async (jwksMaxAge) => {
      const error = await rejectionOf(
        boot(adapter(), { imports: [OidcKeyModule.forRoot({ key, jwksMaxAge })] }),
      );
      expect(error.code).toBe('OIDC_KEY_INVALID_OPTION');
    });

    it('is ten years at most', async () => {
      const { fetch } = await boot(adapter(), {
        imports: [OidcKeyModule.forRoot({ key, jwksMaxAge: tenYears })],
      });
      const response = await fetch('/.well-known/jwks.json');
      expect(response.headers.get('cache-control')).toBe(`public, max-age=${tenYears}`);
    });

    it('is the one of the option, whether there is a setting or not', async () => {
      const options = { useFactory: () => ({ jwksMaxAge: 10 }) };
      expect(await cacheControl({}, options)).toBe('public, max-age=10');
      expect(await cacheControl({ OIDC_JWKS_MAX_AGE: '90' }, options)).toBe('public, max-age=10');
    });
  });
});
