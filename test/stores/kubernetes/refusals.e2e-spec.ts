import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { KeyStoreError } from '../../../lib/stores/key-store.js';
import { openKubernetes } from '../../../lib/stores/kubernetes/kubernetes.driver.js';
import type { SecretDriver } from '../../../lib/stores/secret-driver.js';
import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { everythingPrintedOf, rejectionOf } from '../../support/errors.js';
import { ApiProxy } from '../../support/stores/api-proxy.js';
import type { Answer, Fault } from '../../support/stores/api-proxy.js';

const where = 'kubernetes:auth/oidc-keys';
/** Stands in every answer, and never in a message. */
const planted = 'planted-secret-that-nobody-may-see';
const token = 'the-token-that-nobody-may-see';
const folder = mkdtempSync(join(tmpdir(), 'oidc-key-refusals-'));
afterAll(() => rmSync(folder, { recursive: true }));

const status = (reason: string, details: object = {}, message = planted) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message,
  reason,
  details,
});
const secret = (more: object = {}, metadata: object = {}) => ({
  kind: 'Secret',
  apiVersion: 'v1',
  type: 'Opaque',
  metadata: { namespace: 'auth', name: 'oidc-keys', uid: 'u', resourceVersion: '1', ...metadata },
  data: { jwks: Buffer.from(planted).toString('base64') },
  ...more,
});
const ok = (body: unknown): Answer => ({ status: 200, body });

let proxy: ApiProxy;
let driver: SecretDriver;
let kubeconfig: string;

beforeEach(async () => {
  proxy = await ApiProxy.start();
  kubeconfig = written({ server: proxy.address }, { token });
  driver = await openKubernetes(place({ KUBECONFIG: kubeconfig }));
});
afterEach(async () => {
  driver.close!();
  await proxy.stop();
});

function written(cluster: object, user: object): string {
  const path = join(mkdtempSync(join(folder, 'config-')), 'kubeconfig.json');
  const config = {
    clusters: [{ name: 'here', cluster }],
    users: [{ name: 'me', user }],
    contexts: [{ name: 'both', context: { cluster: 'here', user: 'me' } }],
    'current-context': 'both',
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

const place = (values: Readonly<Record<string, string>>) => ({
  place: 'auth/oidc-keys',
  where,
  setting: (name: string) => values[name],
});
const signal = () => new AbortController().signal;

/** What is thrown, for the person who reads it: named, and without a byte of what came. */
async function refusalOf(promise: Promise<unknown>): Promise<KeyStoreError> {
  const error = (await rejectionOf(promise)) as KeyStoreError;
  expect(error.name).toBe('KeyStoreError');
  expect(error.message.startsWith(`${where} `)).toBe(true);
  expect(error.message).toMatch(/\.$/);
  for (const value of [planted, token]) expect(everythingPrintedOf(error)).not.toContain(value);
  return error;
}

const forbidden = (user: string, verb: string) =>
  `secrets "oidc-keys" is forbidden: User "${user}" cannot ${verb} resource "secrets" in API group "" in the namespace "auth"`;

type Row = [
  name: string,
  fault: Fault,
  code: string,
  isTransient: boolean,
  message: RegExp,
  retryAfter?: number,
];

const rows: Row[] = [
  ['401', { status: 401, body: status('Unauthorized') }, 'KEY_STORE_UNAUTHENTICATED', false, /credentials/],
  [
    '401 of something else',
    { status: 401, body: '<html>' },
    'KEY_STORE_UNAUTHENTICATED',
    false,
    /credentials/,
  ],
  [
    '403 to nobody',
    { status: 403, body: status('Forbidden', {}, forbidden('system:anonymous', 'get')) },
    'KEY_STORE_UNAUTHENTICATED',
    false,
    /credentials/,
  ],
  [
    '403 to a name that is none',
    { status: 403, body: status('Forbidden', {}, forbidden(`a ${planted}`, 'get')) },
    'KEY_STORE_FORBIDDEN',
    false,
    /this user/,
  ],
  [
    '403 by a policy',
    { status: 403, body: status('Forbidden') },
    'KEY_STORE_FORBIDDEN',
    false,
    /quota or a policy/,
  ],
  ['429', { status: 429, body: status('TooManyRequests') }, 'KEY_STORE_THROTTLED', true, /too often/],
  [
    '429 and when to come back',
    { status: 429, headers: { 'retry-after': '7' }, body: 'Too many requests' },
    'KEY_STORE_THROTTLED',
    true,
    /too often/,
    7,
  ],
  [
    '429 and when to come back, in the body',
    { status: 429, body: status('TooManyRequests', { retryAfterSeconds: 3 }) },
    'KEY_STORE_THROTTLED',
    true,
    /too often/,
    3,
  ],
  [
    '500, since etcd is in trouble',
    { status: 500, body: status('InternalError') },
    'KEY_STORE_UNREACHABLE',
    true,
    /etcd/,
  ],
  [
    '503',
    { status: 503, body: status('ServiceUnavailable') },
    'KEY_STORE_UNREACHABLE',
    true,
    /in trouble \(503\)/,
  ],
  [
    '503 and when to come back',
    { status: 503, headers: { 'retry-after': '9' }, body: '' },
    'KEY_STORE_UNREACHABLE',
    true,
    /in trouble/,
    9,
  ],
  ['504', { status: 504, body: status('Timeout') }, 'KEY_STORE_UNREACHABLE', true, /in trouble \(504\)/],
  [
    '500, since it took too long',
    { status: 500, body: status('ServerTimeout', { retryAfterSeconds: 1 }) },
    'KEY_STORE_UNREACHABLE',
    true,
    /in trouble/,
    1,
  ],
  [
    '502 of something before it',
    { status: 502, body: '<html>' },
    'KEY_STORE_UNREACHABLE',
    true,
    /in trouble \(502\)/,
  ],
  [
    '503 with a word that is not known',
    { status: 503, body: status('Teapot') },
    'KEY_STORE_UNREACHABLE',
    true,
    /in trouble/,
  ],
  [
    'data that is half a base64',
    ok(secret({ data: { jwks: 'abcde' } })),
    'KEY_STORE_UNREACHABLE',
    false,
    /no such Secret/,
  ],
  ['HTML with 200', ok(`<html>${planted}</html>`), 'KEY_STORE_UNREACHABLE', false, /no such Secret/],
  ['nothing with 200', ok(''), 'KEY_STORE_UNREACHABLE', false, /no such Secret/],
  [
    'half a document',
    ok(JSON.stringify(secret()).slice(0, -20)),
    'KEY_STORE_UNREACHABLE',
    false,
    /no such Secret/,
  ],
  ['another Secret', ok(secret({}, { name: 'other' })), 'KEY_STORE_UNREACHABLE', false, /no such Secret/],
  [
    'a Secret of elsewhere',
    ok(secret({}, { namespace: 'other' })),
    'KEY_STORE_UNREACHABLE',
    false,
    /no such Secret/,
  ],
  [
    'something that is no Secret',
    ok(secret({ kind: 'ConfigMap' })),
    'KEY_STORE_UNREACHABLE',
    false,
    /no such Secret/,
  ],
  [
    'a Secret without a number',
    ok(secret({}, { resourceVersion: '' })),
    'KEY_STORE_UNREACHABLE',
    false,
    /no such Secret/,
  ],
  [
    'a Secret without an identity',
    ok(secret({}, { uid: undefined })),
    'KEY_STORE_UNREACHABLE',
    false,
    /no such Secret/,
  ],
  ['a Secret without metadata', ok({ kind: 'Secret' }), 'KEY_STORE_UNREACHABLE', false, /no such Secret/],
  [
    'data that is no base64',
    ok(secret({ data: { jwks: planted } })),
    'KEY_STORE_UNREACHABLE',
    false,
    /no such Secret/,
  ],
  ['data that is a list', ok(secret({ data: [planted] })), 'KEY_STORE_UNREACHABLE', false, /no such Secret/],
  [
    '404 of something else',
    { status: 404, body: '404 page not found' },
    'KEY_STORE',
    false,
    /address|reason that is not known/,
  ],
  ['a word that is not known', { status: 418, body: status('Teapot') }, 'KEY_STORE', false, /\(418 Teapot\)/],
  ['a word that is none', { status: 400, body: status(`Bad ${planted}`) }, 'KEY_STORE', false, /\(400\)/],
  [
    'a word that every object has',
    { status: 400, body: status('constructor') },
    'KEY_STORE',
    false,
    /\(400 constructor\)/,
  ],
  ['403 of something else', { status: 403, body: planted }, 'KEY_STORE', false, /\(403\)/],
  [
    'a redirect to another host',
    { status: 307, headers: { location: 'http://127.0.0.2:9/' } },
    'KEY_STORE_UNREACHABLE',
    false,
    /another host/,
  ],
  [
    'redirects in a circle',
    { status: 307, headers: { location: '/' } },
    'KEY_STORE_UNREACHABLE',
    false,
    /circle/,
  ],
  ['a redirect to nowhere', { status: 302, body: planted }, 'KEY_STORE', false, /\(302\)/],
  ['a broken connection', 'reset', 'KEY_STORE_UNREACHABLE', true, /not reached/],
  ['an answer without end', 'endless', 'KEY_STORE_UNREACHABLE', false, /more than a secret can hold/],
];

/** What is expected of whoever gets such an answer, whatever was asked. */
const ofEveryRequest = rows.map(
  ([name, fault, code, isTransient, message, retryAfter]) =>
    [
      name,
      fault,
      (error: KeyStoreError) => {
        expect(error.code).toContain(code);
        expect(error).toMatchObject({ isTransient, retryAfter });
        expect(error.message).toMatch(message);
      },
    ] as const,
);

describe('an answer that is none', () => {
  it.each(ofEveryRequest)('%s, to a read', async (_, fault, check) => {
    proxy.fault = () => fault;
    check(await refusalOf(driver.read(signal())));
  });

  it.each(ofEveryRequest)('%s, to a change', async (_, fault, check) => {
    proxy.fault = ({ method }) => (method === 'GET' ? ok(secret()) : fault);
    check(await refusalOf(driver.write({ jwks: 'x' }, 'u/1', signal())));
  });

  it.each(ofEveryRequest)('%s, to what makes it', async (_, fault, check) => {
    const created = typeof fault === 'object' && fault.status === 200 ? { ...fault, status: 201 } : fault;
    const absent = { status: 404, body: status('NotFound', { kind: 'secrets', name: 'oidc-keys' }) };
    proxy.fault = ({ method }) => (method === 'GET' ? absent : created);
    check(await refusalOf(driver.write({ jwks: 'x' }, undefined, signal())));
  });

  it.each<[string, Answer]>([
    [
      'of another thing',
      { status: 404, body: status('NotFound', { kind: 'namespaces', name: 'oidc-keys' }) },
    ],
    ['of another Secret', { status: 404, body: status('NotFound', { kind: 'secrets', name: 'other' }) }],
    ['without a word', { status: 404, body: '' }],
    [
      'with a word, of something else',
      { status: 404, body: { reason: 'NotFound', details: { kind: 'secrets', name: 'oidc-keys' } } },
    ],
  ])('404 %s does not mean that nothing is there', async (_, fault) => {
    proxy.fault = () => fault;
    expect((await refusalOf(driver.read(signal()))).code).toMatch(/^KEY_STORE_(UNREACHABLE|MISCONFIGURED)$/);
  });

  it.each<[string, string, Answer]>([
    ['a change', 'u/1', { status: 409, body: status('AlreadyExists') }],
    ['a change', 'u/1', { status: 409, body: planted }],
    ['what makes it', '', { status: 409, body: status('Conflict') }],
    ['what makes it', '', { status: 409, body: planted }],
  ])('409 with another word is no answer to %s', async (_, version, fault) => {
    const absent = { status: 404, body: status('NotFound', { kind: 'secrets', name: 'oidc-keys' }) };
    proxy.fault = ({ method }) => (method === 'GET' ? (version ? ok(secret()) : absent) : fault);
    const error = await refusalOf(driver.write({ jwks: 'x' }, version || undefined, signal()));
    expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN', isTransient: false });
  });

  it.each<[string, Answer]>([
    ['a namespace', { status: 404, body: status('NotFound', { kind: 'namespaces', name: 'auth' }) }],
    ['something else', { status: 404, body: '' }],
  ])('404 of %s does not mean that the Secret is gone', async (_, fault) => {
    proxy.fault = ({ method }) => (method === 'GET' ? ok(secret()) : fault);
    expect((await refusalOf(driver.write({ jwks: 'x' }, 'u/1', signal()))).isTransient).toBe(false);
  });

  it('what is wrong with a Secret is named by its members, if they are names', async () => {
    const causes = [
      { reason: 'FieldValueInvalid', field: 'metadata.labels', message: planted },
      { reason: 'FieldValueInvalid', field: `data[${planted}]`, message: planted },
    ];
    const fault = { status: 422, body: status('Invalid', { causes }) };
    proxy.fault = ({ method }) => (method === 'GET' ? ok(secret()) : fault);
    const error = await refusalOf(driver.write({ jwks: 'x' }, 'u/1', signal()));
    expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN', isTransient: false });
    expect(error.message).toContain('(metadata.labels)');
  });
});

describe('a server that answers late', () => {
  const open = () =>
    keyStoreNamed(where, { name: 'OIDC_KEY_STORE', setting: (name) => ({ KUBECONFIG: kubeconfig })[name] });

  it('is asked again where that may be worth it', async () => {
    const faults: Fault[] = [
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 503, body: status('ServiceUnavailable') },
      'reset',
      ok(secret()),
    ];
    proxy.fault = () => faults.shift();
    expect(await open().read()).toMatchObject({ text: planted, version: 'u/1' });
    expect(proxy.heard).toHaveLength(4);
  });

  it.each<[string, Answer]>([
    ['refuses', { status: 403, body: status('Forbidden', {}, forbidden('me', 'get')) }],
    ['does not know who asks', { status: 401, body: status('Unauthorized') }],
    ['asks to be left alone for long', { status: 429, headers: { 'retry-after': '120' } }],
  ])('is asked once where it %s', async (_, fault) => {
    proxy.fault = () => fault;
    await refusalOf(open().read());
    expect(proxy.heard).toHaveLength(1);
  });

  it('is not waited for by whoever has stopped to', async () => {
    proxy.fault = () => 'hang';
    const asking = new AbortController();
    const reading = rejectionOf(open().read(asking.signal));
    await new Promise((resolve) => setTimeout(resolve, 100));
    asking.abort(new Error('enough'));
    expect((await reading).message).toBe('enough');
  });

  it('a redirect within it is followed, with the credentials', async () => {
    proxy.fault = ({ path }) =>
      path.endsWith('?once') ? ok(secret()) : { status: 307, headers: { location: `${path}?once` } };
    expect(await driver.read(signal())).toMatchObject({ version: 'u/1' });
    expect(proxy.heard.map(({ authorization }) => authorization)).toEqual(
      Array.from({ length: 2 }, () => `Bearer ${token}`),
    );
  });
});

describe('how it is reached', () => {
  const refused = async (values: Readonly<Record<string, string>>, client?: unknown, account?: string) => {
    const opening = (async () => {
      const opened = await openKubernetes({ ...place(values), client }, account);
      return opened.read(signal());
    })();
    return refusalOf(opening);
  };
  const fileOf = (content: string) => {
    const path = join(mkdtempSync(join(folder, 'file-')), 'content');
    writeFileSync(path, content);
    return path;
  };
  const config = (cluster: object, user: object = { token }) => ({ KUBECONFIG: written(cluster, user) });
  const https = { server: 'https://127.0.0.1:9' };

  it('outside of a pod it is said how', async () => {
    const error = await refused({});
    expect(error.code).toBe('KEY_STORE_MISCONFIGURED');
    expect(error.message).toContain('kubectl config view --raw --minify --flatten -o json > kubeconfig.json');
  });

  it('a client is not taken', async () => {
    const error = await refused(config(https), {});
    expect(error.code).toBe('KEY_STORE_MISCONFIGURED');
    expect(error.message).toContain('takes no client');
  });

  it.each<[string, () => Readonly<Record<string, string>>, RegExp]>([
    ['is not there', () => ({ KUBECONFIG: '/nowhere/config' }), /cannot be read \(ENOENT\)/],
    ['is a folder', () => ({ KUBECONFIG: folder }), /cannot be read \(EISDIR\)/],
    ['is several', () => ({ KUBECONFIG: `${written(https, {})}:${written(https, {})}` }), /one file/],
    [
      'is YAML',
      () => ({ KUBECONFIG: fileOf('apiVersion: v1\nkind: Config\n') }),
      /no JSON.*kubectl config view/,
    ],
    ['is a list', () => ({ KUBECONFIG: fileOf('[]') }), /no JSON/],
    ['has no context', () => ({ KUBECONFIG: fileOf('{}') }), /context of its current context/],
    [
      'has no such cluster',
      () => ({
        KUBECONFIG: fileOf(
          JSON.stringify({ 'current-context': 'a', contexts: [{ name: 'a', context: { cluster: 'b' } }] }),
        ),
      }),
      /the cluster of/,
    ],
    [
      'has no such user',
      () => ({
        KUBECONFIG: fileOf(
          JSON.stringify({
            'current-context': 'a',
            contexts: [{ name: 'a', context: { cluster: 'b', user: 'c' } }],
            clusters: [{ name: 'b', cluster: https }],
            users: [null, { name: 'd', user: {} }],
          }),
        ),
      }),
      /the user of/,
    ],
    ['has no server', () => config({}), /https:/],
    ['has a server that is no address', () => config({ server: planted }), /https:/],
    ['sends the token in plain', () => config({ server: 'http://192.0.2.1' }), /https:/],
    [
      'does not look at certificates',
      () => config({ ...https, 'insecure-skip-tls-verify': true }),
      /insecure-skip-tls-verify.*certificate-authority-data/,
    ],
    ['goes through a proxy', () => config({ ...https, 'proxy-url': 'http://proxy' }), /proxy-url/],
    ['runs a plugin', () => config(https, { exec: { command: planted } }), /"exec".*kubectl create token/],
    ['runs an older plugin', () => config(https, { 'auth-provider': { name: planted } }), /"auth-provider"/],
    ['has a password', () => config(https, { username: 'me', password: planted }), /"username"/],
    ['impersonates somebody', () => config(https, { token, as: 'admin' }), /"as"/],
    [
      'names a file of an authority that is not there',
      () => config({ ...https, 'certificate-authority': 'nowhere' }),
      /names a file that cannot be read \(ENOENT\)/,
    ],
    [
      'names a token that is not there',
      () => config(https, { tokenFile: '/nowhere' }),
      /names a file that cannot be read/,
    ],
  ])('KUBECONFIG %s', async (_, values, message) => {
    const error = await refused(values());
    expect(error).toMatchObject({ code: 'KEY_STORE_MISCONFIGURED', isTransient: false });
    expect(error.message).toMatch(message);
  });

  it.each([
    ['a token of two lines', { token: `${planted}\r\nx: y` }],
    ['an empty file', () => ({ tokenFile: fileOf('\n') })],
  ])('KUBECONFIG has %s', async (_, user) => {
    const error = await refused(config(https, typeof user === 'function' ? user() : user));
    expect(error).toMatchObject({ code: 'KEY_STORE_UNAUTHENTICATED', isTransient: false });
    expect(error.message).toContain('whose token is none');
  });

  const pod = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '9' };
  const account = (content: Readonly<Record<string, string>>) => {
    const path = mkdtempSync(join(folder, 'account-'));
    for (const [name, text] of Object.entries(content)) writeFileSync(join(path, name), text);
    return path;
  };

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['no account', {}, /cannot be read \(ENOENT\).*automountServiceAccountToken/],
    ['no token', { 'ca.crt': '' }, /token cannot be read \(ENOENT\)/],
    ['an empty token', { 'ca.crt': '', token: '\n' }, /token holds no token/],
  ])('a pod with %s', async (_, content, message) => {
    const error = await refused(pod, undefined, account(content));
    expect(error).toMatchObject({ code: 'KEY_STORE_UNAUTHENTICATED', isTransient: false });
    expect(error.message).toMatch(message);
  });

  it.each([
    ['a host that is none', { ...pod, KUBERNETES_SERVICE_HOST: `${planted}/a b` }],
    ['a port that is none', { ...pod, KUBERNETES_SERVICE_PORT: 'tcp://10.0.0.1:443' }],
    ['a host with a user', { ...pod, KUBERNETES_SERVICE_HOST: 'a@b' }],
  ])('a pod with %s', async (_, values) => {
    const error = await refused(values, undefined, account({ 'ca.crt': '', token }));
    expect(error).toMatchObject({ code: 'KEY_STORE_MISCONFIGURED', isTransient: false });
    expect(error.message).toContain('KUBERNETES_SERVICE_HOST');
  });

  it.each([
    'oidc-keys',
    'auth/',
    '/oidc-keys',
    'auth/oidc-keys/jwks',
    'Auth/oidc-keys',
    'auth/oidc_keys',
    'auth/../kube-system',
    'auth/.',
    `auth/${'a'.repeat(254)}`,
    `${'a'.repeat(64)}/oidc-keys`,
  ])('"kubernetes:%s" is no reference', (reference) => {
    const open = () => keyStoreNamed(`kubernetes:${reference}`, { name: 'OIDC_KEY_STORE' });
    expect(open).toThrow('OIDC_KEY_STORE does not look like kubernetes:NAMESPACE/SECRET');
  });

  it('names may be as long as Kubernetes has them, and a Secret has dots', () => {
    const open = () =>
      keyStoreNamed(`kubernetes:${'a'.repeat(63)}/a.b-c.${'d'.repeat(247)}`, { name: 'OIDC_KEY_STORE' });
    expect(open).not.toThrow();
  });
});
