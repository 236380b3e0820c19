import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { KeyStoreError } from '../../../lib/stores/key-store.js';
import { everythingPrintedOf, rejectionOf } from '../../support/errors.js';
import { OpenBao } from '../../support/stores/openbao.js';
import { ProxyWithFaults } from '../../support/stores/proxy-with-faults.js';
import type { Fault } from '../../support/stores/proxy-with-faults.js';
import { describeStore } from '../../support/stores/store-under-test.js';
import { vaultStore } from '../../support/stores/vault-store.js';
import { vaultUnderTest } from '../../support/stores/vault.under-test.js';

const planted = 'planted-by-the-test';
const json = (status: number, body: unknown, headers: Record<string, string> = {}): Fault => ({
  type: 'answer',
  status,
  headers,
  body: JSON.stringify(body),
});
const html = (status: number, headers: Record<string, string> = {}): Fault => ({
  type: 'answer',
  status,
  headers: { 'content-type': 'text/html', ...headers },
  body: `<html><body>${planted}</body></html>`,
});
const throttled = { errors: [`request path "${planted}": rate limit quota exceeded`] };

/** What passes by itself. */
const passing: readonly (readonly [string, Fault])[] = [
  ['429 without Retry-After', json(429, throttled)],
  ['429 with Retry-After', json(429, throttled, { 'retry-after': '1' })],
  ['429 of something before Vault', html(429)],
  ['a standby that is behind', json(429, { errors: [] }, { 'retry-after': '1' })],
  ['a standby of Vault that is behind', json(412, { errors: ['required index state not present'] })],
  ['503 of something before Vault', html(503)],
  ['502', html(502)],
  ['no leader', json(500, { errors: ['local node not active but active cluster node not found'] })],
  ['a seal that is being opened', json(503, { errors: ['Vault is sealed'] })],
  [
    'a mount that is being upgraded',
    json(400, { errors: ['Upgrading from non-versioned to versioned data.'] }),
  ],
  ['a connection that is reset', { type: 'reset' }],
  ['an answer that is lost', { type: 'lost' }],
];

/** The same where it does not, and what a read then says. */
const lasting: readonly (readonly [string, Fault, string, RegExp])[] = [
  ['429', json(429, throttled), 'KEY_STORE_THROTTLED', /asked too often/],
  ['a standby that is behind', json(429, { errors: [] }), 'KEY_STORE_UNREACHABLE', /is behind/],
  ['503', html(503), 'KEY_STORE_UNREACHABLE', /an error of its own \(503\)/],
  ['a reset', { type: 'reset' }, 'KEY_STORE_UNREACHABLE', /not reached \(ECONNRESET\)/],
];

/** What is not asked for again. */
const staying: readonly (readonly [string, Fault, string, RegExp])[] = [
  [
    '429 that asks for a minute',
    json(429, throttled, { 'retry-after': '60' }),
    'KEY_STORE_THROTTLED',
    /asked too often/,
  ],
  ['a gigabyte', { type: 'endless' }, 'KEY_STORE_UNREACHABLE', /more than a secret can hold/],
  [
    'half a document',
    { type: 'changed', change: ({ body }) => ({ body: body.slice(0, body.length / 2) }) },
    'KEY_STORE_UNREACHABLE',
    /not from Vault/,
  ],
  ['HTML with 200', html(200), 'KEY_STORE_UNREACHABLE', /\(200\) that is not from Vault/],
  ['HTML with 403', html(403), 'KEY_STORE_UNREACHABLE', /\(403\) that is not from Vault/],
  ['HTML with 404', html(404), 'KEY_STORE_UNREACHABLE', /\(404\) that is not from Vault/],
  ['nothing with 200', { type: 'answer', status: 200 }, 'KEY_STORE_UNREACHABLE', /not from Vault/],
  ['JSON that is no object', json(200, [planted]), 'KEY_STORE_UNREACHABLE', /not from Vault/],
  ['an empty object', json(200, {}), 'KEY_STORE_NOT_READ', /none to what was asked/],
  ['404 of a gateway', json(404, { message: planted }), 'KEY_STORE_NOT_READ', /none to what was asked/],
  ['403 of a gateway', json(403, { message: planted }), 'KEY_STORE_NOT_READ', /none to what was asked/],
  [
    '404 with an error that is not known',
    json(404, { errors: [planted] }),
    'KEY_STORE_NOT_READ',
    /none to what was asked/,
  ],
  ['400', json(400, { errors: [planted] }), 'KEY_STORE_NOT_READ', /\(400\)/],
  ['204', { type: 'answer', status: 204 }, 'KEY_STORE_NOT_READ', /\(204\)/],
  [
    'a mount that is not above the path',
    json(200, { data: { type: 'kv', path: 'other/', options: { version: '2' } } }),
    'KEY_STORE_NOT_READ',
    /none to what was asked/,
  ],
  [
    'a redirect in a circle',
    { type: 'answer', status: 307, headers: { location: '/v1/again' } },
    'KEY_STORE_UNREACHABLE',
    /in a circle/,
  ],
];

/** What is no secret of version 2. */
const metadata = { created_time: '2026-01-01T00:00:00Z', deletion_time: '', destroyed: false, version: 1 };
const noSecrets: readonly (readonly [string, Fault])[] = [
  [
    'no version',
    json(200, { data: { data: { jwks: planted }, metadata: { ...metadata, version: undefined } } }),
  ],
  [
    'a version in words',
    json(200, { data: { data: { jwks: planted }, metadata: { ...metadata, version: 'one' } } }),
  ],
  [
    'a version below 1',
    json(200, { data: { data: { jwks: planted }, metadata: { ...metadata, version: 0 } } }),
  ],
  ['no time of its making', json(200, { data: { data: { jwks: planted }, metadata: { version: 1 } } })],
  ['a text', json(200, { data: { data: planted, metadata } })],
  ['a list', json(200, { data: { data: [planted], metadata } })],
  ['an error beside it', json(200, { errors: [planted], data: { data: { jwks: planted }, metadata } })],
  ['an answer in a wrapper', json(200, { data: null, wrap_info: { token: planted } })],
];

describeStore(vaultUnderTest, 'what goes wrong between here and the server', () => {
  let server: OpenBao;
  let proxy: ProxyWithFaults;
  let secretId: string;
  let roleId: string;

  beforeAll(async () => {
    server = await OpenBao.dev();
    proxy = await ProxyWithFaults.before(server.address);
    await server.tell('secret/data/keys', { body: { data: { jwks: 'one' } } });
    const policy = 'path "secret/data/keys" { capabilities = ["create", "read", "update"] }';
    await server.tell('sys/policies/acl/keys', { body: { policy } });
    await server.tell('sys/auth/approle', { body: { type: 'approle' } });
    await server.tell('auth/approle/role/issuer', { body: { token_policies: ['keys'] } });
    roleId = (await server.tell('auth/approle/role/issuer/role-id')).data!.role_id!;
    secretId = (await server.tell('auth/approle/role/issuer/secret-id', { body: {} })).data!.secret_id!;
  }, 60_000);
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });
  beforeEach(() => proxy.reset());

  const open = () =>
    vaultStore(proxy, 'vault:secret/keys', {
      VAULT_TOKEN: undefined,
      VAULT_ROLE_ID: roleId,
      VAULT_SECRET_ID: secretId,
    });
  /** Whose request it is: each is tried in turn. */
  const requests = ['login', 'mounts', 'data'] as const;
  const isOf = (path: string, request: string) => path.includes(`/${request}`);

  function expectNothingSecretIn(error: unknown): void {
    const printed = everythingPrintedOf(error);
    for (const secret of [planted, secretId, roleId]) expect(printed).not.toContain(secret);
    const sent = proxy.seen
      .map(({ headers }) => headers['x-vault-token'])
      .filter((token) => token !== undefined);
    for (const token of sent) expect(printed).not.toContain(token);
  }

  /** What a read says while this happens to a request, and that it is right when it does not. */
  async function expectRefusal(request: string, fault: Fault, code: string, words: RegExp): Promise<void> {
    proxy.fault = ({ path }) => (isOf(path, request) || path === '/v1/again' ? fault : undefined);
    const store = open();
    const error = (await rejectionOf(store.read())) as KeyStoreError;
    expect([error.name, error.message.startsWith('vault:secret/keys ')]).toEqual(['KeyStoreError', true]);
    // Who may not log in is told so, whatever the reason that the server gives.
    const isRefusedLogin = request === 'login' && error.code === 'KEY_STORE_UNAUTHENTICATED';
    if (!isRefusedLogin) expect([error.code, error.message]).toEqual([code, expect.stringMatching(words)]);
    expectNothingSecretIn(error);
    proxy.reset();
    expect(await store.read()).toMatchObject({ text: 'one' });
  }

  describe.each(requests)('at the request for %s', (request) => {
    it.each(passing)('%s passes', async (_, fault) => {
      let isDone = false;
      proxy.fault = ({ path }) => {
        if (isDone || !isOf(path, request)) return undefined;
        isDone = true;
        return fault;
      };
      expect(await open().read()).toMatchObject({ text: 'one' });
      expect(isDone).toBe(true);
    });

    it.each(staying)('%s stays, and is said in words', (_, fault, code, words) =>
      expectRefusal(request, fault, code, words),
    );

    it('attack 45: a redirect to another host is not followed, and what is secret not sent there', async () => {
      const other = await ProxyWithFaults.before(server.address);
      proxy.fault = ({ path }) =>
        isOf(path, request)
          ? { type: 'answer', status: 307, headers: { location: `${other.address}${path}` } }
          : undefined;
      const error = await rejectionOf(open().read());
      expect(error).toMatchObject({
        code: 'KEY_STORE_UNREACHABLE',
        isTransient: true,
        message: expect.stringContaining('redirects to another host'),
      });
      expectNothingSecretIn(error);
      expect(other.seen).toEqual([]);
      await other.stop();
    });

    it('a redirect to a path that looks like another host stays on the server', async () => {
      const other = await ProxyWithFaults.before(server.address);
      const path = `//${new URL(other.address).host}/v1/elsewhere`;
      const paths: string[] = [];
      proxy.fault = (asked) => {
        paths.push(asked.path);
        if (asked.path === path) return json(404, { errors: [] });
        const location = `${proxy.address}${path}`;
        return isOf(asked.path, request) ? { type: 'answer', status: 307, headers: { location } } : undefined;
      };
      await open()
        .read()
        .catch(() => undefined);
      expect(other.seen).toEqual([]);
      expect(paths).toContain(path);
      await other.stop();
    });

    it('a redirect to another path of the same server is followed', async () => {
      proxy.fault = async ({ path, method, body, headers }) => {
        if (path.startsWith('/v1/moved/')) {
          const token = headers['x-vault-token'];
          const answer = await server.ask(path.replace('/v1/moved/', ''), {
            method,
            token: typeof token === 'string' ? token : '',
            ...(body !== '' && { body: JSON.parse(body) as object }),
          });
          return json(answer.status, answer.json);
        }
        const location = path.replace('/v1/', '/v1/moved/');
        return isOf(path, request) ? { type: 'answer', status: 307, headers: { location } } : undefined;
      };
      expect(await open().read()).toMatchObject({ text: 'one' });
    });
  });

  it.each(lasting)('%s that lasts is said in words', (_, fault, code, words) =>
    expectRefusal('data', fault, code, words),
  );

  it('an answer that does not come is asked for again', async () => {
    let isDone = false;
    proxy.fault = () => {
      if (isDone) return undefined;
      isDone = true;
      return { type: 'hang' };
    };
    expect(await open().read()).toMatchObject({ text: 'one' });
  });

  it.each(noSecrets)('a secret with %s is not believed', async (_, fault) => {
    proxy.fault = ({ path }) => (isOf(path, 'data') ? fault : undefined);
    const error = await rejectionOf(open().read());
    expect(error).toMatchObject({
      code: 'KEY_STORE_NOT_READ',
      isTransient: false,
      message: expect.stringContaining('none to what was asked'),
    });
    expectNothingSecretIn(error);
  });

  it('a mount that changes between two requests is asked for again', async () => {
    const gone = json(404, { errors: ['no handler for route "secret/data/keys". route entry not found.'] });
    let isDone = false;
    proxy.fault = ({ path }) => {
      if (isDone || !isOf(path, 'data')) return undefined;
      isDone = true;
      return gone;
    };
    expect(await open().read()).toMatchObject({ text: 'one' });
    expect(proxy.seen.filter(({ path }) => isOf(path, 'mounts'))).toHaveLength(2);
  });

  it('a token that Vault calls invalid is replaced by a login', async () => {
    const store = open();
    await store.read();
    for (const error of [
      '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n',
      'permission denied',
    ]) {
      proxy.reset();
      let isDone = false;
      proxy.fault = ({ path }) => {
        if (isDone || isOf(path, 'login')) return undefined;
        isDone = true;
        return json(403, { errors: [error] });
      };
      expect(await store.read()).toMatchObject({ text: 'one' });
      expect(proxy.seen.filter(({ path }) => isOf(path, 'login'))).toHaveLength(1);
    }
  });

  it('a server that misses a token says so in its own way', async () => {
    proxy.fault = () => json(400, { errors: ['missing client token'] });
    expect(
      await rejectionOf(vaultStore(proxy, 'vault:secret/keys', { VAULT_TOKEN: undefined }).read()),
    ).toMatchObject({
      code: 'KEY_STORE_UNAUTHENTICATED',
      message: expect.stringContaining('none is configured'),
    });
  });

  it('an older version is taken as it comes: the counter may have started again', async () => {
    const store = open();
    const { version } = (await store.read())!;
    await store.write('two', version);
    proxy.fault = ({ path }) =>
      isOf(path, 'data')
        ? json(200, { data: { data: { jwks: 'older' }, metadata: { ...metadata, version: 1 } } })
        : undefined;
    expect(await store.read()).toMatchObject({ text: 'older' });
    proxy.reset();
    const found = (await store.read())!;
    await store.write('one', found.version);
  });

  it.each([
    ['404 with no errors', json(404, { errors: [] })],
    [
      'a deleted version',
      json(404, { data: { data: null, metadata: { ...metadata, deletion_time: metadata.created_time } } }),
    ],
  ])('nothing there is what %s means, and nothing else', async (_, fault) => {
    proxy.fault = ({ path }) => (isOf(path, 'data') ? fault : undefined);
    expect(await open().read()).toBeUndefined();
  });

  it('a write is sent once, and what is said against it is passed on', async () => {
    const store = open();
    const { version } = (await store.read())!;
    for (const [fault, code] of [
      [json(503, { errors: ['Vault is sealed'] }), 'KEY_STORE_SEALED'],
      [json(429, throttled), 'KEY_STORE_THROTTLED'],
      [json(400, { errors: [planted] }), 'KEY_STORE_NOT_WRITTEN'],
      [json(404, { errors: [planted] }), 'KEY_STORE_NOT_WRITTEN'],
      [json(403, { errors: [`1 error occurred:\n\t* ${planted}`] }), 'KEY_STORE_FORBIDDEN'],
      [{ type: 'reset' }, 'KEY_STORE_UNREACHABLE'],
    ] as const) {
      proxy.reset();
      proxy.fault = ({ path, method }) => (isOf(path, 'data') && method === 'POST' ? fault : undefined);
      const error = await rejectionOf(store.write('two', version));
      expect((error as KeyStoreError).code).toBe(code);
      expectNothingSecretIn(error);
      expect(proxy.seen.filter(({ method, path }) => method === 'POST' && isOf(path, 'data'))).toHaveLength(
        1,
      );
    }
  });

  it('every request says that it is none of a browser, and that a field of it is JSON', async () => {
    const store = open();
    const found = (await store.read())!;
    await store.write(found.text, found.version);
    for (const { headers, method } of proxy.seen) {
      expect(headers['x-vault-request']).toBe('true');
      expect(headers['content-type']).toBe(method === 'POST' ? 'application/json' : undefined);
    }
    const written = proxy.seen.find(({ method, path }) => method === 'POST' && isOf(path, 'data'))!;
    expect(JSON.parse(written.body)).toEqual({
      options: { cas: expect.any(Number) },
      data: { jwks: found.text },
    });
  });
});
