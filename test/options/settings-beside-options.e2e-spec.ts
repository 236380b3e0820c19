import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Scope } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { JwtService, KeyInfo, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { OidcKeyAsyncOptions, SigningAlgorithm } from 'nestjs-oidc-key';

import { configurationOf } from '../support/configuration.js';
import { rejectionOf } from '../support/errors.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { jwkOf, makeRsaKey, pemOf } from '../support/keys.js';
import { ecKey } from '../support/lives.js';
import { thumbprintOf } from '../support/loaded.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';
import { publicPemOf } from '../support/tokens.js';

const key = ecKey();
const other = ecKey();
const rsa = makeRsaKey();
const ahead = '2040-01-01T00:00:00Z';

describe.each(platforms)('settings and options on %s', (_, adapter) => {
  afterEach(closeAll);

  const start = async (...imports: NonNullable<DynamicModule['imports']>) => {
    const logger = new RecordingLogger();
    const { app, fetch } = await boot(adapter(), { imports }, undefined, logger);
    const lines = () => logger.lines.map(([line]) => String(line));
    const slots = () =>
      app
        .get(KeyRotation)
        .status()
        .keys.map(({ kid, slot }) => [kid, slot]);
    return { app, fetch, lines, slots };
  };
  const startWith = (settings: Record<string, unknown>, options?: OidcKeyAsyncOptions) =>
    start(configurationOf(settings), OidcKeyModule.forRootAsync(options));

  describe('a set that another issuer has published, as previous keys', () => {
    const rsaJwk = (members: { kid: string; use: string; alg: string }) => {
      const { kty, n, e } = jwkOf(makeRsaKey());
      return { kty, n, e, ...members };
    };
    const theirs = rsaJwk({ kid: 'theirs', use: 'sig', alg: 'RS256' });
    const set = {
      keys: [
        rsaJwk({ kid: 'enc', use: 'enc', alg: 'RSA-OAEP' }),
        theirs,
        { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA', kid: 'post-quantum' },
        { kty: 'EC', crv: 'secp256k1', x: 'AAAA', y: 'AAAA', kid: 'curve' },
        { kty: 'oct', k: 'AAAA', kid: 'secret' },
      ],
    };

    it('is taken for what can verify, with a warning for each key that is skipped', async () => {
      const settings = { OIDC_PRIVATE_KEY: pemOf(key), OIDC_PREVIOUS_KEYS: JSON.stringify(set) };
      const { app, lines, slots } = await startWith(settings);
      expect(slots()).toEqual([
        [thumbprintOf(key), 'current'],
        ['theirs', 'previous'],
      ]);
      const skipped = [1, 3, 4, 5].map((index) =>
        expect.stringMatching(
          new RegExp(`^OIDC_PREVIOUS_KEYS \\(key ${index} of 5\\) .*, and is skipped\\.$`),
        ),
      );
      expect(lines().filter((line) => line.includes('skipped'))).toEqual(skipped);
      expect(app.get(KeyRotation).status()).toMatchObject({ state: 'up', warnings: skipped });
      await app.get(KeyRotation).reload();
      expect(lines().filter((line) => line.includes('skipped'))).toHaveLength(4);
    });

    it('stops the boot where no key of it is left, or as current keys', async () => {
      const without = { keys: set.keys.filter(({ kid }) => kid !== 'theirs') };
      for (const settings of [
        { OIDC_PRIVATE_KEY: pemOf(key), OIDC_PREVIOUS_KEYS: JSON.stringify(without) },
        { OIDC_PRIVATE_KEY: JSON.stringify(set) },
      ]) {
        expect((await rejectionOf(startWith(settings))).code).toBe('OIDC_KEY_UNSUPPORTED');
      }
    });
  });

  describe('times of the settings', () => {
    const times = {
      OIDC_JWKS_MAX_AGE: '90',
      OIDC_KEY_SPREAD: '20',
      OIDC_CLOCK_SKEW: '10',
      OIDC_KEY_RETENTION: '500',
    };
    const source = () => {
      const slots: { current: typeof key } = { current: key };
      return { slots, source: { load: async () => ({ ...slots }) } };
    };

    it('hold where the keys come from options', async () => {
      const { slots, source: given } = source();
      for (const module of [
        OidcKeyModule.forRoot({ key }),
        OidcKeyModule.forRootAsync({ useFactory: () => ({ key }) }),
        OidcKeyModule.forRoot({ source: given }),
      ]) {
        const { fetch } = await start(configurationOf(times), module);
        expect((await fetch('/.well-known/jwks.json')).headers.get('cache-control')).toBe(
          'public, max-age=90',
        );
        await closeAll();
      }
      const { app } = await start(configurationOf(times), OidcKeyModule.forRoot({ source: given }));
      const began = Date.now();
      slots.current = other;
      await app.get(KeyRotation).reload();
      // 300 seconds that relying parties cache at least, spread, skew.
      const wait = app.get(KeyRotation).status().nextChangeAt!.getTime() - began;
      expect(wait).toBeGreaterThanOrEqual(330_000 - 1);
      expect(wait).toBeLessThan(330_000 + 60_000);
    });

    it('stop the boot where they are none, whatever the keys come from', async () => {
      for (const name of Object.keys(times)) {
        const error = await rejectionOf(
          start(configurationOf({ [name]: '1h' }), OidcKeyModule.forRoot({ key })),
        );
        expect([error.code, error.message]).toEqual([
          'OIDC_KEY_INVALID_OPTION',
          expect.stringMatching(new RegExp(`^${name} has to be a whole number of seconds`)),
        ]);
      }
    });

    it('are named by the warning of a token that outlives its key, under the prefix of the module', async () => {
      const warningOf = async (...imports: NonNullable<DynamicModule['imports']>) => {
        const { app, lines } = await start(...imports);
        await app.get(JwtService).sign({}, { expiresIn: 1000 });
        await closeAll();
        return lines().filter((line) => line.includes('lives longer than its key'));
      };
      const withPrefix = { envPrefix: 'ADMIN_' };
      const settings = { ADMIN_PRIVATE_KEY: pemOf(key), ADMIN_KEY_RETENTION: '500' };
      expect(await warningOf(configurationOf(settings), OidcKeyModule.forRootAsync(withPrefix))).toEqual([
        expect.stringMatching(/\(500 seconds\)\. Raise ADMIN_KEY_RETENTION\.$/),
      ]);
      expect(await warningOf(configurationOf(times), OidcKeyModule.forRoot({ key }))).toEqual([
        expect.stringMatching(/\(500 seconds\)\. Raise OIDC_KEY_RETENTION\.$/),
      ]);
      const option = OidcKeyModule.forRoot({ key, keyRetention: 400, ...withPrefix });
      expect(await warningOf(configurationOf(settings), option)).toEqual([
        expect.stringMatching(/\(400 seconds\)\. Raise the option "keyRetention"\.$/),
      ]);
      expect(await warningOf(OidcKeyModule.forRoot({ key, keyRetention: 400 }))).toEqual([
        expect.stringMatching(/\(400 seconds\)\. Raise the option "keyRetention"\.$/),
      ]);
    });
  });

  describe('a misspelt setting', () => {
    const said = (lines: string[]) => lines.filter((line) => line.includes('is read by nothing'));
    const message = (name: string, meant: string) =>
      `The setting ${name} is read by nothing. Was ${meant} meant?`;

    it.each([
      ['OIDC_PREVIOUS_KEY', 'OIDC_PREVIOUS_KEYS'],
      ['OIDC_REVOKED_KID', 'OIDC_REVOKED_KIDS'],
      ['OIDC_PRIVATE_KEYS', 'OIDC_PRIVATE_KEY'],
      ['OIDC_NEXT_KEY', 'OIDC_NEXT_KEYS'],
      ['OIDC_PREVIOUS_KEY_FILE', 'OIDC_PREVIOUS_KEYS_FILE'],
    ])('%s is said, with the name that was meant', async (name, meant) => {
      const { lines } = await startWith({ OIDC_PRIVATE_KEY: pemOf(key), [name]: 'x' });
      expect(said(lines())).toEqual([message(name, meant)]);
    });

    it('is said where the keys come from options, and never with its value', async () => {
      const { lines } = await start(
        configurationOf({ OIDC_REVOKED_KID: 'a-value' }),
        OidcKeyModule.forRoot({ key }),
      );
      expect(said(lines())).toEqual([message('OIDC_REVOKED_KID', 'OIDC_REVOKED_KIDS')]);
      expect(lines().join('\n')).not.toContain('a-value');
    });

    it('in the environment may be any other letter, and an application’s own settings are none', async () => {
      const environment = {
        OIDC_REVOKDE_KISD: 'x',
        OIDC_PREVIUOS_KEYS: 'x',
        OIDC_JWKS_MAXAGE: '60',
        OIDC_ISSUER: 'https://issuer.example',
        OIDC_CLIENT_ID: 'x',
        OIDC_KEY: 'x',
        OTHER_REVOKED_KID: 'x',
      };
      Object.assign(process.env, environment);
      try {
        const { lines } = await startWith({
          OIDC_PRIVATE_KEY: pemOf(key),
          OIDC_ISSUER: 'https://issuer.example',
        });
        expect(said(lines()).toSorted()).toEqual([
          message('OIDC_JWKS_MAXAGE', 'OIDC_JWKS_MAX_AGE'),
          message('OIDC_PREVIUOS_KEYS', 'OIDC_PREVIOUS_KEYS'),
          message('OIDC_REVOKDE_KISD', 'OIDC_REVOKED_KIDS'),
        ]);
      } finally {
        for (const name of Object.keys(environment)) delete process.env[name];
      }
    });

    it('is looked for under the prefix of the module', async () => {
      const settings = { ADMIN_PRIVATE_KEY: pemOf(key), ADMIN_NEXT_KEY: 'x', OIDC_NEXT_KEY: 'x' };
      const { lines } = await startWith(settings, { envPrefix: 'ADMIN_' });
      expect(said(lines())).toEqual([message('ADMIN_NEXT_KEY', 'ADMIN_NEXT_KEYS')]);
    });
  });

  it('options that are made anew for each request stop the boot', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Options {
      createOidcKeyOptions() {
        return { key };
      }
    }
    const error = await rejectionOf(start(OidcKeyModule.forRootAsync({ useClass: Options })));
    expect([error.name, error.code, error.message]).toEqual([
      'OidcKeyError',
      'OIDC_KEY_INVALID_OPTION',
      expect.stringMatching(/made anew for each request.*give it the default scope/),
    ]);
  });

  describe('the option "algorithm"', () => {
    it.each<[string, SigningAlgorithm, () => NonNullable<DynamicModule['imports']>]>([
      ['an RSA key', 'ES256', () => [OidcKeyModule.forRoot({ key: rsa, algorithm: 'ES256' })]],
      ['an RSA key for RS256', 'PS256', () => [OidcKeyModule.forRoot({ key: rsa, algorithm: 'PS256' })]],
      [
        'keys of the settings',
        'EdDSA',
        () => [
          configurationOf({ OIDC_PRIVATE_KEY: pemOf(rsa) + pemOf(key) }),
          OidcKeyModule.forRootAsync({ useFactory: () => ({ algorithm: 'EdDSA' }) }),
        ],
      ],
      [
        'keys of a source',
        'RS256',
        () => [
          OidcKeyModule.forRoot({ source: { load: async () => ({ current: key }) }, algorithm: 'RS256' }),
        ],
      ],
    ])('that cannot be obeyed with %s stops the boot', async (__, algorithm, imports) => {
      const error = await rejectionOf(start(...imports()));
      expect([error.code, error.message]).toEqual([
        'OIDC_KEY_NONE_TO_SIGN',
        expect.stringContaining(`no current key for ${algorithm}`),
      ]);
    });

    it('decides what signs, though there is an RS256 key', async () => {
      const { app } = await start(OidcKeyModule.forRoot({ key: [rsa, key], algorithm: 'ES256' }));
      expect(app.get(KeyInfo).algorithm).toBe('ES256');
    });
  });

  describe('what a schema made of a setting', () => {
    it('an instant may be a Date, as z.coerce.date() gives it', async () => {
      const settings = { OIDC_PRIVATE_KEY: pemOf(key), OIDC_NEXT_KEYS: pemOf(other) };
      const { app } = await startWith({ ...settings, OIDC_NEXT_KEY_ACTIVATES_AT: new Date(ahead) });
      const { nextChangeAt } = app.get(KeyRotation).status();
      expect(Math.abs(nextChangeAt!.getTime() - Date.parse(ahead))).toBeLessThan(5_000);
      const error = await rejectionOf(
        startWith({ ...settings, OIDC_NEXT_KEY_ACTIVATES_AT: new Date(Number.NaN) }),
      );
      expect(error.code).toBe('OIDC_KEY_INVALID_OPTION');
    });

    it('keys and kids may be lists', async () => {
      const third = ecKey();
      const { slots } = await startWith({
        OIDC_PRIVATE_KEY: [pemOf(key), pemOf(rsa)],
        OIDC_NEXT_KEYS: [pemOf(other)],
        OIDC_PREVIOUS_KEYS: [publicPemOf(third), jwkOf(makeKeyPair('ed25519').privateKey)],
        OIDC_REVOKED_KIDS: [thumbprintOf(third)],
      });
      const [current, signing, next, ...previous] = slots();
      expect([current, signing, next]).toEqual([
        [thumbprintOf(rsa), 'current'],
        [thumbprintOf(key), 'current'],
        [thumbprintOf(other), 'next'],
      ]);
      expect(previous).toHaveLength(1);
    });

    it('an empty list is unset', async () => {
      const { slots } = await startWith({
        OIDC_PRIVATE_KEY: pemOf(key),
        OIDC_NEXT_KEYS: [],
        OIDC_PREVIOUS_KEYS: [],
        OIDC_REVOKED_KIDS: [],
      });
      expect(slots()).toEqual([[thumbprintOf(key), 'current']]);
    });
  });

  it.each([[''], [' \n'], [[]], [undefined], [null]])(
    'nextKeys and previousKeys that are %j are empty slots',
    async (unset) => {
      const options = { key, nextKeys: unset, previousKeys: unset } as never;
      const { slots } = await start(OidcKeyModule.forRoot(options));
      expect(slots()).toEqual([[thumbprintOf(key), 'current']]);
    },
  );

  it('a setting that is taken away with set() is an empty slot', async () => {
    const { app, slots } = await startWith({ OIDC_PRIVATE_KEY: pemOf(key), OIDC_NEXT_KEYS: pemOf(other) });
    app.get(ConfigService).set('OIDC_NEXT_KEYS', '');
    await app.get(KeyRotation).reload();
    expect(slots()).toEqual([
      [thumbprintOf(key), 'current'],
      // It may have signed elsewhere.
      [thumbprintOf(other), 'previous'],
    ]);
  });
});
