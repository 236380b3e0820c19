import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { init, revoke, rotate } from '../../../lib/rotate/index.js';
import { openAzureKeyVault } from '../../../lib/stores/azure/azure-key-vault.driver.js';
import { fromNothing, KeyStoreError } from '../../../lib/stores/key-store.js';
import type { KeyStore } from '../../../lib/stores/key-store.js';
import type { SecretDriver } from '../../../lib/stores/secret-driver.js';
import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { everythingPrintedOf, rejectionOf } from '../../support/errors.js';
import { root } from '../../support/processes.js';
import { AzureKeyVaultDouble } from '../../support/stores/azure-key-vault.double.js';
import type { Action, Answer, Fault } from '../../support/stores/azure-key-vault.double.js';
import { clientOf } from '../../support/stores/azure-key-vault.under-test.js';

const name = 'oidc-keys';
const signal = new AbortController().signal;

let double: AzureKeyVaultDouble;
/** The clock of the service stands still until a test moves it. */
let now = 0;
beforeEach(async () => {
  double = await new AzureKeyVaultDouble().start();
  now = Math.floor(Date.now() / 1000);
  double.now = () => now;
});
afterEach(() => double.stop());

const where = () => `azure-key-vault:127.0.0.1:${double.port}/${name}`;

/** What is below retries and deadlines. */
function openDriver(client: unknown = clientOf(double)): Promise<SecretDriver> {
  const place = `127.0.0.1:${double.port}/${name}`;
  return openAzureKeyVault({ place, where: where(), setting: () => undefined, client });
}

function openStore(): KeyStore {
  return keyStoreNamed(where(), { name: 'The store', client: clientOf(double) });
}

async function textOf(driver: SecretDriver): Promise<string | undefined> {
  return (await driver.read(signal))?.content as string | undefined;
}

async function between(driver: SecretDriver, base: string, version: string): Promise<readonly string[]> {
  return (await driver.between!(base, version, signal)).map(({ content }) => content as string);
}

/** Puts a version there under an identifier that begins so. */
function put(text: string, start: string): string {
  double.nextIdentifier = start.padEnd(32, '0');
  return double.put(name, text);
}

const asked = () => double.calls.splice(0).map(({ action, hasToken }) => (hasToken ? action : 'challenge'));

describe('versions', () => {
  it('are in order of their creation, and within a second of their identifiers, for every reader', async () => {
    put('oldest', 'f');
    now += 3;
    put('a', '3');
    put('b', '9');
    put('c', '5');
    const [one, other] = [await openDriver(), await openDriver()];
    expect([await textOf(one), await textOf(other)]).toEqual(['b', 'b']);
    double.lag = 1;
    expect(await textOf(await openDriver())).toBe('b');
    now += 3;
    expect([await textOf(one), await textOf(other)]).toEqual(['b', 'b']);
    put('newest', '1');
    double.lag = 0;
    expect([await textOf(one), await textOf(other)]).toEqual(['newest', 'newest']);
  });

  it('what lies between two has whatever ties with the first, and what stands before the second', async () => {
    const older = put('older', '1');
    now += 3;
    const base = put('base', '6');
    put('ties with base, below', '2');
    put('ties with base, above', 'a');
    now += 3;
    put('between', '4');
    now += 3;
    const version = put('version', '7');
    put('ties with version, below', '3');
    put('ties with version, above', 'c');
    now += 3;
    put('later', '5');
    const driver = await openDriver();
    expect(await between(driver, base, version)).toEqual([
      'ties with base, below',
      'ties with base, above',
      'between',
      'ties with version, below',
    ]);
    expect(await between(driver, fromNothing, base)).toEqual(['older', 'ties with base, below']);
    expect(await between(driver, older, older)).toEqual([]);
    for (const unknown of ['', 'x', '1', 'f'.repeat(32)]) {
      expect(await between(driver, unknown, version)).toEqual([]);
      expect(await between(driver, base, unknown)).toEqual([]);
    }
  });

  it('of hundreds of them in many pages, each is seen, and the last few are read', async () => {
    for (let count = 0; count < 600; count++) put(`text ${count}`, count.toString(16).padStart(4, '0'));
    now += 3;
    const last = put('last', '0');
    const driver = await openDriver();
    expect(await textOf(driver)).toBe('last');
    const texts = await between(driver, fromNothing, last);
    expect(texts).toHaveLength(256);
    expect(texts.at(-1)).toBe('text 599');
  });

  it('one that is disabled is passed over, wherever it stands', async () => {
    const identifiers = ['a', 'b', 'c'].map((text) => {
      now += 3;
      return double.put(name, text);
    });
    now += 3;
    const driver = await openDriver();
    expect(await textOf(driver)).toBe('c');
    double.disable(name, identifiers[2]!);
    expect([await textOf(driver), await textOf(await openDriver())]).toEqual(['b', 'b']);
    expect(await between(driver, fromNothing, identifiers[2]!)).toEqual(['a', 'b']);
    double.disable(name, identifiers[0]!);
    expect(await between(driver, fromNothing, identifiers[1]!)).toEqual([]);
    double.disable(name, identifiers[1]!);
    expect(await driver.read(signal)).toBeUndefined();
    expect(await driver.write('d', undefined, signal)).toBe(true);
    expect(await textOf(driver)).toBe('d');
  });

  it('an unchanged secret costs one request, once nothing can tie with its newest version', async () => {
    put('a', '1');
    const driver = await openDriver();
    await driver.read(signal);
    asked();
    await driver.read(signal);
    expect(asked().toSorted()).toEqual(['getSecret', 'readMetadata']);
    // Of the same second, and not current: nothing but the list knows of it.
    put('b', '2');
    double.lag = 1;
    expect(await textOf(driver)).toBe('b');
    double.lag = 0;
    now += 3;
    await driver.read(signal);
    asked();
    expect(await textOf(driver)).toBe('b');
    expect(asked()).toEqual(['getSecret']);
    put('c', '3');
    expect(await textOf(driver)).toBe('c');
  });

  it('a list that lags behind hides no version that the vault calls current', async () => {
    put('a', '1');
    now += 3;
    put('b', '2');
    double.lagOfList = 1;
    const driver = await openDriver();
    expect(await textOf(driver)).toBe('b');
  });

  it('a secret that was deleted is gone, and says what to do where it is written', async () => {
    put('a', '1');
    now += 3;
    const driver = await openDriver();
    await driver.read(signal);
    double.delete(name);
    expect(await driver.read(signal)).toBeUndefined();
    const error = await rejectionOf(driver.write('b', undefined, signal));
    expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN', isTransient: false });
    expect(error.message).toMatch(/ObjectIsDeletedButRecoverable.*az keyvault secret recover.*purge/);
    double.purge(name);
    expect(await driver.write('b', undefined, signal)).toBe(true);
    expect(await textOf(driver)).toBe('b');
  });

  it('are disabled where they cannot be destroyed, and it says so', async () => {
    const [, , third] = ['a', 'b', 'c', 'd'].map((text) => {
      now += 3;
      return double.put(name, text);
    });
    const driver = await openDriver();
    const words = await driver.destroyBefore!(third!, signal);
    expect(words).toMatch(/can destroy no single version.*\(2 just now\).*purge/);
    expect(double.versions(name).map(({ enabled }) => enabled)).toEqual([false, false, true, true]);
    expect(await driver.destroyBefore!(third!, signal)).toContain('0 just now');
    const sentences = (await rotate({ store: openStore(), prune: true }).catch(() => undefined))?.sentences;
    expect(sentences).toBeUndefined();
  });
});

describe('a write', () => {
  it('never falls into the second of what it was made from', async () => {
    double.now = () => Math.floor(Date.now() / 1000);
    const driver = await openDriver();
    for (const text of ['a', 'b', 'c']) {
      const found = await driver.read(signal);
      await driver.write(text, found?.version, signal);
    }
    const seconds = double.versions(name).map(({ created }) => created);
    expect(new Set(seconds).size).toBe(3);
  });

  it('keeps tags and type of content', async () => {
    double.put(name, 'a', { contentType: 'application/json', tags: { owner: 'identity' } });
    now += 3;
    const driver = await openDriver();
    const { version } = (await driver.read(signal))!;
    await driver.write('b', version, signal);
    expect(double.versions(name).at(-1)).toMatchObject({
      value: 'b',
      contentType: 'application/json',
      tags: { owner: 'identity' },
    });
  });

  it('sends the text to nobody before it has a token for them', async () => {
    const stores = [openStore(), openStore()];
    await Promise.all(stores.map((store) => store.write('the text', undefined)));
    const withBody = double.calls.filter(({ hasBody }) => hasBody);
    expect(withBody.length).toBeGreaterThan(0);
    expect(withBody.filter(({ hasToken }) => !hasToken)).toEqual([]);
  });

  it('that is not taken for its size is refused before it is sent', async () => {
    const error = await rejectionOf(openStore().write('x'.repeat(25_001), undefined));
    expect(error).toMatchObject({ code: 'KEY_STORE_TOO_LARGE' });
    expect(double.calls.some(({ action }) => action === 'setSecret')).toBe(false);
  });
});

describe('two who write in one second, whatever identifiers they get', () => {
  // Each writes on top of the same; the other one's is found beside it by whoever comes next.
  it.each([
    ['1', '2'],
    ['2', '1'],
  ])('%s and %s: no revocation is lost, and it comes to an end', async (first, second) => {
    await init({ store: openStore(), algorithm: 'ES256' });
    const { keys } = JSON.parse(double.versions(name).at(-1)!.value) as { keys: { kid: string }[] };
    const kid = keys[0]!.kid;
    now += 3;
    const [one, other] = [openStore(), openStore()];
    const identifiers = [first, second];
    double.fault = ({ action }) => {
      if (action !== 'setSecret') return undefined;
      const next = identifiers.shift();
      if (next !== undefined) double.nextIdentifier = next.padEnd(32, '0');
      // Until both are there.
      else now += 1;
      return undefined;
    };
    await Promise.all([
      revoke({ store: one, kid }),
      rotate({ store: other, algorithm: 'ES256' }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'KEY_WAITS' });
      }),
    ]);
    double.fault = undefined;
    // The first key, the two, and at most one union of each.
    expect(double.versions(name).length).toBeLessThanOrEqual(5);
    now += 3;
    const versions = double.versions(name).length;
    await rotate({ store: openStore(), every: 86_400 });
    const set = JSON.parse((await openStore().read())!.text) as { keys: Record<string, unknown>[] };
    const revoked = set.keys.find((key) => key.kid === kid)!;
    expect(revoked).toHaveProperty('revoked');
    expect(revoked).not.toHaveProperty('d');
    // One of the two, or both where the one read what the other had written: what signs at once, and what waits.
    const able = set.keys.filter((key) => key.d !== undefined);
    expect(able.length).toBeGreaterThan(0);
    expect(able.filter((key) => key.nbf === undefined).length).toBeLessThanOrEqual(1);
    expect(able.filter((key) => key.nbf !== undefined).length).toBeLessThanOrEqual(1);
    now += 3;
    await rotate({ store: openStore(), every: 86_400 });
    expect(double.versions(name).length - versions).toBeLessThanOrEqual(2);
  });
});

const refusals: [string, Fault, Partial<KeyStoreError>, RegExp][] = [
  [
    'no role',
    { status: 403, code: 'Forbidden', innerCode: 'ForbiddenByRbac' },
    { code: 'KEY_STORE_FORBIDDEN', isTransient: false },
    /403, Forbidden, ForbiddenByRbac.*vaults\/secrets\/(?:getSecret|readMetadata)\/action.*"Key Vault Secrets User"/,
  ],
  [
    'no access policy',
    { status: 403, code: 'Forbidden', innerCode: 'AccessDenied' },
    { code: 'KEY_STORE_FORBIDDEN', isTransient: false },
    /access policies/,
  ],
  [
    'a firewall',
    { status: 403, code: 'Forbidden', innerCode: 'ForbiddenByFirewall' },
    { code: 'KEY_STORE_FORBIDDEN', isTransient: false },
    /network rules/,
  ],
  [
    'no private link',
    { status: 403, code: 'Forbidden', innerCode: 'ForbiddenByConnection' },
    { code: 'KEY_STORE_FORBIDDEN', isTransient: false },
    /private endpoint/,
  ],
  [
    'a token that is refused',
    { status: 401, code: 'Unauthorized' },
    { code: 'KEY_STORE_UNAUTHENTICATED', isTransient: false },
    /AZURE_TENANT_ID/,
  ],
  [
    'too many requests',
    { status: 429, code: 'Throttled', headers: { 'retry-after': '7' } },
    { code: 'KEY_STORE_THROTTLED', isTransient: true, retryAfter: 7 },
    /too often/,
  ],
  [
    'too many requests, without a time',
    { status: 429, code: 'Throttled' },
    { code: 'KEY_STORE_THROTTLED', isTransient: true, retryAfter: undefined },
    /too often/,
  ],
  [
    'not available',
    { status: 503, code: 'ServiceUnavailable' },
    { code: 'KEY_STORE_UNREACHABLE', isTransient: true },
    /503/,
  ],
  [
    'a page of a gateway',
    { status: 502, body: '<html>secret-value</html>', headers: { 'content-type': 'text/html' } },
    { code: 'KEY_STORE_UNREACHABLE', isTransient: true },
    /502/,
  ],
  ['a connection that breaks', 'reset', { code: 'KEY_STORE_UNREACHABLE', isTransient: true }, /ECONNRESET/],
  [
    'a page with 200',
    { status: 200, body: '<html>secret-value</html>' },
    { code: 'KEY_STORE_UNREACHABLE', isTransient: true },
    /no answer that can be read/,
  ],
  [
    'half a document',
    { status: 200, body: '{"value":"secret-value' },
    { code: 'KEY_STORE_UNREACHABLE', isTransient: true },
    /no answer that can be read/,
  ],
  [
    'JSON of something else',
    { status: 200, body: '{"secret-value":[]}' },
    { code: 'KEY_STORE_UNREACHABLE', isTransient: false },
    /something else was answered/,
  ],
  [
    'a page that says 404',
    { status: 404, body: '<html></html>', headers: { 'content-type': 'text/html' } },
    { code: 'KEY_STORE_UNREACHABLE', isTransient: false },
    /something else was answered/,
  ],
  [
    'a redirect',
    { status: 307, body: '', headers: { location: 'https://other.vault.azure.net/' } },
    { code: 'KEY_STORE_UNREACHABLE', isTransient: false },
    /something else was answered/,
  ],
  [
    'an answer without an end',
    'endless',
    { code: 'KEY_STORE_UNREACHABLE', isTransient: false },
    /more than a secret/,
  ],
  [
    'a name that is none',
    { status: 400, code: 'BadParameter' },
    { code: 'KEY_STORE_NOT_READ', isTransient: false },
    /Check the names/,
  ],
];

it.each(refusals)('says what is wrong: %s', async (_, fault, expected, words) => {
  put('the text', '1');
  double.fault = () => fault;
  const driver = await openDriver(clientOf(double, { redirectOptions: { maxRetries: 0 } }));
  const error = await rejectionOf(driver.read(signal));
  expect(error).toBeInstanceOf(KeyStoreError);
  expect(error).toMatchObject(expected);
  expect(error.message).toContain(where());
  expect(error.message).toMatch(words);
  expect(everythingPrintedOf(error)).not.toMatch(/secret-value|the text/);
});

it.each([
  ['ForbiddenByPolicy', 403, /Azure Policy/, false],
  ['ObjectIsBeingDeleted', 409, /being deleted/, true],
  ['ObjectIsBeingRecovered', 409, /being deleted or recovered/, true],
])('says why a write is refused: %s', async (innerCode, status, words, isTransient) => {
  double.fault = ({ action }) =>
    action === 'setSecret'
      ? { status, code: status === 409 ? 'Conflict' : 'Forbidden', innerCode }
      : undefined;
  const error = await rejectionOf((await openDriver()).write('a', undefined, signal));
  expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN', isTransient });
  expect(error.message).toMatch(words);
});

const otherAnswers: [string, (answer: Answer) => Answer][] = [
  [
    'of another secret',
    (answer) => ({ ...answer, id: `https://v.vault.azure.net/secrets/other/${'1'.repeat(32)}` }),
  ],
  ['without a value', (answer) => ({ ...answer, value: undefined })],
  ['without a version', (answer) => ({ ...answer, id: `https://v.vault.azure.net/secrets/${name}` })],
  ['without a time', (answer) => ({ ...answer, attributes: { enabled: true } })],
  ['of nothing', () => ({})],
];

it.each(otherAnswers)('takes no answer %s', async (_, change) => {
  put('the text', '1');
  double.fault = ({ action }) => (action === 'getSecret' ? change : undefined);
  const error = await rejectionOf((await openDriver()).read(signal));
  expect(error).toMatchObject({ code: 'KEY_STORE_UNREACHABLE' });
  expect(error.message).toContain('something else was answered');
});

it('takes no list of another secret, and no other version than it asked for', async () => {
  const first = put('a', '1');
  put('b', '2');
  double.fault = ({ action }) =>
    action === 'readMetadata'
      ? () => ({ value: [{ id: `https://v/secrets/other/${first}`, attributes: { created: now } }] })
      : undefined;
  expect((await rejectionOf((await openDriver()).read(signal))).message).toContain('something else');
  double.fault = ({ action, place }) =>
    action === 'getSecret' && place.includes('/')
      ? (answer) => ({ ...answer, id: `https://v/secrets/${name}/9` })
      : undefined;
  const driver = await openDriver();
  expect((await rejectionOf(driver.between!(fromNothing, '2'.padEnd(32, '0'), signal))).message).toContain(
    'something else',
  );
});

it('a hang ends with the patience of whoever waits', async () => {
  double.fault = () => 'hang';
  const waiting = new AbortController();
  const reading = rejectionOf((await openDriver()).read(waiting.signal));
  waiting.abort(new Error('patience'));
  expect((await reading).message).toBe('patience');
});

it('the clock of the service is told', async () => {
  put('a', '1');
  now -= 7200;
  expect(await (await openDriver()).read(signal)).toMatchObject({ date: now });
});

describe('a command whose answers are lost', () => {
  const actions: readonly Action[] = ['getSecret', 'readMetadata', 'setSecret'];
  it.each(actions)('at any one %s leaves one new key', async (action) => {
    await init({ store: openStore(), algorithm: 'ES256' });
    for (let at = 0; at < 6; at++) {
      let count = 0;
      now += 3;
      double.fault = (call) =>
        call.action === action && count++ === at
          ? { status: 503, code: 'ServiceUnavailable', isDone: true }
          : undefined;
      await rotate({ store: openStore(), algorithm: 'ES256' }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'KEY_WAITS' });
      });
      double.fault = undefined;
      const { keys } = JSON.parse(double.versions(name).at(-1)!.value) as { keys: object[] };
      expect(keys).toHaveLength(2);
    }
    expect(double.versions(name)).toHaveLength(2);
  });
});

describe('a client', () => {
  it('of another kind, or of another vault, is refused', async () => {
    for (const client of [{}, 'client', null, { vaultUrl: 'https://a.vault.azure.net' }]) {
      expect(await rejectionOf(openDriver(client))).toMatchObject({ code: 'KEY_STORE_MISCONFIGURED' });
    }
    const other = await new AzureKeyVaultDouble().start();
    const error = await rejectionOf(openDriver(clientOf(other)));
    await other.stop();
    expect(error).toMatchObject({ code: 'KEY_STORE_MISCONFIGURED' });
    expect(error.message).toContain('of another vault');
  });

  it('says what to set where the certificate does not fit', async () => {
    const error = await rejectionOf((await openDriver(clientOf(double, { tlsOptions: {} }))).read(signal));
    expect(error).toMatchObject({ code: 'KEY_STORE_UNREACHABLE', isTransient: false });
    expect(error.message).toMatch(/DEPTH_ZERO_SELF_SIGNED_CERT.*NODE_EXTRA_CA_CERTS/);
  });

  it('is asked for no token for another service', async () => {
    double.service = 'https://vault.azure.net';
    const error = await rejectionOf((await openDriver()).read(signal));
    expect(error).toMatchObject({ code: 'KEY_STORE_MISCONFIGURED' });
    expect(error.message).toContain('tokens for another service');
  });
});

it.each([
  'vault',
  'vault/',
  '/secret',
  'vault/a_b',
  'vault/secret/version',
  'https://vault.vault.azure.net/secret',
  '-vault/secret',
  'user@vault.azure.net/secret',
])('%s is no name of a vault and a secret', (place) => {
  expect(() => keyStoreNamed(`azure-key-vault:${place}`, { name: 'OIDC_KEY_STORE' })).toThrow(
    /azure-key-vault:VAULT\/SECRET/,
  );
});

describe('the roles in docs/stores.md', () => {
  const page = readFileSync(join(root, 'docs/stores.md'), 'utf8');
  const roleNamed = (title: string) => {
    const [, list = ''] = new RegExp(`"Name": "${title}"[^]*?"DataActions": \\[([^\\]]+)`).exec(page)!;
    return new Set([...list.matchAll(/secrets\/(\w+)\/action/g)].map(([, action]) => action as Action));
  };

  it('let a server read, and not write', async () => {
    await init({ store: openStore(), algorithm: 'ES256' });
    now += 3;
    double.granted = roleNamed('OIDC key reader');
    const store = openStore();
    const { version } = (await store.read())!;
    expect(await store.between!(fromNothing, version)).toEqual([]);
    const error = await rejectionOf(store.write('a', version));
    expect(error).toMatchObject({ code: 'KEY_STORE_FORBIDDEN' });
    expect(error.message).toContain('vaults/secrets/setSecret/action');
  });

  it('let whoever rotates do everything, and have nothing that is not needed', async () => {
    const rotator = roleNamed('OIDC key rotator');
    double.granted = rotator;
    await init({ store: openStore(), algorithm: 'ES256' });
    now += 3;
    await rotate({ store: openStore(), prune: true });
    expect(double.versions(name).map(({ enabled }) => enabled)).toEqual([false, true]);
    for (const missing of rotator) {
      now += 3;
      put(double.versions(name).at(-1)!.value, missing === 'update' ? 'a' : 'b');
      now += 3;
      double.granted = new Set([...rotator].filter((each) => each !== missing));
      expect(
        await rejectionOf(rotate({ store: openStore(), algorithm: 'ES384', prune: true })),
      ).toMatchObject({
        code: 'KEY_STORE_FORBIDDEN',
      });
    }
  });
});
