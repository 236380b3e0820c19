import { execFileSync } from 'node:child_process';
import { verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { compactVerify } from 'jose';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import type { SigningAlgorithm } from '../../../lib/core/algorithms.js';
import { makePair } from '../../../lib/stores/make-key.js';
import type { HeldKey, KeyWish, KmsDriver } from '../../../lib/stores/kms-driver.js';
import { openKms } from '../../../lib/stores/kms-reference.js';
import { KeyStoreError } from '../../../lib/stores/key-store.js';
import { rejectionOf } from '../../support/errors.js';
import { everyKms } from '../../support/kms/every-kms.js';
import type { RunningKms } from '../../support/kms/kms-under-test.js';
import { cleanEnvironment, root, run } from '../../support/processes.js';
import { describeStore } from '../../support/stores/store-under-test.js';

const wishFor = (alg: SigningAlgorithm, bits = 2048): KeyWish => ({
  alg,
  algorithm: algorithmNamed(alg)!,
  bits,
});
const inTime = () => AbortSignal.timeout(10_000);

/** A signature that OpenSSL's command line verifies; of ECDSA it wants DER. */
function verifiesWithOpenSsl(
  publicKey: KeyObject,
  alg: SigningAlgorithm,
  data: Buffer,
  signature: Buffer,
): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-openssl-'));
  try {
    const file = (name: string, content: string | Buffer) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const key = file('key.pem', publicKey.export({ type: 'spki', format: 'pem' }));
    const input = file('data', data);
    if (alg === 'EdDSA') {
      const args = ['pkeyutl', '-verify', '-pubin', '-inkey', key, '-rawin', '-in', input];
      execFileSync('openssl', [...args, '-sigfile', file('signature', signature)], { stdio: 'ignore' });
      return true;
    }
    const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'];
    execFileSync(
      'openssl',
      [
        'dgst',
        `-sha${alg.slice(2)}`,
        ...(alg.startsWith('PS') ? pss : []),
        '-verify',
        key,
        '-signature',
        file('signature', alg.startsWith('ES') ? derOf(signature) : signature),
        input,
      ],
      { stdio: 'ignore' },
    );
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function derOf(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const integer = (bytes: Buffer) => {
    const significant = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
    const padded = significant[0]! & 0x80 ? Buffer.concat([Buffer.of(0), significant]) : significant;
    return Buffer.concat([Buffer.of(2, padded.length), padded]);
  };
  const body = Buffer.concat([integer(signature.subarray(0, half)), integer(signature.subarray(half))]);
  const length = body.length < 128 ? Buffer.of(body.length) : Buffer.of(0x81, body.length);
  return Buffer.concat([Buffer.of(0x30), length, body]);
}

for (const kms of everyKms) {
  describeStore(kms, 'a KMS', () => {
    let running: RunningKms;
    const drivers: KmsDriver[] = [];
    beforeAll(async () => {
      running = await kms.start();
    }, 120_000);
    afterAll(async () => {
      for (const driver of drivers) driver.close?.();
      await running?.stop();
    });
    const open = async (reference: string) => {
      const driver = await openKms(reference + running.query, {
        name: 'The reference',
        setting: (name) => running.environment[name],
        client: running.client,
      });
      drivers.push(driver);
      return driver;
    };
    const made = async (alg: SigningAlgorithm): Promise<HeldKey> => {
      const target = await running.target(alg);
      return (await open(target)).create(wishFor(alg), inTime());
    };

    it.each(kms.algorithms)(
      'makes a key for %s, and signs what jose, OpenSSL and Node verify',
      async (alg) => {
        const key = await made(alg);
        const driver = await open(key.reference);
        const input = `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.${Buffer.from('{}').toString('base64url')}`;
        const data = Buffer.from(input);
        const signature = await driver.sign(data, algorithmNamed(alg)!, inTime());
        const { hash, parameters } = algorithmNamed(alg)!;
        expect(verify(hash, data, { ...parameters, key: key.publicKey }, signature)).toBe(true);
        expect(verifiesWithOpenSsl(key.publicKey, alg, data, signature)).toBe(true);
        expect(verifiesWithOpenSsl(key.publicKey, alg, Buffer.from('other'), signature)).toBe(false);
        const { payload } = await compactVerify(`${input}.${signature.toString('base64url')}`, key.publicKey);
        expect(Buffer.from(payload).toString()).toBe('{}');
        const [found, ...others] = await driver.publicKeys(inTime());
        expect(others).toEqual([]);
        expect(found!.reference).toBe(key.reference);
        expect(found!.publicKey.equals(key.publicKey)).toBe(true);
        expect(found!.refusal).toBeUndefined();
      },
    );

    it('is reached by a process that has nothing but its environment', async () => {
      const key = await made(kms.algorithms[0]!);
      const references = pathToFileURL(join(root, 'dist/stores/kms-reference.js')).href;
      const script = `
        const { openKms } = await import(${JSON.stringify(references)});
        const driver = await openKms(process.env.REFERENCE, { name: 'The reference' });
        const keys = await driver.publicKeys(AbortSignal.timeout(10_000));
        console.log(keys.map(({ reference }) => reference).join());
        driver.close?.();`;
      const env = cleanEnvironment({
        ...running.environment,
        REFERENCE: key.reference + running.query,
      });
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { env });
      expect(stdout.trim()).toBe(key.reference);
    });

    it('signs many at once, each its own data', async () => {
      const [alg] = kms.algorithms;
      const key = await made(alg!);
      const driver = await open(key.reference);
      const { hash, parameters } = algorithmNamed(alg)!;
      await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          const data = Buffer.from(`data ${index}`);
          const signature = await driver.sign(data, algorithmNamed(alg)!, inTime());
          expect(verify(hash, data, { ...parameters, key: key.publicKey }, signature)).toBe(true);
        }),
      );
    });

    it('has nothing where no key is, and says so where it is to sign', async () => {
      const target = await running.target(kms.algorithms[0]!);
      const driver = await open(target);
      await expect(driver.publicKeys(inTime())).resolves.toEqual([]);
    });

    it('says why a key that was disabled does not sign', async () => {
      const [alg] = kms.algorithms;
      const key = await made(alg!);
      await running.disable(key.reference);
      const driver = await open(key.reference);
      const error = (await rejectionOf(
        driver.sign(Buffer.from('data'), algorithmNamed(alg)!, inTime()),
      )) as KeyStoreError;
      expect(error).toBeInstanceOf(KeyStoreError);
      expect([error.code, error.isTransient]).toEqual(['KEY_STORE_KEY_UNUSABLE', false]);
      expect(error.message).toContain(key.reference);
      // Not every KMS shows the public half of such a key.
      const found = await driver.publicKeys(inTime()).catch((thrown: unknown) => thrown as KeyStoreError);
      if (found instanceof KeyStoreError) expect(found.code).toBe('KEY_STORE_KEY_UNUSABLE');
      else for (const { refusal } of found) expect(refusal).toMatch(/\.$/);
    });

    it('says in a sentence what disabling a key does', async () => {
      const [alg] = kms.algorithms;
      const key = await made(alg!);
      const driver = await open(key.reference);
      await expect(driver.disable(inTime())).resolves.toMatch(/^[A-Z].*\.$/s);
    });

    if (kms.takesKeys) {
      it.each((['RS256', 'ES256', 'EdDSA'] as const).filter((alg) => kms.algorithms.includes(alg)))(
        'takes a key of %s over, which stays the same key',
        async (alg) => {
          const { privateKey, publicKey } = await makePair(algorithmNamed(alg)!, 2048);
          const driver = await open(await running.target(alg));
          const key = await driver.take!(privateKey, wishFor(alg), inTime());
          expect(key.publicKey.equals(publicKey)).toBe(true);
          const signer = await open(key.reference);
          const data = Buffer.from('data');
          const signature = await signer.sign(data, algorithmNamed(alg)!, inTime());
          const { hash, parameters } = algorithmNamed(alg)!;
          expect(verify(hash, data, { ...parameters, key: publicKey }, signature)).toBe(true);
        },
      );
    }
  });
}
