import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { init, rotate } from '../../../lib/rotate/index.js';
import { fromNothing, KeyStoreError } from '../../../lib/stores/key-store.js';
import type { KeyStore } from '../../../lib/stores/key-store.js';
import type { SecretDriver } from '../../../lib/stores/secret-driver.js';
import { openGcpSecretManager } from '../../../lib/stores/google/gcp-secret-manager.driver.js';
import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { everythingPrintedOf, rejectionOf } from '../../support/errors.js';
import { root } from '../../support/processes.js';
import { GcpSecretManagerDouble } from '../../support/stores/gcp-secret-manager.double.js';
import type { Answer, Call, Fault } from '../../support/stores/gcp-secret-manager.double.js';
import { clientOf } from '../../support/stores/gcp-secret-manager.under-test.js';

const secret = 'projects/a-project/secrets/oidc-keys';
const where = `gcp-secret-manager:${secret}`;
const signal = new AbortController().signal;

let double: GcpSecretManagerDouble;
const clients: SecretManagerServiceClient[] = [];
beforeEach(async () => {
  double = await new GcpSecretManagerDouble().start();
  double.createSecret(secret);
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await double.stop();
});

const transports = ['gRPC', 'REST'] as const;

function newClient(transport: 'gRPC' | 'REST' = 'gRPC'): SecretManagerServiceClient {
  const client = clientOf(double, transport);
  clients.push(client);
  return client;
}

/** What is below retries and deadlines. */
function openDriver(transport: 'gRPC' | 'REST' = 'gRPC', place = secret): Promise<SecretDriver> {
  const client = newClient(transport);
  return openGcpSecretManager({
    place,
    where: `gcp-secret-manager:${place}`,
    setting: () => undefined,
    client,
  });
}

function openStore(): KeyStore {
  return keyStoreNamed(where, { name: 'The store', client: newClient() });
}

async function textOf(driver: SecretDriver): Promise<string | undefined> {
  return ((await driver.read(signal))?.content as Buffer | undefined)?.toString();
}

function add(...texts: readonly string[]): void {
  for (const text of texts) double.addVersion(secret, text);
}

const set = (state: 'DISABLED' | 'DESTROYED' | 'ENABLED', ...numbers: readonly number[]) => {
  for (const number of numbers) double.version(secret, number).state = state;
};

const asked = () => double.calls.splice(0).map(({ method, name }) => `${method} ${name.split('/').at(-1)!}`);

describe.each(transports)('over %s', (transport) => {
  it('reads and writes', async () => {
    const driver = await openDriver(transport);
    expect(await driver.read(signal)).toBeUndefined();
    expect(await driver.write('a é 🔑', undefined, signal)).toBe(true);
    expect(await driver.read(signal)).toMatchObject({ content: Buffer.from('a é 🔑'), version: '1' });
    expect(await driver.write('b', '1', signal)).toBe(true);
    expect(await textOf(driver)).toBe('b');
    expect((await driver.between!(fromNothing, '2', signal)).map(({ version }) => version)).toEqual(['1']);
    expect(await driver.destroyBefore!('2', signal)).toBe(1);
    expect(await driver.between!(fromNothing, '2', signal)).toEqual([]);
  });

  const refusals: [string, Fault, Partial<KeyStoreError>, RegExp][] = [
    [
      'no right',
      { code: 'PERMISSION_DENIED', reason: 'IAM_PERMISSION_DENIED' },
      { code: 'KEY_STORE_FORBIDDEN', isTransient: false },
      /PERMISSION_DENIED, IAM_PERMISSION_DENIED.*secretmanager\.versions\.access.*roles\/secretmanager\.secretAccessor/,
    ],
    [
      'the API is off',
      { code: 'PERMISSION_DENIED', reason: 'SERVICE_DISABLED' },
      { code: 'KEY_STORE_FORBIDDEN', isTransient: false },
      /gcloud services enable/,
    ],
    [
      'no billing',
      { code: 'PERMISSION_DENIED', reason: 'BILLING_DISABLED' },
      { code: 'KEY_STORE_FORBIDDEN', isTransient: false },
      /Billing/,
    ],
    [
      'a token of too little scope',
      { code: 'PERMISSION_DENIED', reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' },
      { code: 'KEY_STORE_FORBIDDEN', isTransient: false },
      /lacks the scope/,
    ],
    [
      'a token that is refused',
      { code: 'UNAUTHENTICATED' },
      { code: 'KEY_STORE_UNAUTHENTICATED', isTransient: false },
      /GOOGLE_APPLICATION_CREDENTIALS/,
    ],
    [
      'too many requests',
      { code: 'RESOURCE_EXHAUSTED', retryAfter: 7 },
      { code: 'KEY_STORE_THROTTLED', isTransient: true, retryAfter: 7 },
      /quota/,
    ],
    [
      'too many requests, without a time',
      { code: 'RESOURCE_EXHAUSTED' },
      { code: 'KEY_STORE_THROTTLED', isTransient: true, retryAfter: undefined },
      /quota/,
    ],
    [
      'not available',
      { code: 'UNAVAILABLE' },
      { code: 'KEY_STORE_UNREACHABLE', isTransient: true },
      /UNAVAILABLE/,
    ],
    [
      'an error inside of Google',
      { code: 'INTERNAL' },
      { code: 'KEY_STORE_UNREACHABLE', isTransient: true },
      /INTERNAL|is not reached/,
    ],
    [
      'a reference that Google does not take',
      { code: 'INVALID_ARGUMENT' },
      { code: 'KEY_STORE_NOT_READ', isTransient: false },
      /Check the reference/,
    ],
  ];

  it.each(refusals)('says what is wrong: %s', async (_, fault, expected, words) => {
    add('the text');
    double.fault = () => fault;
    const error = await rejectionOf((await openDriver(transport)).read(signal));
    expect(error).toBeInstanceOf(KeyStoreError);
    expect(error).toMatchObject(expected);
    expect(error.message).toContain(where);
    expect(error.message).toMatch(words);
    expect(everythingPrintedOf(error)).not.toMatch(/secret-value|the text/);
  });

  const otherAnswers: [string, (answer: Answer) => Answer][] = [
    ['of another secret', (answer) => ({ ...answer, name: 'projects/1/secrets/other/versions/1' })],
    [
      'of a secret whose name ends alike',
      (answer) => ({ ...answer, name: 'projects/1/secrets/not-oidc-keys/versions/1' }),
    ],
    [
      'of a region',
      (answer) => ({ ...answer, name: 'projects/1/locations/europe-west3/secrets/oidc-keys/versions/1' }),
    ],
    ['without a number', (answer) => ({ ...answer, name: 'projects/1/secrets/oidc-keys/versions/latest' })],
    ['without a payload', ({ name }) => ({ name })],
    ['of nothing', () => ({})],
  ];

  it.each(otherAnswers)('takes no answer %s', async (_, change) => {
    add('the text');
    double.fault = () => change;
    const error = await rejectionOf((await openDriver(transport)).read(signal));
    expect(error).toMatchObject({ code: 'KEY_STORE_UNREACHABLE', isTransient: false });
    expect(error.message).toContain('something else was answered');
  });

  it('takes no version of another number than it asked for', async () => {
    add('one', 'two');
    const driver = await openDriver(transport);
    await driver.read(signal);
    double.fault = () => (answer) => ({ ...answer, name: 'projects/1/secrets/oidc-keys/versions/1' });
    expect(await rejectionOf(driver.read(signal))).toMatchObject({ code: 'KEY_STORE_UNREACHABLE' });
  });

  it('takes nothing whose checksum is another, and may ask again', async () => {
    add('the text');
    double.fault = () => (answer) => ({
      ...answer,
      payload: { ...(answer.payload as object), data: Buffer.from('the tex_') },
    });
    const error = await rejectionOf((await openDriver(transport)).read(signal));
    expect(error).toMatchObject({ code: 'KEY_STORE_NOT_READ', isTransient: true });
    expect(error.message).toMatch(/checksum/);
    let calls = 0;
    const fault = double.fault;
    double.fault = (call) => (calls++ === 0 ? fault(call) : undefined);
    expect((await openStore().read())?.text).toBe('the text');
  });

  it('says how a secret is made where there is none to write to', async () => {
    for (const [place, command] of [
      ['projects/p/secrets/s', 'gcloud secrets create s --project=p --replication-policy=automatic'],
      [
        'projects/p/locations/europe-west3/secrets/s',
        'gcloud secrets create s --project=p --location=europe-west3',
      ],
    ] as const) {
      const driver = await openDriver(transport, place);
      expect(await driver.read(signal)).toBeUndefined();
      const error = await rejectionOf(driver.write('a', undefined, signal));
      expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN', isTransient: false });
      expect(error.message).toContain(command);
    }
  });

  it('says which right is missing to write, to list and to destroy', async () => {
    add('a', 'b');
    const driver = await openDriver(transport);
    double.granted = new Set(['secretmanager.versions.access']);
    const refused = async (call: Promise<unknown>) => (await rejectionOf(call)).message;
    expect(await refused(driver.write('c', '2', signal))).toContain('needs secretmanager.versions.add');
    set('DISABLED', 2);
    expect(await refused(driver.read(signal))).toContain('needs secretmanager.versions.list');
    double.granted = new Set(['secretmanager.versions.list']);
    expect(await refused(driver.destroyBefore!('2', signal))).toContain('secretmanager.versions.destroy');
  });
});

describe('versions', () => {
  it('latest is asked for once, then the newest known and the next number, at once', async () => {
    add('a');
    const driver = await openDriver();
    await driver.read(signal);
    expect(asked()).toEqual(['AccessSecretVersion latest', 'AccessSecretVersion 2']);
    await driver.read(signal);
    expect(asked()).toEqual(['AccessSecretVersion 1', 'AccessSecretVersion 2']);
    add('b', 'c');
    expect(await textOf(driver)).toBe('c');
    expect(asked().slice(2)).toEqual(['AccessSecretVersion 3', 'AccessSecretVersion 4']);
  });

  it('the newest is found while latest lags behind, and after one was written', async () => {
    add('a', 'b', 'c');
    double.lag = 2;
    const driver = await openDriver();
    expect(await textOf(driver)).toBe('c');
    await driver.write('d', '3', signal);
    expect(await textOf(driver)).toBe('d');
  });

  it.each(['DISABLED', 'DESTROYED'] as const)(
    'one that is %s is passed over, wherever it stands',
    async (state) => {
      add('a', 'b', 'c');
      const driver = await openDriver();
      expect(await textOf(driver)).toBe('c');
      set(state, 3);
      expect(await textOf(driver)).toBe('b');
      // By who knows it, and by who does not.
      expect(await textOf(driver)).toBe('b');
      add('d', 'e', 'f');
      set(state, 4, 6);
      expect(await textOf(driver)).toBe('e');
      expect(await textOf(await openDriver())).toBe('e');
      set(state, 5);
      expect(await textOf(driver)).toBe('b');
      set(state, 1, 2);
      expect(await driver.read(signal)).toBeUndefined();
      expect(await driver.write('g', undefined, signal)).toBe(true);
      expect(await driver.read(signal)).toMatchObject({ version: '7' });
    },
  );

  it('a secret that was deleted is gone, and one that was made again is read from its first number on', async () => {
    add('a', 'b', 'c');
    const driver = await openDriver();
    await driver.read(signal);
    double.deleteSecret(secret);
    expect(await driver.read(signal)).toBeUndefined();
    double.createSecret(secret);
    add('new');
    expect(await driver.read(signal)).toMatchObject({ content: Buffer.from('new'), version: '1' });
    await driver.read(signal);
    double.deleteSecret(secret);
    double.createSecret(secret);
    add('newer', 'newest');
    expect(await textOf(driver)).toBe('newest');
  });

  it('one that is enabled and not given names the key of Cloud KMS', async () => {
    add('a', 'b');
    double.version(secret, 2).isLocked = true;
    const error = await rejectionOf((await openDriver()).read(signal));
    expect(error).toMatchObject({ code: 'KEY_STORE_NOT_READ' });
    expect(error.message).toMatch(/version 2 .*Cloud KMS/);
  });

  it('what lies between two leaves out what is closed, and knows no base of another store', async () => {
    add('a', 'b', 'c', 'd', 'e');
    set('DISABLED', 2);
    const driver = await openDriver();
    const between = async (base: string, version: string) =>
      (await driver.between!(base, version, signal)).map(({ version: each }) => each);
    expect(await between('1', '5')).toEqual(['3', '4']);
    expect(await between(fromNothing, '5')).toEqual(['1', '3', '4']);
    expect(await between('4', '5')).toEqual([]);
    for (const base of ['7', 'abc', '', '-1', '1e3', '0x1']) expect(await between(base, '5')).toEqual([]);
  });

  it('of thousands of versions the last few are looked at', async () => {
    for (let count = 0; count < 1000; count++) add('old');
    set('DESTROYED', ...Array.from({ length: 999 }, (_, index) => index + 1));
    const driver = await openDriver();
    double.calls.length = 0;
    expect(await driver.between!(fromNothing, '1000', signal)).toEqual([]);
    expect(double.calls.length).toBeLessThan(300);
  });

  it('older ones are destroyed, the disabled ones too, and no newer one', async () => {
    add('a', 'b', 'c', 'd');
    set('DISABLED', 1);
    const driver = await openDriver();
    expect(await driver.destroyBefore!('3', signal)).toBe(2);
    expect([1, 2, 3, 4].map((number) => double.version(secret, number).state)).toEqual([
      'DESTROYED',
      'DESTROYED',
      'ENABLED',
      'ENABLED',
    ]);
    add('e');
    set('DISABLED', 4);
    double.version(secret, 4).isScheduled = true;
    expect(await driver.destroyBefore!('5', signal)).toBe(1);
    expect(await driver.destroyBefore!('5', signal)).toBe(0);
  });
});

it('the clock of the service is told', async () => {
  add('a');
  double.clockSkew = -7200;
  const { date } = (await (await openDriver()).read(signal))!;
  expect(Math.abs(date! - (Date.now() / 1000 - 7200))).toBeLessThan(60);
});

it('a write that is not taken for its size is refused before it is sent', async () => {
  const error = await rejectionOf(openStore().write('x'.repeat(65_537), undefined));
  expect(error).toMatchObject({ code: 'KEY_STORE_TOO_LARGE' });
  expect(double.calls.some(({ method }) => method === 'AddSecretVersion')).toBe(false);
});

it('a call that never comes back ends by itself', async () => {
  double.fault = () => 'hang';
  const error = await rejectionOf((await openDriver()).read(signal));
  expect(error).toMatchObject({ code: 'KEY_STORE_UNREACHABLE', isTransient: true });
});

it('a client of another kind is refused', async () => {
  for (const client of [{}, 'client', null, { accessSecretVersion: () => undefined }]) {
    const opened = openGcpSecretManager({ place: secret, where, setting: () => undefined, client });
    expect(await rejectionOf(opened)).toMatchObject({ code: 'KEY_STORE_MISCONFIGURED' });
  }
});

it.each([
  'projects/p',
  'projects/p/secrets/s/versions/latest',
  'projects/p/secrets/',
  'projects//secrets/s',
  'p/s',
  'projects/p/locations/l/s',
])('%s is no name of a secret', (place) => {
  expect(() => keyStoreNamed(`gcp-secret-manager:${place}`, { name: 'OIDC_KEY_STORE' })).toThrow(
    /gcp-secret-manager:projects\/PROJECT\/secrets\/SECRET/,
  );
});

describe('a command whose answers are lost', () => {
  const everyMethod = ['AccessSecretVersion', 'AddSecretVersion'] as const;
  it.each(everyMethod)('at any one %s leaves one new key and no other document', async (method) => {
    await init({ store: openStore(), algorithm: 'ES256' });
    let from = 1;
    for (let at = 0; at < 8; at++) {
      let count = 0;
      double.fault = (call: Call) =>
        call.method === method && count++ === at ? { code: 'UNAVAILABLE', isDone: true } : undefined;
      await rotate({ store: openStore(), algorithm: 'ES256' }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'KEY_WAITS' });
      });
      double.fault = undefined;
      const { keys } = JSON.parse(double.content(secret)!) as { keys: object[] };
      expect(keys).toHaveLength(2);
      from = Math.max(from, double.numberOfVersions(secret));
    }
    expect(from).toBe(2);
  });
});

describe('the roles in docs/stores.md', () => {
  const page = readFileSync(join(root, 'docs/stores.md'), 'utf8');
  const roleNamed = (title: string) => {
    const [, list = ''] = new RegExp(`title: ${title}\\n[^]*?includedPermissions:\\n((?:  - .+\\n)+)`).exec(
      page,
    )!;
    return new Set([...list.matchAll(/- (\S+)/g)].map(([, permission]) => permission!));
  };

  it('let a server read, and not write', async () => {
    await init({ store: openStore(), algorithm: 'ES256' });
    double.granted = roleNamed('OIDC key reader');
    const store = openStore();
    const { version } = (await store.read())!;
    expect(await store.between!(fromNothing, version)).toEqual([]);
    expect(await rejectionOf(store.write('a', version))).toMatchObject({ code: 'KEY_STORE_FORBIDDEN' });
    // Where somebody has disabled the newest one.
    double.addVersion(secret, 'newest');
    set('DISABLED', 2);
    expect(await openStore().read()).toMatchObject({ version: '1' });
  });

  it('let whoever rotates do everything', async () => {
    double.granted = roleNamed('OIDC key rotator');
    await init({ store: openStore(), algorithm: 'ES256' });
    await rotate({ store: openStore(), prune: true });
    expect(double.version(secret, 1).state).toBe('DESTROYED');
  });

  it('have nothing that is not needed', async () => {
    for (const missing of roleNamed('OIDC key rotator')) {
      const name = `projects/a-project/secrets/without-${missing.replaceAll('.', '-')}`;
      double.createSecret(name);
      double.granted = undefined;
      const open = () =>
        keyStoreNamed(`gcp-secret-manager:${name}`, { name: 'The store', client: newClient() });
      await init({ store: open(), algorithm: 'ES256' });
      double.addVersion(name, 'by hand');
      double.version(name, 2).state = 'DISABLED';
      double.granted = new Set([...roleNamed('OIDC key rotator')].filter((each) => each !== missing));
      expect(await rejectionOf(rotate({ store: open(), prune: true }))).toMatchObject({
        code: 'KEY_STORE_FORBIDDEN',
      });
    }
  });
});
