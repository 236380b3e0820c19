import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import type { SigningAlgorithm } from '../../../lib/core/algorithms.js';
import type { KmsDriver } from '../../../lib/stores/kms-driver.js';
import { openKms } from '../../../lib/stores/kms-reference.js';
import type { KeyStoreError } from '../../../lib/stores/key-store.js';
import { rejectionOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { pageAt } from '../../support/pages.js';
import { isOpenBaoInstalled, OpenBao, rootToken } from '../../support/stores/openbao.js';
import { describeStore } from '../../support/stores/store-under-test.js';

const wishFor = (alg: SigningAlgorithm, bits = 2048) => ({ alg, algorithm: algorithmNamed(alg)!, bits });
const inTime = () => AbortSignal.timeout(10_000);
const data = Buffer.from('data');

function policyOf(who: string): string {
  const blocks = pageAt('docs/kms.md').blocks.filter(
    ({ language, code }) => language === 'hcl' && code.trimStart().startsWith(`# ${who}\n`),
  );
  expect(blocks).toHaveLength(1);
  return blocks[0]!.code;
}

const store = { kind: 'vault-transit', against: 'OpenBao', isInstalled: isOpenBaoInstalled };
describeStore(store, 'what is of Transit alone', () => {
  let server: OpenBao;
  const drivers: KmsDriver[] = [];
  beforeAll(async () => {
    server = await OpenBao.dev();
    await server.tell('sys/mounts/transit', { body: { type: 'transit' } });
  }, 60_000);
  afterAll(async () => {
    for (const driver of drivers) driver.close?.();
    await server?.stop();
  });
  const open = async (reference: string, token = rootToken) => {
    const environment: Record<string, string> = { VAULT_ADDR: server.address, VAULT_TOKEN: token };
    const driver = await openKms(reference, { name: 'The reference', setting: (name) => environment[name] });
    drivers.push(driver);
    return driver;
  };
  const errorOf = async (call: Promise<unknown>) => {
    const { code, message, isTransient } = (await rejectionOf(call)) as KeyStoreError;
    return { code, message, isTransient };
  };
  const signWith = async (reference: string, alg: SigningAlgorithm, token?: string) =>
    (await open(reference, token)).sign(data, algorithmNamed(alg)!, inTime());

  describe('the policies of docs/kms.md', () => {
    it('let a server sign, and make nothing', async () => {
      await (await open('vault-transit:transit/oidc')).create(wishFor('RS256'), inTime());
      const token = await server.tokenWith(policyOf('A server'));
      const driver = await open('vault-transit:transit/oidc', token);
      expect(await driver.publicKeys(inTime())).toHaveLength(1);
      expect(await signWith('vault-transit:transit/oidc#1', 'RS256', token)).toHaveLength(256);
      const withoutHash = await open('vault-transit:transit/oidc#1', token);
      const denied = [
        () => signWith('vault-transit:transit/oidc#1', 'RS512', token),
        () => driver.create(wishFor('RS256'), inTime()),
        () => withoutHash.sign(data, algorithmNamed('EdDSA')!, inTime()),
      ];
      for (const call of denied) {
        expect(await errorOf(call())).toMatchObject({ code: 'KEY_STORE_FORBIDDEN', isTransient: false });
      }
    });

    it('let who rotates make versions and raise the floor, and sign nothing', async () => {
      const token = await server.tokenWith(policyOf('Whoever rotates'));
      const driver = await open('vault-transit:transit/oidc', token);
      const made = await driver.create(wishFor('RS256'), inTime());
      const next = await driver.create(wishFor('RS256'), inTime());
      expect(Number(next.reference.split('#')[1])).toBe(Number(made.reference.split('#')[1]) + 1);
      expect(await (await open(made.reference, token)).disable(inTime())).toContain('1 older one');
      const [oldest] = await driver.publicKeys(inTime());
      expect(await (await open(oldest!.reference, token)).disable(inTime())).toContain('signs nothing with');
      expect((await driver.publicKeys(inTime()))[0]!.refusal).toContain('floor');
      expect((await errorOf(signWith(made.reference, 'RS256', token))).code).toBe('KEY_STORE_FORBIDDEN');
    });
  });

  it('who makes a key needs no right to create, and none is asked for', async () => {
    const policy = (rights: string, more = '') =>
      ['', '/import', '/rotate']
        .map((path) => `path "transit/keys/+${path}" { capabilities = [${rights}] }`)
        .join('\n') + more;
    const wrapping = '\npath "transit/wrapping_key" { capabilities = ["read"] }';
    const token = await server.tokenWith(policy('"read", "update"', wrapping));
    const driver = await open('vault-transit:transit/updated', token);
    expect((await driver.create(wishFor('RS256'), inTime())).reference).toMatch(/#1$/);
    expect((await driver.create(wishFor('RS256'), inTime())).reference).toMatch(/#2$/);
    const imported = await open('vault-transit:transit/imported', token);
    const { privateKey } = makeKeyPair('ec', { namedCurve: 'P-256' });
    expect((await imported.take!(privateKey, wishFor('ES256'), inTime())).reference).toMatch(/#1$/);
    const reader = await server.tokenWith(policy('"read"', wrapping));
    const denied = await open('vault-transit:transit/denied', reader);
    for (const call of [
      () => denied.create(wishFor('ES256'), inTime()),
      () => denied.take!(privateKey, wishFor('ES256'), inTime()),
    ]) {
      expect((await errorOf(call())).message).toMatch(/capabilities = \["update"\] }$/);
    }
  });

  it('a name that is the path of the API is said to be one', async () => {
    const token = await server.tokenWith(policyOf('A server'));
    const words = 'Name the key without keys/ before it: vault-transit:transit/oidc.';
    for (const each of [token, rootToken]) {
      const driver = await open('vault-transit:transit/keys/oidc', each);
      expect((await errorOf(driver.publicKeys(inTime()))).message).toContain(words);
    }
    await server.tell('sys/mounts/my/keys', { body: { type: 'transit' } });
    expect(await (await open('vault-transit:my/keys/none')).publicKeys(inTime())).toEqual([]);
  });

  it('a version is pinned, whatever was made since', async () => {
    const driver = await open('vault-transit:transit/pinned');
    const first = await driver.create(wishFor('ES256'), inTime());
    await driver.create(wishFor('ES256'), inTime());
    const before = await signWith(first.reference, 'ES256');
    expect(before).toHaveLength(64);
    const keys = await driver.publicKeys(inTime());
    expect(keys.map(({ reference }) => reference)).toEqual([
      'vault-transit:transit/pinned#1',
      'vault-transit:transit/pinned#2',
    ]);
    expect(keys[0]!.since).toBeGreaterThan(Date.now() / 1000 - 60);
  });

  it.each([
    ['vault-transit:transit/pinned#9', 'ES256', 'names a version that is not there'],
    ['vault-transit:transit/nothing#1', 'ES256', 'is not there'],
  ] as const)('%s for %s is a mistake, and no outage', async (reference, alg, words) => {
    const error = await errorOf(signWith(reference, alg));
    expect(error).toMatchObject({ code: 'KEY_STORE_KEY_UNUSABLE', isTransient: false });
    expect(error.message).toContain(words);
  });

  it('a version below a floor is shown with it, and signs nothing', async () => {
    const driver = await open('vault-transit:transit/floor');
    const first = await driver.create(wishFor('ES256'), inTime());
    await driver.create(wishFor('ES256'), inTime());
    await server.tell('transit/keys/floor/config', { body: { min_encryption_version: 2 } });
    const [below, above] = await driver.publicKeys(inTime());
    expect([below!.refusal, above!.refusal]).toEqual([
      expect.stringContaining('min_encryption_version'),
      undefined,
    ]);
    expect((await errorOf(signWith(first.reference, 'ES256'))).message).toContain('min_encryption_version');
    await server.tell('transit/keys/floor/config', { body: { min_decryption_version: 2 } });
    expect(await driver.publicKeys(inTime())).toHaveLength(1);
    expect((await errorOf(signWith(first.reference, 'ES256'))).message).toContain('floor of its key');
  });

  it('a key that can be exported is said aloud', async () => {
    await server.tell('transit/keys/exportable', { body: { type: 'ecdsa-p256', exportable: true } });
    const [key] = await (await open('vault-transit:transit/exportable')).publicKeys(inTime());
    expect(key!.warning).toContain('can be exported');
  });

  it('a key that encrypts does not sign', async () => {
    await server.tell('transit/keys/aes', { body: { type: 'aes256-gcm96' } });
    const error = await errorOf(signWith('vault-transit:transit/aes#1', 'RS256'));
    expect(error).toMatchObject({ code: 'KEY_STORE_KEY_UNUSABLE', isTransient: false });
  });

  it('a mount that is not there is named with the command that makes it', async () => {
    const driver = await open('vault-transit:nowhere/key');
    expect(await errorOf(driver.publicKeys(inTime()))).toMatchObject({
      code: 'KEY_STORE_MISCONFIGURED',
      message: expect.stringContaining('secrets enable'),
    });
    expect(await errorOf(signWith('vault-transit:nowhere/key#1', 'ES256'))).toMatchObject({
      code: 'KEY_STORE_MISCONFIGURED',
      message: expect.stringContaining('secrets enable'),
    });
  });

  it('a key makes no version for another algorithm or of another size', async () => {
    const driver = await open('vault-transit:transit/fixed');
    await driver.create(wishFor('RS256'), inTime());
    for (const wish of [wishFor('ES256'), wishFor('RS256', 4096)]) {
      expect((await errorOf(driver.create(wish, inTime()))).code).toBe('KEY_STORE_MISCONFIGURED');
    }
    expect(await driver.publicKeys(inTime())).toHaveLength(1);
  });

  it('a size that Transit does not have is refused before anything is asked', async () => {
    const driver = await open('vault-transit:transit/size');
    expect(await errorOf(driver.create(wishFor('RS256', 2056), inTime()))).toMatchObject({
      code: 'KEY_STORE_MISCONFIGURED',
    });
    expect(await driver.publicKeys(inTime())).toEqual([]);
  });

  it('a server that is sealed may be unsealed in a moment', async () => {
    const sealed = await OpenBao.dev();
    try {
      await sealed.tell('sys/seal', { method: 'PUT', body: {} });
      const environment: Record<string, string> = { VAULT_ADDR: sealed.address, VAULT_TOKEN: rootToken };
      const driver = await openKms('vault-transit:transit/key#1', {
        name: 'The reference',
        setting: (name) => environment[name],
      });
      drivers.push(driver);
      expect(await errorOf(driver.sign(data, algorithmNamed('ES256')!, inTime()))).toMatchObject({
        code: 'KEY_STORE_SEALED',
        isTransient: true,
      });
    } finally {
      await sealed.stop();
    }
  });
});
