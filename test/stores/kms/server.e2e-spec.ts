import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import type { SigningAlgorithm } from '../../../lib/core/algorithms.js';
import type { HeldKey, KmsDriver } from '../../../lib/stores/kms-driver.js';
import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { openKms } from '../../../lib/stores/kms-reference.js';
import { configurationOf } from '../../support/configuration.js';
import { rejectionOf } from '../../support/errors.js';
import { jwkOf } from '../../support/key-sets.js';
import { everyKms } from '../../support/kms/every-kms.js';
import type { RunningKms } from '../../support/kms/kms-under-test.js';
import { boot, closeAll, platforms, RecordingLogger } from '../../support/platforms.js';
import { describeStore } from '../../support/stores/store-under-test.js';
import { headerOf } from '../../support/tokens.js';
import { until } from '../../support/waiting.js';

const [, adapter] = platforms[0]!;
const now = () => Math.floor(Date.now() / 1000);

/** A key of a KMS as a key set has it. */
const jwkHeld = ({ publicKey, reference }: HeldKey, alg: SigningAlgorithm, life: object) => ({
  ...publicKey.export({ format: 'jwk' }),
  alg,
  signer: reference,
  ...life,
});

for (const kms of everyKms) {
  describeStore(kms, 'a server whose keys are in a KMS', () => {
    const alg = kms.algorithms.includes('ES256') ? 'ES256' : kms.algorithms[0]!;
    let running: RunningKms;
    let folder: string;
    const drivers: KmsDriver[] = [];
    beforeAll(async () => {
      running = await kms.start();
    }, 120_000);
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'oidc-key-kms-'));
    });
    afterEach(async () => {
      await closeAll();
      for (const driver of drivers.splice(0)) driver.close?.();
      rmSync(folder, { recursive: true });
    });
    afterAll(() => running?.stop());

    const make = async (target?: string): Promise<HeldKey> => {
      const driver = await openKms((target ?? (await running.target(alg))) + running.query, {
        name: 'The target',
        setting: (name) => running.environment[name],
        client: running.client,
      });
      drivers.push(driver);
      const wish = { alg, algorithm: algorithmNamed(alg)!, bits: 2048 };
      return driver.create(wish, AbortSignal.timeout(10_000));
    };
    const put = (...keys: object[]) => {
      const path = join(folder, 'keys');
      writeFileSync(path, JSON.stringify({ keys }));
      return `file:${path}`;
    };
    const start = async (settings: Record<string, string>, options: object = {}) => {
      const logger = new RecordingLogger();
      const imports = [
        configurationOf({ ...running.environment, ...settings }),
        OidcKeyModule.forRootAsync({ useFactory: () => options }),
      ];
      const { app } = await boot(adapter(), { imports }, undefined, logger);
      const jwt = app.get(JwtService);
      const signed = async () => {
        const token = await jwt.sign({ sub: 'someone' });
        await jwtVerify(token, createLocalJWKSet(jwt.getKeySet()));
        return headerOf(token).kid;
      };
      return { rotation: app.get(KeyRotation), jwt, signed, logger };
    };
    const allowing = ({ reference }: HeldKey) => ({
      signers: [{ reference: reference + running.query, client: running.client }],
    });

    it('signs with a key that is the whole configuration', async () => {
      const key = await make();
      const reference = key.reference + running.query;
      const setting = (name: string) => running.environment[name];
      const store = keyStoreNamed(reference, { name: 'The store', setting, client: running.client });
      const { jwt, signed, rotation } = await start({}, { store });
      const [published, ...others] = jwt.getKeySet().keys;
      expect(others).toEqual([]);
      expect(published).toMatchObject({ alg, use: 'sig' });
      expect(Object.keys(published!)).not.toContain('signer');
      await expect(signed()).resolves.toBe(published!.kid);
      expect(rotation.status()).toMatchObject({ state: 'up', warnings: [] });
    });

    it('signs with a key that a key set names, and beside it with one of its own', async () => {
      const key = await make();
      const held = jwkHeld(key, alg, { kid: 'held', iat: now() - 9000, nbf: now() - 9000 });
      const own = { ...jwkOf({ kid: 'own' }), iat: now(), nbf: now() + 7200 };
      const store = put(held, { ...own });
      const { signed, rotation } = await start({ OIDC_KEY_STORE: store }, allowing(key));
      await expect(signed()).resolves.toBe('held');
      expect(rotation.status().keys.map(({ kid, slot }) => `${kid} ${slot}`)).toEqual([
        'held current',
        'own next',
      ]);
    });

    it('counts what it asks the KMS, by what stands before the colon of its reference', async () => {
      const key = await make();
      const held = jwkHeld(key, alg, { kid: 'held', iat: now() - 9000, nbf: now() - 9000 });
      const { signed, rotation } = await start({ OIDC_KEY_STORE: put(held) }, allowing(key));
      await signed();
      await signed();
      const { calls } = rotation.usage;
      const counted = calls.view().map(({ system, operation, outcomes }) => [system, operation, outcomes]);
      const [system] = key.reference.split(':');
      expect(counted).toEqual([
        ['file', 'read', [['ok', 1]]],
        [system, 'public keys', [['ok', 1]]],
        // One of them finds out at the boot whether it signs.
        [system, 'sign', [['ok', 3]]],
      ]);
    });

    it.each<[string, (key: HeldKey) => Record<string, string>]>([
      ['nothing is allowed', () => ({})],
      ['another one is allowed', (key) => ({ OIDC_SIGNERS: `${key.reference}0` })],
    ])('does not start where a key set names a signer and %s', async (_, settings) => {
      const key = await make();
      const store = put(jwkHeld(key, alg, { iat: now(), nbf: now() }));
      const error = await rejectionOf(start({ OIDC_KEY_STORE: store, ...settings(key) }));
      expect(error.code).toBe('OIDC_KEY_SIGNER_NOT_ALLOWED');
      expect(error.message).toMatch(/OIDC_SIGNERS/);
    });

    it('does not start where the signer holds another key than the key set says', async () => {
      const [key, other] = [await make(), await make()];
      const store = put(jwkHeld({ ...key, reference: other.reference }, alg, { iat: now(), nbf: now() }));
      const error = await rejectionOf(start({ OIDC_KEY_STORE: store }, allowing(other)));
      expect([error.code, error.message]).toEqual([
        'OIDC_KEY_MISMATCH',
        expect.stringContaining(other.reference),
      ]);
    });

    it('does not start where the key is disabled, and says so', async () => {
      const key = await make();
      await running.disable(key.reference);
      const store = put(jwkHeld(key, alg, { iat: now(), nbf: now() }));
      const error = await rejectionOf(start({ OIDC_KEY_STORE: store }, allowing(key)));
      expect([error.code, error.message]).toEqual([
        'OIDC_KEY_SIGNER_FAILED',
        expect.stringContaining(key.reference),
      ]);
    });

    it('starts where the key before the one that signs is gone from its KMS', async () => {
      const key = await make();
      await running.disable(key.reference);
      const gone = jwkHeld(key, alg, {
        kid: 'gone',
        iat: now() - 9000,
        nbf: now() - 9000,
        exp: now() + 9000,
      });
      const own = { ...jwkOf({ kid: 'own' }), alg: 'ES256', iat: now() - 5000, nbf: now() - 1000 };
      const store = put(...(alg === 'ES256' ? [gone, own] : [own]));
      const { signed } = await start({ OIDC_KEY_STORE: store }, allowing(key));
      await expect(signed()).resolves.toBe('own');
    });

    it('is degraded while the KMS is away, fails at once, and signs again by itself', async () => {
      if (!running.outage) return;
      const key = await make();
      const { jwt, signed, rotation, logger } = await start(
        { OIDC_KEY_STORE: put(jwkHeld(key, alg, { iat: now(), nbf: now() })) },
        allowing(key),
      );
      await running.outage.begin();
      try {
        const [error] = await Promise.all(Array.from({ length: 6 }, () => rejectionOf(jwt.sign({}))));
        expect([error!.code, error!.message]).toEqual([
          'OIDC_KEY_SIGNER_FAILED',
          expect.stringContaining(key.reference),
        ]);
        expect(rotation.status()).toMatchObject({ state: 'degraded', keys: [{ failure: {} }] });
        // Nobody waits for what is known to be away.
        const turns = Array.from({ length: 100 }, () => rejectionOf(jwt.sign({})));
        const first = await Promise.race([
          Promise.all(turns),
          new Promise((resolve) => setTimeout(resolve, 2_000)),
        ]);
        expect(first).toHaveLength(100);
        expect(jwt.getKeySet().keys).toHaveLength(1);
      } finally {
        await running.outage.end();
      }
      await until(() => rotation.status().state === 'up');
      await signed();
      const lines = logger.lines.flat().join('\n');
      expect(lines).toContain(`No tokens are signed with ${key.reference}`);
      expect(lines).toContain(`${key.reference} signs again`);
    });
  });
}
