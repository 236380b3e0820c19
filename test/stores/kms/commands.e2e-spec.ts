import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, afterEach, expect, it } from '@jest/globals';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import type { KeySetDocument } from '../../../lib/core/key-set/key-set-document.js';
import { propagationOf } from '../../../lib/core/key-set/figures.js';
import { runLater } from '../../../lib/core/key/steps.js';
import { readStored } from '../../../lib/core/key-set/plain-keys.js';
import { defaultTiming } from '../../../lib/rotation/timing.js';
import { AllowedSigners } from '../../../lib/stores/allowed-signers.js';
import { initIn, retireIn, revokeIn, rotateIn, statusIn } from '../../../lib/stores/commands.js';
import { KeysElsewhere, theStore } from '../../../lib/stores/keys-elsewhere.js';
import { openKms } from '../../../lib/stores/kms-reference.js';
import { makingHere } from '../../../lib/stores/make-key.js';
import type { Workplace } from '../../../lib/stores/run-command.js';
import { KeyStoreError } from '../../../lib/stores/key-store.js';
import type { KeyStore } from '../../../lib/stores/key-store.js';
import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { rejectionOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { everyKms } from '../../support/kms/every-kms.js';
import type { RunningKms } from '../../support/kms/kms-under-test.js';
import { describeStore } from '../../support/stores/store-under-test.js';

for (const kms of everyKms) {
  describeStore(kms, 'commands with keys in a KMS', () => {
    const alg = kms.algorithms.includes('ES256') ? 'ES256' : kms.algorithms[0]!;
    let running: RunningKms;
    let folder: string;
    let file: string;
    let t: number;
    beforeAll(async () => {
      running = await kms.start();
    }, 120_000);
    afterAll(() => running?.stop());
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'oidc-key-kms-commands-'));
      file = join(folder, 'keys');
      t = Math.floor(Date.now() / 1000);
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    const setting = (name: string) => running.environment[name];
    const target = async () => (await running.target(alg)) + running.query;
    const workplace = (
      to?: string,
      { allowed, ...more }: { allowed?: string } & Partial<Workplace> = {},
    ): Workplace => ({
      store: keyStoreNamed(`file:${file}`, { name: 'The store' }),
      decryption: { where: 'The store', passphrase: undefined },
      figures: defaultTiming,
      make: makingHere(),
      clock: () => t,
      elsewhere: new KeysElsewhere({
        to: to === undefined || to === theStore ? to : { reference: to, client: running.client },
        // What a server has: the query, and the client.
        allowed: new AllowedSigners(
          allowed ?? [{ reference: `${kms.kind}:${running.query}`, client: running.client }],
          'OIDC_SIGNERS',
        ),
        setting,
      }),
      ...more,
    });
    const keys = () => (JSON.parse(readFileSync(file, 'utf8')) as KeySetDocument).keys;
    const later = () => (t += propagationOf(defaultTiming) + 300);
    const pem = () =>
      makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey.export({
        type: 'pkcs8',
        format: 'pem',
      }) as string;

    it('begin with a key in it, add the next one there, and move back to the store', async () => {
      await initIn(workplace(await target()), { algorithm: alg });
      const [first] = keys();
      expect(first).toMatchObject({ alg, signer: expect.stringMatching(`^${kms.kind}:[^?]+$`) });
      expect(first).not.toHaveProperty('d');
      later();
      await rotateIn(workplace());
      const [, second] = keys();
      expect(second!.signer).toMatch(`${kms.kind}:`);
      expect(second!.signer).not.toBe(first!.signer);
      expect(second!.kid).not.toBe(first!.kid);
      later();
      await rotateIn(workplace(theStore));
      expect(keys().at(-1)).toHaveProperty('d');
      expect(keys().at(-1)).not.toHaveProperty('signer');
      const { view } = await statusIn(workplace());
      expect(JSON.stringify(view)).not.toContain('"d"');
    });

    it('name a key that was made for a write that then failed', async () => {
      await initIn(workplace(await target()), { algorithm: alg });
      later();
      const inFile = workplace().store;
      const store: KeyStore = {
        read: () => inFile.read(),
        write: () => Promise.reject(new KeyStoreError('KEY_STORE_NOT_WRITTEN', 'The store takes nothing.')),
      };
      const error = await rejectionOf(rotateIn(workplace(undefined, { store })));
      expect(error).toMatchObject({
        code: 'KEY_STORE_NOT_WRITTEN',
        message: expect.stringMatching(`^The store takes nothing\\. ${kms.kind}:\\S+ was made meanwhile`),
      });
    });

    it('disable a key that was made for a command that was then refused, and name it', async () => {
      await initIn(workplace(await target()), { algorithm: alg });
      later();
      const inFile = workplace().store;
      let reads = 0;
      const store: KeyStore = {
        read: async () => {
          // Somebody else rotates while the key is made.
          if (++reads === 2) await rotateIn(workplace(theStore));
          return inFile.read();
        },
        write: (text, expected) => inFile.write(text, expected),
      };
      const error = await rejectionOf(rotateIn(workplace(await target(), { store })));
      expect(error).toMatchObject({
        code: 'KEY_WAITS',
        message: expect.stringMatching(`${kms.kind}:\\S+ was made and is not needed\\. `),
      });
    });

    it('move a key of a file by a rotation, and lose nothing of it', async () => {
      if (alg !== 'ES256') return;
      writeFileSync(file, pem());
      await rotateIn(workplace(await target()));
      const [old, next] = keys();
      expect([old, next]).toEqual([
        expect.objectContaining({ d: expect.any(String) }),
        expect.objectContaining({ signer: expect.any(String), nbf: t + propagationOf(defaultTiming) }),
      ]);
    });

    it('revoke a key and keep it from signing where that can be done', async () => {
      await initIn(workplace(await target()), { algorithm: alg });
      later();
      await rotateIn(workplace());
      later();
      const [first] = keys();
      const { sentences } = await revokeIn(workplace(), first!.kid!, {});
      expect(sentences.at(-1)).toMatch(/sign|delet|disable/i);
      expect(keys()[0]).toMatchObject({ kid: first!.kid, revoked: { revoked_at: t } });
      // Where it is, it may have to be disabled once more.
      expect(keys()[0]).toHaveProperty('signer', first!.signer);
    });

    const begunAndRotated = async () => {
      await initIn(workplace(await target()), { algorithm: alg });
      later();
      await rotateIn(workplace());
      later();
      return keys() as readonly { readonly kid: string; readonly signer: string }[];
    };

    it('make a new key where the one that would come back does not sign any more', async () => {
      const [first, second] = await begunAndRotated();
      await running.disable(first!.signer);
      const { sentences } = await revokeIn(workplace(), second!.kid, {});
      const [old, revoked, made] = keys();
      expect(old).not.toHaveProperty('signer');
      expect(revoked).toMatchObject({ kid: second!.kid, revoked: { revoked_at: t } });
      expect(made).toHaveProperty('signer');
      const { view } = await statusIn(workplace());
      expect(view.keys.flatMap(({ key, signs }) => (signs ? key.kid : []))).toEqual([made!.kid]);
      const text = sentences.join('\n');
      expect(text).toContain(`Key ${first!.kid}, which was there before, does not sign any more`);
      expect(text).not.toContain('WARNING');
    });

    it('warn where it does not sign, and no new key is to be made', async () => {
      const [first, second] = await begunAndRotated();
      await running.disable(first!.signer);
      const { outcome, sentences } = await revokeIn(workplace(), second!.kid, { noRotate: true });
      expect([outcome, keys().length]).toEqual(['written', 2]);
      expect(sentences.join('\n')).toMatch(new RegExp(`WARNING: Key ${first!.kid}.*NO TOKEN IS SIGNED`));
    });

    it('revoke where the key that comes back cannot be tried, and warn', async () => {
      const [first, second] = await begunAndRotated();
      const nowhere = workplace(undefined, { allowed: 'vault-transit:other/key' });
      const { outcome, sentences } = await revokeIn(nowhere, second!.kid, {});
      expect(outcome).toBe('written');
      expect(keys()[1]).toHaveProperty('revoked');
      expect(keys()[0]).toHaveProperty('signer', first!.signer);
      expect(sentences.join('\n')).toMatch(new RegExp(`WARNING: Key ${first!.kid}.*could not be tried`));
    });

    it('let a key come back that signs, and warn of nothing', async () => {
      const [first, second] = await begunAndRotated();
      const { sentences } = await revokeIn(workplace(), second!.kid, {});
      expect(keys()).toHaveLength(2);
      expect(keys()[0]).toHaveProperty('signer', first!.signer);
      expect(sentences.join('\n')).not.toContain('WARNING');
    });

    it('replace a revoked key that was the only one by another one there', async () => {
      await initIn(workplace(await target()), { algorithm: alg });
      later();
      await revokeIn(workplace(), keys()[0]!.kid!, {});
      expect(keys().map(({ signer, revoked }) => [signer !== undefined, revoked !== undefined])).toEqual([
        [true, true],
        [true, false],
      ]);
    });

    it('revoke a key though its KMS is out of reach, and disable it when it is back', async () => {
      await initIn(workplace(await target()), { algorithm: alg });
      later();
      const { kid = '', signer } = keys()[0]!;
      const nowhere = workplace(undefined, { allowed: 'vault-transit:other/key' });
      const { outcome, sentences } = await revokeIn(nowhere, kid, {});
      expect(outcome).toBe('written');
      expect(sentences.join('\n')).toMatch(/No key was made in its place[^]*still signs in/);
      expect(keys()).toEqual([expect.objectContaining({ kid, signer, revoked: expect.anything() })]);
      const again = await revokeIn(workplace(), kid, {});
      expect(again.sentences.at(-1)).not.toContain('still signs in');
      // The next key is where the revoked one was.
      await rotateIn(workplace(), { algorithm: alg });
      expect(keys().at(-1)).toHaveProperty('signer');
    });

    it('make one key where two rotate at once, and leave no other that signs', async () => {
      await initIn(workplace(await target()), { algorithm: alg });
      later();
      const before = keys().length;
      const all = await Promise.allSettled([
        rotateIn(workplace(), { every: 60 }),
        rotateIn(workplace(), { every: 60 }),
      ]);
      const refused = all.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
      // OpenBao refuses one of two transactions with a 500 now and then.
      expect(refused.length).toBeLessThanOrEqual(kms.kind === 'vault-transit' ? 1 : 0);
      for (const error of refused) {
        expect(error).toMatchObject({ code: 'KEY_STORE_UNREACHABLE', isTransient: true });
      }
      const results = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      expect(keys()).toHaveLength(before + 1);
      const made = results.flatMap(({ sentences }) =>
        sentences.filter((each) => each.includes('is not needed')),
      );
      expect(made.length).toBeLessThanOrEqual(1);
    });

    it('make nothing where the clock would be refused', async () => {
      const place = workplace(await target());
      await initIn(place, { algorithm: alg });
      later();
      const store = keyStoreNamed(`file:${file}`, { name: 'The store' });
      let made = 0;
      const elsewhere = new (class extends KeysElsewhere {
        override async make(...args: Parameters<KeysElsewhere['make']>) {
          made += 1;
          return super.make(...args);
        }
      })({ allowed: new AllowedSigners(`${kms.kind}:`, 'OIDC_SIGNERS'), setting });
      const late = {
        ...store,
        read: async () => ({ ...(await store.read())!, date: t - 7200 }),
        write: store.write.bind(store),
      };
      const error = await rejectionOf(rotateIn(workplace(undefined, { store: late, elsewhere })));
      expect([error.code, made]).toEqual(['CLOCK_DIFFERS', 0]);
    });

    it('take no reference from a document where nothing says what servers allow', async () => {
      await initIn(workplace(await target()), { algorithm: alg });
      later();
      const open = workplace(undefined, { elsewhere: new KeysElsewhere({ setting }) });
      expect((await rejectionOf(rotateIn(open))).code).toBe('OIDC_KEY_SIGNER_NOT_ALLOWED');
      expect(keys()).toHaveLength(1);
    });

    it('retire an algorithm in it', async () => {
      await initIn(workplace(await target()), { algorithm: alg });
      later();
      await rotateIn(workplace(theStore), { algorithm: 'RS384' });
      later();
      const kid = keys().find((key) => key.signer !== undefined)!.kid!;
      await retireIn(workplace(), kid);
      expect(keys().find((key) => key.kid === kid)).not.toHaveProperty('signer');
    });

    it('make nothing in a dry run', async () => {
      const place = await target();
      await initIn(workplace(place, { isDryRun: true }), { algorithm: alg });
      const driver = await openKms(place, { name: 'The target', setting, client: running.client });
      const found = await driver.publicKeys(AbortSignal.timeout(10_000)).catch(() => []);
      driver.close?.();
      expect(found).toEqual([]);
    });

    it('make nothing that servers would refuse', async () => {
      const error = await rejectionOf(
        initIn(workplace(await target(), { allowed: 'vault-transit:other/key' }), { algorithm: alg }),
      );
      expect(error.code).toBe('OIDC_KEY_SIGNER_NOT_ALLOWED');
    });

    if (kms.takesKeys) {
      it('take an existing key over, under its kid', async () => {
        const from = await runLater(readStored({ name: 'The file', value: pem() }));
        await initIn(workplace(await target()), { from });
        expect(keys()).toEqual([
          expect.objectContaining({ kid: from.keys[0]!.kid, signer: expect.any(String) }),
        ]);
        expect(keys()[0]).not.toHaveProperty('d');
      });
    } else {
      it('say that it takes no key that was made elsewhere', async () => {
        const from = await runLater(readStored({ name: 'The file', value: pem() }));
        const error = await rejectionOf(initIn(workplace(await target()), { from }));
        expect(['KEY_NOT_TAKEN', 'KEY_STORE_KEY_UNUSABLE']).toContain(error.code);
        if (error.code === 'KEY_NOT_TAKEN') {
          expect(error.message).toMatch(/`init --from` without --to\); then `rotate --to \S+` makes/);
        }
        expect(existsSync(file)).toBe(false);
      });
    }

    it('write nothing to a KMS that is the store itself', async () => {
      const reference = await target();
      const driver = await openKms(reference, { name: 'The target', setting, client: running.client });
      const wish = { alg, algorithm: algorithmNamed(alg)!, bits: 2048 };
      const held = await driver.create(wish, AbortSignal.timeout(10_000));
      driver.close?.();
      const store = keyStoreNamed(held.reference + running.query, {
        name: 'The store',
        setting,
        client: running.client,
      });
      const place = workplace(undefined, { store });
      for (const command of [rotateIn(place), initIn(place, {}), revokeIn(place, 'kid', {})]) {
        expect((await rejectionOf(command)).code).toBe('KEY_STORE_READ_ONLY');
      }
      const { view } = await statusIn(place);
      expect(view.keys).toHaveLength(1);
      store.close?.();
    });
  });
}
