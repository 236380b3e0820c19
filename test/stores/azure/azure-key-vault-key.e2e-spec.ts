import { verify } from 'node:crypto';

import { KeyClient } from '@azure/keyvault-keys';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import type { SigningAlgorithm } from '../../../lib/core/algorithms.js';
import type { KeyStoreError } from '../../../lib/stores/key-store.js';
import type { HeldKey, KeyWish, KmsDriver } from '../../../lib/stores/kms-driver.js';
import { kmsReferenceIn, openKms } from '../../../lib/stores/kms-reference.js';
import { everythingPrintedOf, rejectionOf } from '../../support/errors.js';
import { AzureKeyVaultKeyDouble } from '../../support/kms/azure-key-vault-key.double.js';
import type { Action } from '../../support/kms/azure-key-vault-key.double.js';
import { clientOf } from '../../support/kms/azure-key-vault-key.under-test.js';
import type { Answer, Fault } from '../../support/stores/azure-vault.double.js';

const name = 'a-key';
const data = Buffer.from('the data');
const es256 = algorithmNamed('ES256')!;
const inTime = () => AbortSignal.timeout(5_000);
const wishFor = (alg: SigningAlgorithm, bits = 2048): KeyWish => ({
  alg,
  algorithm: algorithmNamed(alg)!,
  bits,
});

let double: AzureKeyVaultKeyDouble;
beforeEach(async () => {
  double = await new AzureKeyVaultKeyDouble().start();
});
afterEach(() => double.stop());

const vault = () => `azure-key-vault-key:127.0.0.1:${double.port}`;

function open(version?: string, client: unknown = clientOf(double)): Promise<KmsDriver> {
  const reference = [`${vault()}/${name}`, version].filter(Boolean).join('/');
  return openKms(reference, { name: 'The reference', client });
}

/** Makes a version behind everybody's back, under an identifier that begins so. */
function put(start: string, wish: { readonly kty: string; readonly crv?: string } = { kty: 'EC' }) {
  double.nextIdentifier = start.padEnd(32, '0');
  return double.create(name, wish);
}

/** What goes wrong with every request of one action. */
function breakAction(action: Action, fault: Fault): void {
  double.fault = (call) => (call.action === action ? fault : undefined);
}

const refusalOf = async (answer: Promise<unknown>) => (await rejectionOf(answer)) as KeyStoreError;
const summaryOf = ({ code, isTransient }: KeyStoreError) => [code, isTransient];
const startsOf = (keys: readonly HeldKey[]) => keys.map(({ reference }) => reference.split('/').at(-1)![0]);
const asked = () => double.calls.splice(0).map(({ action, hasToken }) => (hasToken ? action : 'challenge'));
const isUnusable = ['KEY_STORE_KEY_UNUSABLE', false];

describe('versions', () => {
  it('are in order of their creation, and within a second of their identifiers', async () => {
    let now = 1_800_000_000;
    double.now = () => now;
    await put('f');
    now += 1;
    for (const start of ['7', '3', '5']) await put(start);
    now += 1;
    await put('1');
    const keys = await (await open()).publicKeys(inTime());
    expect(startsOf(keys)).toEqual(['f', '3', '5', '7', '1']);
    expect(keys.map(({ since }) => since! - 1_800_000_000)).toEqual([0, 1, 1, 1, 2]);
    expect(keys[0]!.reference).toBe(`${vault()}/${name}/${'f'.padEnd(32, '0')}`);
  });

  it('are all found over many pages, however Key Vault lists them', async () => {
    for (let count = 10; count < 40; count++) await put(String(count));
    const keys = await (await open()).publicKeys(inTime());
    expect(keys).toHaveLength(30);
    expect(asked().indexOf('challenge')).toBe(0);
  });

  it('that sign nothing now say why', async () => {
    const now = Math.floor(Date.now() / 1000);
    (await put('1')).enabled = false;
    (await put('2')).notBefore = now + 3600;
    (await put('3')).expires = now - 3600;
    (await put('4')).operations = ['verify'];
    (await put('5')).expires = now + 3600;
    const keys = await (await open()).publicKeys(inTime());
    expect(keys.map(({ refusal }) => refusal)).toEqual([
      expect.stringMatching(/^is disabled\. .*--enabled true/),
      expect.stringMatching(/^is valid from \d{4}-.* only\./),
      expect.stringMatching(/^has expired at \d{4}-/),
      expect.stringMatching(/^is not for signing\. /),
      undefined,
    ]);
    for (const [index, { reference }] of keys.entries()) {
      const [found] = await (await open(reference.split('/').at(-1))).publicKeys(inTime());
      expect(found).toEqual(keys[index]);
    }
  });

  it('that are disabled are left out where Key Vault does not show them, and named where they are asked for', async () => {
    double.showsDisabled = false;
    const version = await put('1');
    await put('2');
    version.enabled = false;
    expect(startsOf(await (await open()).publicKeys(inTime()))).toEqual(['2']);
    const error = await refusalOf((await open(version.identifier)).publicKeys(inTime()));
    expect(summaryOf(error)).toEqual(isUnusable);
    expect(error.message).toContain(`${version.identifier} is disabled`);
  });

  it('of kinds that no JWS has are left out, and refused where they are named', async () => {
    const version = await put('1', { kty: 'EC', crv: 'P-256K' });
    await put('2', { kty: 'RSA-HSM' });
    await put('3', { kty: 'EC-HSM', crv: 'P-384' });
    expect(startsOf(await (await open()).publicKeys(inTime()))).toEqual(['2', '3']);
    const error = await refusalOf((await open(version.identifier)).publicKeys(inTime()));
    expect(summaryOf(error)).toEqual(isUnusable);
  });

  it('that can be exported have a warning', async () => {
    (await put('1')).exportable = true;
    const [key] = await (await open()).publicKeys(inTime());
    expect(key!.warning).toMatch(/^can be exported/);
  });

  it('that are not there are none', async () => {
    await put('1');
    await expect((await open('2'.padEnd(32, '0'))).publicKeys(inTime())).resolves.toEqual([]);
  });
});

describe('a signature', () => {
  it('is asked for alone the first time, and by one request each from then on', async () => {
    const { identifier, publicKey } = await put('1');
    const driver = await open(identifier);
    const sign = () => driver.sign(data, es256, inTime());
    const signatures = await Promise.all(Array.from({ length: 20 }, sign));
    for (const signature of signatures) {
      expect(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    }
    expect(asked()).toEqual(['challenge', 'read', ...Array<string>(20).fill('sign')]);
    expect(double.calls.every(({ hasToken, hasBody }) => hasToken || !hasBody)).toBe(true);
  });

  it('of others is waited for no longer than anybody has, and one that fails leaves the next its turn', async () => {
    const { identifier } = await put('1');
    const driver = await open(identifier);
    breakAction('sign', 'hang');
    const reason = new Error('The deadline.');
    const waiting = new AbortController();
    const first = rejectionOf(driver.sign(data, es256, waiting.signal));
    const impatient = new AbortController();
    const second = rejectionOf(driver.sign(data, es256, impatient.signal));
    const third = driver.sign(data, es256, inTime());
    impatient.abort(reason);
    expect(await second).toBe(reason);
    double.fault = undefined;
    waiting.abort(reason);
    expect(await first).toBe(reason);
    await expect(third).resolves.toHaveLength(64);
  });

  it.each<[string, (answer: Answer) => Answer]>([
    ['another version', (answer) => ({ ...answer, kid: String(answer.kid).replace(/.$/, '1') })],
    ['another key', (answer) => ({ ...answer, kid: String(answer.kid).replace(name, 'b-key') })],
    ['no version', ({ value }) => ({ value })],
    ['nothing', ({ kid }) => ({ kid, value: '' })],
  ])('that is of %s is not taken', async (_, change) => {
    const { identifier } = await put('2');
    breakAction('sign', change);
    const error = await refusalOf((await open(identifier)).sign(data, es256, inTime()));
    expect(summaryOf(error)).toEqual(['KEY_STORE_UNREACHABLE', false]);
  });

  it.each<[string, Fault, unknown[], RegExp]>([
    ['disabled', { status: 403, code: 'Forbidden', innerCode: 'KeyDisabled' }, isUnusable, /is disabled/],
    ['no more valid', { status: 403, code: 'Forbidden', innerCode: 'KeyExpired' }, isUnusable, /valid/],
    ['deleted', { status: 404, code: 'KeyNotFound' }, isUnusable, /is not there/],
    ['of another kind', { status: 400, code: 'BadParameter' }, isUnusable, /BadParameter/],
    [
      'no right',
      { status: 403, code: 'Forbidden', innerCode: 'ForbiddenByRbac' },
      ['KEY_STORE_FORBIDDEN', false],
      /needs Microsoft\.KeyVault\/vaults\/keys\/sign\/action/,
    ],
    [
      'no right, in words that are not known',
      { status: 403, code: 'Forbidden' },
      ['KEY_STORE_FORBIDDEN', false],
      /keys\/sign\/action/,
    ],
    [
      'kept out by the network',
      { status: 403, code: 'Forbidden', innerCode: 'ForbiddenByFirewall' },
      ['KEY_STORE_FORBIDDEN', false],
      /network rules/,
    ],
    [
      'too many',
      { status: 429, code: 'Throttled', headers: { 'retry-after': '7' } },
      ['KEY_STORE_THROTTLED', true],
      /often/,
    ],
    ['away', { status: 503, code: 'ServiceUnavailable' }, ['KEY_STORE_UNREACHABLE', true], /503/],
    ['cut off', 'reset', ['KEY_STORE_UNREACHABLE', true], /ECONNRESET/],
    ['endless', 'endless', ['KEY_STORE_UNREACHABLE', false], /more than a key can hold/],
  ])('that is refused is asked for once, and the refusal says why: %s', async (_, fault, expected, words) => {
    const { identifier } = await put('1');
    const driver = await open(identifier);
    await driver.sign(data, es256, inTime());
    asked();
    double.fault = () => fault;
    const error = await refusalOf(driver.sign(data, es256, inTime()));
    expect(summaryOf(error)).toEqual(expected);
    expect(error.message).toMatch(words);
    expect(error.message).toContain(identifier);
    expect(everythingPrintedOf(error)).not.toMatch(/secret-value|the data|a-token/);
    expect(asked()).toEqual(['sign']);
  });

  it('needs the right to sign alone', async () => {
    const { identifier } = await put('1');
    double.granted = new Set<Action>(['sign']);
    await expect((await open(identifier)).sign(data, es256, inTime())).resolves.toHaveLength(64);
  });

  it('that the SDK refuses by itself is refused with what is wrong, until that is changed', async () => {
    const version = await put('1');
    version.operations = ['verify'];
    const driver = await open(version.identifier);
    for (const [change, words] of [
      [{ operations: ['verify'] }, /is not for signing/],
      [{ operations: ['sign'], expires: 1_000_000_000 }, /has expired/],
      [{ expires: undefined, notBefore: 4_000_000_000 }, /is valid from/],
    ] as const) {
      Object.assign(version, change);
      const error = await refusalOf(driver.sign(data, es256, inTime()));
      expect(summaryOf(error)).toEqual(isUnusable);
      expect(error.message).toMatch(words);
    }
    version.notBefore = undefined;
    await expect(driver.sign(data, es256, inTime())).resolves.toHaveLength(64);
  });

  it('by a key that has lapsed since, and was prolonged since, is worth another try', async () => {
    const version = await put('1');
    version.expires = Math.floor(Date.now() / 1000) + 2;
    const driver = await open(version.identifier);
    await driver.sign(data, es256, inTime());
    await new Promise((resolve) => setTimeout(resolve, version.expires! * 1000 - Date.now() + 10));
    version.expires = undefined;
    const error = await refusalOf(driver.sign(data, es256, inTime()));
    expect(summaryOf(error)).toEqual(['KEY_STORE_KEY_UNUSABLE', true]);
    await expect(driver.sign(data, es256, inTime())).resolves.toHaveLength(64);
  });

  it('of Ed25519 is none', async () => {
    const { identifier } = await put('1');
    const driver = await open(identifier);
    const error = await refusalOf(driver.sign(data, algorithmNamed('EdDSA')!, inTime()));
    expect(summaryOf(error)).toEqual(isUnusable);
    expect(asked()).toEqual([]);
  });
});

describe('a key that is made', () => {
  it('is for signing, and a new version where its name is there, in an HSM where the last one is', async () => {
    const first = await (await open()).create(wishFor('ES384'), inTime());
    const version = double.versions(name)[0]!;
    expect(first.reference.endsWith(version.identifier)).toBe(true);
    expect([version.kty, version.operations]).toEqual(['EC', ['sign', 'verify']]);
    await put('f', { kty: 'RSA-HSM' });
    await (await open()).create(wishFor('PS256', 3072), inTime());
    const { kty, publicKey } = double.versions(name).at(-1)!;
    expect([kty, publicKey.asymmetricKeyDetails!.modulusLength]).toEqual(['RSA-HSM', 3072]);
    expect(double.calls.every(({ hasToken, hasBody }) => hasToken || !hasBody)).toBe(true);
  });

  it.each([
    ['RS256', 8192, '2048, 3072, 4096'],
    ['EdDSA', 2048, 'no key for EdDSA'],
  ] as const)('is none that Key Vault does not have: %s of %i bits', async (alg, bits, words) => {
    const error = await refusalOf((await open()).create(wishFor(alg, bits), inTime()));
    expect(summaryOf(error)).toEqual(['KEY_STORE_MISCONFIGURED', false]);
    expect(error.message).toContain(words);
    expect(asked()).toEqual([]);
  });

  it('is none where one version is named', async () => {
    const { identifier } = await put('1');
    const error = await refusalOf((await open(identifier)).create(wishFor('ES256'), inTime()));
    expect(error.message).toContain('names one version');
  });

  it.each<[string, Fault, unknown[], RegExp]>([
    [
      'the name is kept for one that was deleted',
      { status: 409, code: 'Conflict', innerCode: 'ObjectIsDeletedButRecoverable' },
      isUnusable,
      /az keyvault key recover/,
    ],
    [
      'it is being deleted',
      { status: 409, code: 'Conflict', innerCode: 'ObjectIsBeingDeleted' },
      ['KEY_STORE_KEY_UNUSABLE', true],
      /Wait a minute/,
    ],
    [
      'a policy forbids it',
      { status: 403, code: 'Forbidden', innerCode: 'ForbiddenByPolicy' },
      ['KEY_STORE_FORBIDDEN', false],
      /Azure Policy/,
    ],
  ])('is none where %s', async (_, fault, expected, words) => {
    breakAction('create', fault);
    const error = await refusalOf((await open()).create(wishFor('ES256'), inTime()));
    expect(summaryOf(error)).toEqual(expected);
    expect(error.message).toMatch(words);
  });
});

describe('rights', () => {
  it.each<[Action, string, string, (driver: KmsDriver, version: KmsDriver) => Promise<unknown>]>([
    ['sign', 'keys/sign/action', 'Crypto User', (_, version) => version.sign(data, es256, inTime())],
    ['read', 'keys/read', 'Crypto User', (driver) => driver.publicKeys(inTime())],
    ['read', 'keys/read', 'Crypto User', (_, version) => version.publicKeys(inTime())],
    ['create', 'keys/create/action', 'Crypto Officer', (driver) => driver.create(wishFor('ES256'), inTime())],
    ['update', 'keys/update/action', 'Crypto Officer', (_, version) => version.disable(inTime())],
  ])('the one that is missing is named: %s', async (missing, right, role, call) => {
    const { identifier } = await put('1');
    const all: readonly Action[] = ['create', 'read', 'sign', 'update'];
    double.granted = new Set(all.filter((each) => each !== missing));
    const error = await refusalOf(call(await open(), await open(identifier)));
    expect(summaryOf(error)).toEqual(['KEY_STORE_FORBIDDEN', false]);
    expect(error.message).toContain(
      `Microsoft.KeyVault/vaults/${right}, which is in the role "Key Vault ${role}"`,
    );
  });
});

it('a version that is disabled signs nothing any more', async () => {
  const version = await put('1');
  const driver = await open(version.identifier);
  await driver.sign(data, es256, inTime());
  expect(await driver.disable(inTime())).toContain(version.identifier);
  expect(version.enabled).toBe(false);
  expect(summaryOf(await refusalOf(driver.sign(data, es256, inTime())))).toEqual(isUnusable);
});

it.each<[string, (answer: Answer) => Answer]>([
  ['key of another version', (answer) => withIdentifier(answer, (kid) => kid.replace(/.$/, '1'))],
  ['key of another name', (answer) => withIdentifier(answer, (kid) => kid.replace(name, 'b-key'))],
])('takes no %s', async (_, change) => {
  const { identifier } = await put('2');
  breakAction('read', change);
  const error = await refusalOf((await open(identifier)).publicKeys(inTime()));
  expect(summaryOf(error)).toEqual(['KEY_STORE_UNREACHABLE', false]);
});

function withIdentifier(answer: Answer, change: (identifier: string) => string): Answer {
  const key = answer.key as Readonly<Record<string, unknown>>;
  return { ...answer, key: { ...key, kid: change(String(key.kid)) } };
}

it('a name is the same in capitals, and a version has none', async () => {
  const { identifier } = await put('a');
  const reference = `${vault()}/${name.toUpperCase()}/${identifier}`;
  const driver = await openKms(reference, { name: 'The reference', client: clientOf(double) });
  await expect(driver.publicKeys(inTime())).resolves.toMatchObject([{ reference }]);
  await expect(driver.sign(data, es256, inTime())).resolves.toHaveLength(64);
  expect(() => kmsReferenceIn(`${vault()}/${name}/${identifier.toUpperCase()}`, 'The reference')).toThrow(
    'does not look like azure-key-vault-key:VAULT/KEY',
  );
});

it('takes no client of another package, and none of another vault', async () => {
  const other = await refusalOf(open(undefined, {}));
  expect(other.message).toContain('no KeyClient of @azure/keyvault-keys');
  const client = new KeyClient('https://other.vault.azure.net', {
    getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Date.now() + 3_600_000 }),
  });
  expect((await refusalOf(open(undefined, client))).message).toContain('of another vault');
});
