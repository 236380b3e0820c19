import { verify } from 'node:crypto';
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';

import type { KeyManagementServiceClient } from '@google-cloud/kms';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import type { SigningAlgorithm } from '../../../lib/core/algorithms.js';
import { fulfils, googleAlgorithm, googleAlgorithmFor } from '../../../lib/stores/google/kms-algorithms.js';
import type { KeyStoreError } from '../../../lib/stores/key-store.js';
import type { HeldKey, KeyWish, KmsDriver } from '../../../lib/stores/kms-driver.js';
import { openKms } from '../../../lib/stores/kms-reference.js';
import { everythingPrintedOf, rejectionOf } from '../../support/errors.js';
import { GcpKmsDouble } from '../../support/kms/gcp-kms.double.js';
import type { Method } from '../../support/kms/gcp-kms.double.js';
import { clientOf } from '../../support/kms/gcp-kms.under-test.js';
import type { Answer, Fault } from '../../support/stores/google-api.double.js';

const ring = 'projects/a-project/locations/global/keyRings/a-ring';
const key = `${ring}/cryptoKeys/a-key`;
const exact = `${key}/cryptoKeyVersions/1`;
const data = Buffer.from('the data');
const es256 = algorithmNamed('ES256')!;
const inTime = () => AbortSignal.timeout(5_000);
const wishFor = (alg: SigningAlgorithm, bits = 2048): KeyWish => ({
  alg,
  algorithm: algorithmNamed(alg)!,
  bits,
});

let double: GcpKmsDouble;
const clients: KeyManagementServiceClient[] = [];
beforeEach(async () => {
  double = await new GcpKmsDouble().start();
  double.generation = 0;
  double.createKey(key, 'EC_SIGN_P256_SHA256');
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await double.stop();
});

function open(place: string, transport: 'gRPC' | 'REST' = 'gRPC'): Promise<KmsDriver> {
  const client = clientOf(double, transport);
  clients.push(client);
  return openKms(`gcp-kms:${place}`, { name: 'The reference', client });
}

/** What goes wrong with every call of one method. */
function breakMethod(method: Method, fault: Fault): void {
  double.fault = (call) => (call.method === method ? fault : undefined);
}

const refusalOf = async (answer: Promise<unknown>) => (await rejectionOf(answer)) as KeyStoreError;
const summaryOf = ({ code, isTransient }: KeyStoreError) => [code, isTransient];
const numbersOf = (keys: readonly HeldKey[]) => keys.map(({ reference }) => reference.split('/').at(-1));
const asked = () => double.calls.splice(0).map(({ method }) => method);

describe.each(['gRPC', 'REST'] as const)('over %s', (transport) => {
  it.each(['ES256', 'EdDSA'] as const)('makes, lists, signs with and disables a key for %s', async (alg) => {
    const place = `${ring}/cryptoKeys/another-${alg}`;
    const driver = await open(place, transport);
    const made = await driver.create(wishFor(alg), inTime());
    expect(made).toMatchObject({ reference: `gcp-kms:${place}/cryptoKeyVersions/1`, alg });
    expect(Date.now() / 1000 - made.since!).toBeLessThan(60);
    const next = await driver.create(wishFor(alg), inTime());
    const [first, second, ...others] = await driver.publicKeys(inTime());
    expect([first!.reference, second!.reference, others]).toEqual([made.reference, next.reference, []]);
    const signer = await open(`${place}/cryptoKeyVersions/2`, transport);
    const signature = await signer.sign(data, algorithmNamed(alg)!, inTime());
    const { hash, parameters } = algorithmNamed(alg)!;
    expect(verify(hash, data, { ...parameters, key: next.publicKey }, signature)).toBe(true);
    expect(await signer.disable(inTime())).toContain('any more');
    expect(double.version(`${place}/cryptoKeyVersions/2`).state).toBe('DISABLED');
    expect(numbersOf(await driver.publicKeys(inTime()))).toEqual(['1']);
  });

  it.each<[string, Fault, unknown[]]>([
    ['not enabled', { code: 'FAILED_PRECONDITION' }, ['KEY_STORE_KEY_UNUSABLE', false]],
    ['not there', { code: 'NOT_FOUND' }, ['KEY_STORE_KEY_UNUSABLE', false]],
    ['asked wrongly', { code: 'INVALID_ARGUMENT' }, ['KEY_STORE_KEY_UNUSABLE', false]],
    ['no right', { code: 'PERMISSION_DENIED' }, ['KEY_STORE_FORBIDDEN', false]],
    ['nobody known', { code: 'UNAUTHENTICATED' }, ['KEY_STORE_UNAUTHENTICATED', false]],
    ['too many', { code: 'RESOURCE_EXHAUSTED' }, ['KEY_STORE_THROTTLED', true]],
    ['away', { code: 'UNAVAILABLE' }, ['KEY_STORE_UNREACHABLE', true]],
    ['too slow', { code: 'DEADLINE_EXCEEDED' }, ['KEY_STORE_UNREACHABLE', true]],
  ])('asks once and says what is wrong: %s', async (_, fault, expected) => {
    await double.addVersion(key);
    double.fault = () => fault;
    const driver = await open(exact, transport);
    const error = await refusalOf(driver.sign(data, es256, inTime()));
    expect(summaryOf(error)).toEqual(expected);
    expect(error.message).toContain('a-key');
    expect(everythingPrintedOf(error)).not.toMatch(/secret-value|the data/);
    expect(asked()).toEqual(['AsymmetricSign']);
  });
});

describe('what comes is compared with what was asked for', () => {
  const crc = (answer: Answer, field: string) => ({ ...answer, [field]: { value: '1' } });
  const isDamaged = ['KEY_STORE_UNREACHABLE', true];
  const isOther = ['KEY_STORE_UNREACHABLE', false];
  it.each<[string, SigningAlgorithm, (answer: Answer) => Answer, unknown[]]>([
    ['a signature of another checksum', 'ES256', (answer) => crc(answer, 'signatureCrc32c'), isDamaged],
    ['one without', 'ES256', (answer) => ({ ...answer, signatureCrc32c: null }), isDamaged],
    ['a digest not compared', 'ES256', (answer) => ({ ...answer, verifiedDigestCrc32c: false }), isDamaged],
    [
      'data compared and not the digest',
      'ES256',
      (answer) => ({ ...answer, verifiedDigestCrc32c: false, verifiedDataCrc32c: true }),
      isDamaged,
    ],
    ['data not compared', 'EdDSA', (answer) => ({ ...answer, verifiedDataCrc32c: false }), isDamaged],
    ['another version', 'ES256', (answer) => ({ ...answer, name: `${key}/cryptoKeyVersions/2` }), isOther],
    [
      'another key',
      'ES256',
      (answer) => ({ ...answer, name: `${ring}/cryptoKeys/other/cryptoKeyVersions/1` }),
      isOther,
    ],
    [
      'another project',
      'ES256',
      (answer) => ({ ...answer, name: exact.replace('a-project', 'b-project') }),
      isOther,
    ],
    ['no name', 'ES256', (answer) => ({ ...answer, name: '' }), isOther],
  ])('of a signature: %s', async (_, alg, change, expected) => {
    double.createKey(key, alg === 'EdDSA' ? 'EC_SIGN_ED25519' : 'EC_SIGN_P256_SHA256');
    await double.addVersion(key);
    breakMethod('AsymmetricSign', change);
    const driver = await open(exact);
    const error = await refusalOf(driver.sign(data, algorithmNamed(alg)!, inTime()));
    expect(summaryOf(error)).toEqual(expected);
  });

  it.each<[string, (answer: Answer) => Answer, unknown[]]>([
    ['of another checksum', (answer) => crc(answer, 'pemCrc32c'), isDamaged],
    ['of another version', (answer) => ({ ...answer, name: `${key}/cryptoKeyVersions/2` }), isOther],
    [
      'of an algorithm that no JWS has',
      (answer) => ({ ...answer, algorithm: 31 }),
      ['KEY_STORE_KEY_UNUSABLE', false],
    ],
  ])('of a public key: one %s', async (_, change, expected) => {
    await double.addVersion(key);
    breakMethod('GetPublicKey', change);
    for (const place of [exact, key]) {
      expect(summaryOf(await refusalOf((await open(place)).publicKeys(inTime())))).toEqual(expected);
    }
  });

  it('of a list: one of another key', async () => {
    await double.addVersion(key);
    breakMethod('ListCryptoKeyVersions', () => ({
      cryptoKeyVersions: [{ name: `${ring}/cryptoKeys/other/cryptoKeyVersions/1`, state: 'ENABLED' }],
    }));
    expect(summaryOf(await refusalOf((await open(key)).publicKeys(inTime())))).toEqual(isOther);
  });

  it('a project is the same by its name and by its number', async () => {
    await double.addVersion(key);
    double.fault = () => (answer) => ({ ...answer, name: exact.replace('a-project', '123456789012') });
    const driver = await open(exact);
    await expect(driver.publicKeys(inTime())).resolves.toHaveLength(1);
    await expect(driver.sign(data, es256, inTime())).resolves.toHaveLength(64);
  });

  it('what Google finds damaged is worth another try, and another mistake is not', async () => {
    await double.addVersion(key);
    const driver = await open(exact);
    const message = 'The checksum in field digest_crc32c did not match the data in field digest.';
    breakMethod('AsymmetricSign', { code: 'INVALID_ARGUMENT', message });
    expect(summaryOf(await refusalOf(driver.sign(data, es256, inTime())))).toEqual(isDamaged);
  });
});

describe('versions', () => {
  it('are all found, in order of their numbers, over many pages', async () => {
    double.sizeOfPage = 3;
    for (let count = 1; count <= 11; count++) await double.addVersion(key, 1_000 + count);
    const keys = await (await open(key)).publicKeys(inTime());
    expect(keys.map(({ since }) => since)).toEqual(Array.from({ length: 11 }, (_, at) => 1_001 + at));
    expect(numbersOf(keys).slice(-2)).toEqual(['10', '11']);
    expect(asked().filter((method) => method === 'ListCryptoKeyVersions')).toHaveLength(4);
  });

  it('that are not enabled are left out, and shown with what is wrong where the public key is given', async () => {
    for (const state of ['ENABLED', 'DISABLED', 'DESTROYED', 'DESTROY_SCHEDULED', 'PENDING_GENERATION']) {
      (await double.addVersion(key)).state = state;
    }
    const driver = await open(key);
    expect(numbersOf(await driver.publicKeys(inTime()))).toEqual(['1']);
    // Should Google give the public key of a version that is disabled.
    double.fault = ({ method, name }) => {
      if (method !== 'GetPublicKey' || name === exact) return undefined;
      const { state } = double.version(name);
      double.version(name).state = 'ENABLED';
      return (answer) => {
        double.version(name).state = state;
        return answer;
      };
    };
    const [first, second, ...others] = await driver.publicKeys(inTime());
    expect([first!.refusal, second!.refusal, others]).toEqual([
      undefined,
      expect.stringMatching(/^is disabled\. .*versions enable 2/),
      [],
    ]);
  });

  it('one that is disabled is named with its remedy', async () => {
    (await double.addVersion(key)).state = 'DISABLED';
    const error = await refusalOf((await open(exact)).publicKeys(inTime()));
    expect(summaryOf(error)).toEqual(['KEY_STORE_KEY_UNUSABLE', false]);
    expect(error.message).toMatch(/cryptoKeyVersions\/1 is disabled\. .*gcloud kms keys versions enable 1/);
  });

  it('one that is being generated is waited for', async () => {
    double.generation = 3;
    const made = await (await open(key)).create(wishFor('ES256'), inTime());
    expect(made.refusal).toBeUndefined();
    expect(asked().filter((method) => method === 'GetCryptoKeyVersion')).toHaveLength(4);
    const later = await double.addVersion(key);
    later.state = 'PENDING_GENERATION';
    const driver = await open(`${key}/cryptoKeyVersions/2`);
    expect(numbersOf(await driver.publicKeys(inTime()))).toEqual(['2']);
  });

  it('one whose generation fails, or takes longer than anybody waits, is not answered', async () => {
    const driver = await open(key);
    double.generation = 'fails';
    const failed = await refusalOf(driver.create(wishFor('ES256'), inTime()));
    expect(summaryOf(failed)).toEqual(['KEY_STORE_KEY_UNUSABLE', false]);
    expect(failed.message).toContain('cryptoKeyVersions/1');
    double.generation = 1_000_000;
    const reason = new Error('The deadline.');
    const waiting = new AbortController();
    const making = rejectionOf(driver.create(wishFor('ES256'), waiting.signal));
    double.fault = ({ method }) => {
      if (method === 'GetCryptoKeyVersion') waiting.abort(reason);
      return undefined;
    };
    expect(await making).toBe(reason);
  });
});

describe('a key that is made', () => {
  it('is a version of what the key makes, and of nothing else', async () => {
    double.createKey(key, 'RSA_SIGN_PKCS1_3072_SHA256');
    const driver = await open(key);
    for (const wish of [wishFor('ES256'), wishFor('PS256'), wishFor('RS256', 4096)]) {
      const error = await refusalOf(driver.create(wish, inTime()));
      expect(summaryOf(error)).toEqual(['KEY_STORE_MISCONFIGURED', false]);
      expect(error.message).toContain('RSA_SIGN_PKCS1_3072_SHA256');
    }
    expect(double.keys.get(key)!.versions).toEqual([]);
    const made = await driver.create(wishFor('RS256', 2048), inTime());
    expect(made.publicKey.asymmetricKeyDetails!.modulusLength).toBe(3072);
  });

  it('signs with SHA-512 where it has 4096 bits', async () => {
    const place = `${ring}/cryptoKeys/long`;
    const made = await (await open(place)).create(wishFor('PS512', 4096), inTime());
    const signer = await open(`${place}/cryptoKeyVersions/1`);
    const { hash, parameters } = algorithmNamed('PS512')!;
    const signature = await signer.sign(data, algorithmNamed('PS512')!, inTime());
    expect(verify(hash, data, { ...parameters, key: made.publicKey }, signature)).toBe(true);
  }, 20_000);

  it.each([
    ['RS256', 8192, '2048, 3072, 4096'],
    ['RS512', 2048, 'It has 4096.'],
    ['RS384', 2048, 'RS256, RS512, PS256, PS512, ES256, ES384, EdDSA'],
    ['ES512', 2048, 'RS256, RS512, PS256, PS512, ES256, ES384, EdDSA'],
  ] as const)('is none that Google does not have: %s of %i bits', async (alg, bits, offer) => {
    const error = await refusalOf(
      (await open(`${ring}/cryptoKeys/new`)).create(wishFor(alg, bits), inTime()),
    );
    expect(summaryOf(error)).toEqual(['KEY_STORE_MISCONFIGURED', false]);
    expect(error.message).toContain(offer);
    expect(asked()).toEqual([]);
  });

  it('is none where one version is named, and none in a ring that is not there', async () => {
    const named = await refusalOf((await open(exact)).create(wishFor('ES256'), inTime()));
    expect(named.message).toContain('names one version');
    double.missingRings.add(ring);
    const error = await refusalOf((await open(`${ring}/cryptoKeys/new`)).create(wishFor('ES256'), inTime()));
    expect(summaryOf(error)).toEqual(['KEY_STORE_MISCONFIGURED', false]);
    expect(error.message).toContain(
      'gcloud kms keyrings create a-ring --location=global --project=a-project',
    );
  });

  it('is a version of the key that somebody else has made in the meantime', async () => {
    const place = `${ring}/cryptoKeys/new`;
    double.fault = ({ method }) => {
      if (method === 'CreateCryptoKey') double.createKey(place, 'EC_SIGN_P256_SHA256');
      return undefined;
    };
    const made = await (await open(place)).create(wishFor('ES256'), inTime());
    expect(numbersOf([made])).toEqual(['1']);
  });
});

describe('rights', () => {
  it('a server needs two, for exactly the version that it signs with', async () => {
    await double.addVersion(key);
    double.granted = new Set([
      'cloudkms.cryptoKeyVersions.useToSign',
      'cloudkms.cryptoKeyVersions.viewPublicKey',
    ]);
    const driver = await open(exact);
    await expect(driver.publicKeys(inTime())).resolves.toHaveLength(1);
    await expect(driver.sign(data, es256, inTime())).resolves.toHaveLength(64);
  });

  it.each<[string, string, (driver: KmsDriver, version: KmsDriver) => Promise<unknown>]>([
    ['useToSign', 'roles/cloudkms.signer', (_, version) => version.sign(data, es256, inTime())],
    ['viewPublicKey', 'roles/cloudkms.publicKeyViewer', (_, version) => version.publicKeys(inTime())],
    ['list', 'roles/cloudkms.viewer', (driver) => driver.publicKeys(inTime())],
    ['create', 'roles/cloudkms.admin', (driver) => driver.create(wishFor('ES256'), inTime())],
    ['update', 'roles/cloudkms.admin', (_, version) => version.disable(inTime())],
  ])('it names the one that is missing: %s', async (right, role, call) => {
    await double.addVersion(key);
    const all = ['useToSign', 'viewPublicKey', 'list', 'get', 'create', 'update'];
    const granted = all.filter((each) => each !== right).map((each) => `cloudkms.cryptoKeyVersions.${each}`);
    double.granted = new Set([...granted, 'cloudkms.cryptoKeys.get', 'cloudkms.cryptoKeys.create']);
    const error = await refusalOf(call(await open(key), await open(exact)));
    expect(summaryOf(error)).toEqual(['KEY_STORE_FORBIDDEN', false]);
    expect(error.message).toContain(`needs cloudkms.cryptoKeyVersions.${right}, which is in ${role};`);
  });

  it('where Cloud KMS is not enabled, it says how', async () => {
    double.fault = () => ({ code: 'PERMISSION_DENIED', reason: 'SERVICE_DISABLED' });
    const error = await refusalOf((await open(key)).publicKeys(inTime()));
    expect(error.message).toContain('gcloud services enable cloudkms.googleapis.com');
  });
});

it('nobody waits for an answer longer than the signal', async () => {
  await double.addVersion(key);
  double.fault = () => 'hang';
  const reason = new Error('The deadline.');
  for (const call of ['publicKeys', 'disable'] as const) {
    const waiting = new AbortController();
    const rejection = rejectionOf((await open(exact))[call](waiting.signal));
    waiting.abort(reason);
    // The call itself has a limit of its own, which is longer.
    const later = wait(2_000, 'still waiting', { ref: false });
    expect(await Promise.race([rejection, later])).toBe(reason);
  }
});

it('takes no client of another package', async () => {
  const error = await refusalOf(openKms(`gcp-kms:${key}`, { name: 'The reference', client: {} }));
  expect(error.message).toContain('no KeyManagementServiceClient of @google-cloud/kms');
});

it('knows algorithms by the numbers that the proto file has for them', () => {
  const { nested } = createRequire(import.meta.url)('@google-cloud/kms/build/protos/protos.json') as {
    nested: Record<string, unknown>;
  };
  const values = ['google', 'cloud', 'kms', 'v1', 'CryptoKeyVersion'].reduce<Record<string, unknown>>(
    (found, name) => {
      const each = found[name] as { nested: Record<string, unknown> };
      return each.nested;
    },
    nested,
  );
  const { values: numbers } = values.CryptoKeyVersionAlgorithm as { values: Record<string, number> };
  const known = Object.entries(numbers).filter(([name]) => googleAlgorithm(name));
  expect(known).toHaveLength(11);
  for (const [name, number] of known) expect(googleAlgorithm(number)!.name).toBe(name);
  for (const [name] of known) {
    const { alg, bits = 2048 } = googleAlgorithm(name)!;
    expect(googleAlgorithmFor(wishFor(alg, bits))!.name).toBe(name);
    expect(fulfils(wishFor(alg, bits), googleAlgorithm(name)!)).toBe(true);
  }
});
