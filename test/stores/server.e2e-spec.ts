import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { KeyStore, OidcKeyStoreOptions } from 'nestjs-oidc-key';

import { propagationOf } from '../../lib/core/key-set/figures.js';
import { encryptKeySet } from '../../lib/sources/encrypted-key-set.js';
import { init, revoke, rotate, status } from '../../lib/rotate/index.js';
import type { CommandOptions } from '../../lib/rotate/index.js';
import { openStored } from '../../lib/stores/stored-key-set.js';
import { configurationOf } from '../support/configuration.js';
import { rejectionOf } from '../support/errors.js';
import { jwkOf, privateKeyNamed } from '../support/key-sets.js';
import { cleanEnvironment, commandLine, run } from '../support/processes.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';
import { everyStore } from '../support/stores/every-store.js';
import { describeStore } from '../support/stores/store-under-test.js';
import type { PlaceUnderTest, RunningStore } from '../support/stores/store-under-test.js';

const now = () => Math.floor(Date.now() / 1000);
const keySet = (...keys: object[]) => JSON.stringify({ keys });
const first = () => ({ ...jwkOf({ kid: 'a' }), iat: now() - 9000, nbf: now() - 9000 });
const pem = privateKeyNamed('a').export({ format: 'pem', type: 'pkcs8' }) as string;
const passphrase = 'correct horse battery staple';
const nothing = { get: () => undefined };
const kidOf = (key: object) => (key as { readonly kid: string }).kid;

for (const store of everyStore) {
  describeStore(store, 'a server', () => {
    let running: RunningStore;
    let place: PlaceUnderTest;
    beforeAll(async () => {
      running = await store.start();
    }, 120_000);
    afterAll(() => running?.stop());
    beforeEach(async () => {
      place = await running.place();
    });
    afterEach(closeAll);

    const [, adapter] = platforms[0]!;

    async function start(settings: object = {}, options: Partial<OidcKeyStoreOptions> = {}) {
      const logger = new RecordingLogger();
      const { app, fetch } = await boot(
        adapter(),
        {
          imports: [
            configurationOf(settings),
            OidcKeyModule.forRootAsync({
              useFactory: () => ({ store: place.open(), ...options }),
            }),
          ],
        },
        undefined,
        logger,
      );
      const rotation = app.get(KeyRotation);
      const published = async () => {
        const { keys } = (await (await fetch('/.well-known/jwks.json')).json()) as {
          keys: { kid: string }[];
        };
        return keys.map(({ kid }) => kid);
      };
      return { app, rotation, published, logger, jwt: app.get(JwtService) };
    }

    const command = (): CommandOptions => ({ store: place.open(), settings: nothing });

    it('signs with what is there, a plain key or a key set', async () => {
      await place.put(pem);
      const plain = await start();
      expect(plain.rotation.status().keys).toMatchObject([{ slot: 'current', algorithm: 'ES256' }]);
      await plain.jwt.verify(await plain.jwt.sign({ sub: 'someone' }));
      await place.put(keySet(first()));
      expect(await plain.rotation.reload()).toBe(true);
      expect(await plain.published()).toContain('a');
    });

    it('takes over a rotation and a revocation by a command with the next reload', async () => {
      await place.put(keySet(first()));
      const { rotation, published, jwt } = await start();
      const token = await jwt.sign({ sub: 'someone' });
      await rotate(command());
      await rotation.reload();
      expect(rotation.status().keys.map(({ slot }) => slot)).toEqual(['current', 'next']);
      expect(await published()).toHaveLength(2);
      await revoke({ ...command(), kid: 'a' });
      await rotation.reload();
      expect(rotation.status().state).toBe('up');
      expect(await published()).not.toContain('a');
      await expect(jwt.verify(token)).rejects.toThrow();
      await jwt.verify(await jwt.sign({ sub: 'someone' }));
    });

    it('rotates by itself, in three replicas at once, and one key is made', async () => {
      await place.put(keySet(first()));
      const replicas = [await start(), await start(), await start()];
      const results = await Promise.all(replicas.map(({ rotation }) => rotation.rotate({ every: 3600 })));
      expect(results.map(({ outcome }) => outcome)).toContain('written');
      for (const { rotation } of replicas) await rotation.reload();
      const digests = new Set(replicas.map(({ rotation }) => rotation.status().digest));
      const keys = (await openStored((await place.open().read())!.text, {
        where: 's',
        passphrase: undefined,
      }))!;
      expect([digests.size, keys.keys.length]).toEqual([1, 2]);
      expect(await replicas[0]!.published()).toHaveLength(2);
      // The commands take the servers' own figures.
      const [, next] = keys.keys;
      expect(next!.nbf! - next!.iat!).toBe(
        propagationOf({ jwksMaxAge: 3600, keyRetention: 0, keySpread: 120, clockSkew: 60 }),
      );
    });

    it('is moved from one store into another, under the kids', async () => {
      await place.put(keySet(first()));
      await rotate(command());
      const target = (await running.place()).open();
      await init({ store: target, settings: nothing, from: place.open() });
      const kids = async (of: KeyStore) => (await status({ store: of, settings: nothing })).keys.map(kidOf);
      expect(await kids(target)).toEqual(await kids(place.open()));
      const empty = (await running.place()).open();
      expect(await rejectionOf(init({ store: empty, settings: nothing, from: empty }))).toMatchObject({
        code: 'KEY_SET_MISSING',
      });
    });

    // Whoever has a store of their own gives it to the functions.
    if (store.kind !== 'own') {
      it('is named on the command line, also as what keys are taken over from', async () => {
        await place.put(keySet(first()));
        const folder = mkdtempSync(join(tmpdir(), 'oidc-key-from-'));
        const target = `file:${join(folder, 'keys.json')}`;
        const env = cleanEnvironment(place.environment);
        const cli = (...args: string[]) =>
          run(process.execPath, [commandLine, ...args], { env, cwd: folder });
        expect(await cli('init', target, '--from', place.reference)).toMatchObject({ code: 0, stderr: '' });
        expect(await cli('rotate', place.reference)).toMatchObject({ code: 0, stderr: '' });
        expect((await cli('status', place.reference, '--json')).stdout).toContain('"kid": "a"');
        expect((await cli('status', target)).stdout).toContain('a ');
        expect(await cli('rotate', place.reference)).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/^KEY_WAITS: /),
        });
        rmSync(folder, { recursive: true });
      });
    }

    it('does not boot where nothing is there, and says how to begin', async () => {
      expect(await rejectionOf(start())).toMatchObject({
        code: 'OIDC_KEY_MISSING',
        message: expect.stringMatching(
          /^There is nothing in the option "store" yet.*`init\(\{ store \}\)` of .*a new key makes/,
        ),
      });
    });

    it('attack 45: keeps the last good keys in service, degraded, while what is there is none', async () => {
      await place.put(keySet(first()));
      const { rotation, published, jwt } = await start();
      for (const [text, code] of [
        ['nonsense', 'OIDC_KEY_MALFORMED'],
        ['{"keys":[{"kty":"EC"', 'OIDC_KEY_MALFORMED'],
        [keySet({ ...jwkOf({ kid: 'a', isPublic: true }), iat: 1, nbf: 2 }), 'OIDC_KEY_NOT_PRIVATE'],
        // Not every store takes a text without a character.
        ['\n', 'OIDC_KEY_MISSING'],
      ] as const) {
        await place.put(text);
        expect(await rotation.reload()).toBe(false);
        expect(rotation.status()).toMatchObject({ state: 'degraded', failure: { code } });
        expect(await published()).toEqual(['a']);
        await jwt.verify(await jwt.sign({ sub: 'someone' }));
      }
      await place.put(keySet(first()));
      expect(await rotation.reload()).toBe(true);
      expect(rotation.status()).toMatchObject({ state: 'up', failure: undefined });
    });

    it('takes the revocation of a document that is wrong otherwise', async () => {
      const second = { ...jwkOf({ kid: 'b' }), iat: now() - 8000, nbf: now() - 8000 };
      await place.put(keySet(first(), second));
      const { rotation, published } = await start();
      expect(await published()).toHaveLength(2);
      const revoked = jwkOf({ kid: 'a', revoked: 0 });
      await place.put(keySet(revoked, second, { ...second, kid: 'c' }));
      expect(await rotation.reload()).toBe(false);
      expect(await published()).toEqual(['b']);
    });

    it('adds previous keys and revoked kids of the settings, and refuses other keys beside the store', async () => {
      await place.put(keySet(first()));
      const previous = privateKeyNamed('b').export({ format: 'pem', type: 'pkcs8' }) as string;
      const { published } = await start({ OIDC_PREVIOUS_KEYS: previous });
      expect(await published()).toHaveLength(2);
      for (const name of ['OIDC_PRIVATE_KEY', 'OIDC_NEXT_KEYS', 'OIDC_NEXT_KEY_ACTIVATES_AT']) {
        const value = name.endsWith('AT') ? '2040-01-01T00:00:00Z' : previous;
        expect(await rejectionOf(start({ [name]: value }))).toMatchObject({
          code: 'OIDC_KEY_CONFLICT',
          message: expect.stringContaining(`${name} is set beside the store`),
        });
      }
      expect(await rejectionOf(start({ OIDC_REVOKED_KIDS: 'a' }))).toMatchObject({
        code: 'OIDC_KEY_NONE_TO_SIGN',
      });
    });

    it('reads and writes encrypted with a passphrase, and refuses what is not', async () => {
      const settings = { OIDC_PRIVATE_KEY_PASSPHRASE: passphrase };
      await place.put(await encryptKeySet(keySet(first()), passphrase));
      const { rotation, published } = await start(settings);
      await rotation.rotate();
      expect(await place.content()).not.toContain('"keys"');
      expect(await published()).toHaveLength(2);
      const good = (await place.content())!;
      await place.put(keySet(first()));
      expect(await rotation.reload()).toBe(false);
      expect(rotation.status().failure!.code).toBe('OIDC_KEY_NOT_ENCRYPTED');
      await place.put(good);
      expect(await rotation.reload()).toBe(true);
      const wrong = { OIDC_PRIVATE_KEY_PASSPHRASE: 'another' };
      expect(await rejectionOf(start(wrong))).toMatchObject({ code: 'OIDC_KEY_ENCRYPTED' });
    });

    it('parses nothing where nothing has changed', async () => {
      await place.put(await encryptKeySet(keySet(first()), passphrase));
      const { rotation } = await start({ OIDC_PRIVATE_KEY_PASSPHRASE: passphrase });
      await rotation.reload();
      const parse = jest.spyOn(JSON, 'parse');
      try {
        expect(await rotation.reload()).toBe(true);
        const texts = parse.mock.calls.map(([text]) => text);
        expect(texts.filter((text) => text.includes('"kty"') && !text.includes('"apiVersion"'))).toEqual([]);
      } finally {
        parse.mockRestore();
      }
    });

    it('loses nothing while the store is away, and says so', async () => {
      await place.put(keySet(first()));
      let isAway = false;
      const client = place.open();
      const away: KeyStore = {
        read: (signal) => (isAway ? Promise.reject(new Error('secret text')) : client.read(signal)),
        write: (text, expected) => client.write(text, expected),
      };
      const { rotation, jwt, logger } = await start({}, { store: away });
      isAway = true;
      expect(await rotation.reload()).toBe(false);
      expect(rotation.status()).toMatchObject({
        state: 'degraded',
        failure: { code: 'OIDC_KEY_STORE_FAILED' },
      });
      await jwt.verify(await jwt.sign({ sub: 'someone' }));
      expect(JSON.stringify(logger.lines)).not.toContain('secret text');
      isAway = false;
      expect(await rotation.reload()).toBe(true);
    });
  });
}
