import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { rejectionOf } from '../../support/errors.js';
import { raftConfiguration } from '../../support/stores/openbao-raft.js';
import { OpenBao, rootToken } from '../../support/stores/openbao.js';
import { describeStore } from '../../support/stores/store-under-test.js';
import { vaultStore } from '../../support/stores/vault-store.js';
import { vaultUnderTest } from '../../support/stores/vault.under-test.js';

const policyFor = (path: string, ...capabilities: string[]) =>
  `path "${path}" { capabilities = [${capabilities.map((each) => `"${each}"`).join(', ')}] }`;

describeStore(vaultUnderTest, 'what a server refuses, in words', () => {
  let server: OpenBao;
  beforeAll(async () => {
    server = await OpenBao.dev();
    await server.tell('secret/data/keys', { body: { data: { jwks: 'one' } } });
    await server.tell('sys/mounts/transit', { body: { type: 'transit' } });
  }, 60_000);
  afterAll(() => server?.stop());

  const reading = (
    settings: Readonly<Record<string, string | undefined>> = {},
    reference = 'vault:secret/keys',
  ) => rejectionOf(vaultStore(server, reference, settings).read());

  describe('a path', () => {
    it.each([
      ['in no mount', 'vault:nowhere/keys', 'KEY_STORE_FORBIDDEN', 'is in no mount of this server'],
      ['of another engine', 'vault:transit/keys', 'KEY_STORE_MISCONFIGURED', 'keeps no secrets (transit)'],
      [
        'of a token’s own drawer',
        'vault:cubbyhole/keys',
        'KEY_STORE_MISCONFIGURED',
        'keeps no secrets (cubbyhole)',
      ],
      ['of the system', 'vault:sys/keys', 'KEY_STORE_MISCONFIGURED', 'keeps no secrets (system)'],
    ])('%s', async (_, reference, code, words) => {
      expect(await reading({}, reference)).toMatchObject({
        code,
        isTransient: false,
        message: expect.stringContaining(
          `${reference} ${words.startsWith('is') ? '' : 'is in a mount that '}${words}`,
        ),
      });
    });

    it('that is a mount and no secret', async () => {
      await server.tell('sys/mounts/team/kv', { body: { type: 'kv', options: { version: '2' } } });
      expect(await reading({}, 'vault:team/kv')).toMatchObject({
        code: 'KEY_STORE_MISCONFIGURED',
        message: expect.stringContaining('names a mount and no secret in it'),
      });
    });

    it('in a namespace that is not there', async () => {
      expect(await reading({ VAULT_NAMESPACE: 'nobody' })).toMatchObject({
        code: 'KEY_STORE_MISCONFIGURED',
        message: expect.stringContaining('Check VAULT_NAMESPACE'),
      });
    });
  });

  describe('a token without the right', () => {
    const withPolicy = async (policy: string, reference = 'vault:secret/keys') =>
      vaultStore(server, reference, { VAULT_TOKEN: await server.tokenWith(policy) });

    it('to anything there', async () => {
      const store = await withPolicy(policyFor('elsewhere/data/keys', 'read'));
      expect(await rejectionOf(store.read())).toMatchObject({
        code: 'KEY_STORE_FORBIDDEN',
        message: expect.stringContaining('the token in VAULT_TOKEN has no right to anything there'),
      });
    });

    it('to read', async () => {
      const store = await withPolicy(policyFor('secret/data/keys', 'update'));
      expect(await rejectionOf(store.read())).toMatchObject({
        code: 'KEY_STORE_FORBIDDEN',
        isTransient: false,
        message:
          'vault:secret/keys may not be read with the token in VAULT_TOKEN. A policy of it has to say: ' +
          'path "secret/data/keys" { capabilities = ["read"] }',
      });
    });

    it.each([
      ['update', 'secret/data/keys', 'create'],
      ['create', 'secret/data/new', 'update'],
    ])('to %s', async (_, path, other) => {
      const store = await withPolicy(policyFor(path, 'read', other), `vault:${path.replace('data/', '')}`);
      const found = await store.read();
      expect(await rejectionOf(store.write('two', found?.version))).toMatchObject({
        code: 'KEY_STORE_FORBIDDEN',
        message: expect.stringContaining(`path "${path}" { capabilities = ["create", "read", "update"] }`),
      });
      expect((await store.read())?.text).toBe(found?.text);
    });

    it.each([
      ['what is known of the versions', []],
      ['versions to be destroyed', [policyFor('secret/metadata/keys', 'read')]],
    ])('to %s', async (_, more) => {
      await server.tell('secret/data/keys', { body: { data: { jwks: 'one' } } });
      const store = await withPolicy([policyFor('secret/data/keys', 'read'), ...more].join('\n'));
      const { version } = (await store.read())!;
      expect(await rejectionOf(store.destroyBefore!(version))).toMatchObject({
        code: 'KEY_STORE_FORBIDDEN',
        message: expect.stringMatching(
          /rid of its old versions.*path "secret\/metadata\/keys" \{ capabilities = \["read"\] \} path "secret\/destroy\/keys" \{ capabilities = \["update"\] \}/,
        ),
      });
    });
  });

  describe('settings', () => {
    it.each([
      ['no address', { VAULT_ADDR: undefined }, 'VAULT_ADDR is not set'],
      ['an address without a scheme', { VAULT_ADDR: 'vault:8200' }, 'VAULT_ADDR is no address'],
      ['a socket', { VAULT_ADDR: 'unix:///run/vault.sock' }, 'VAULT_ADDR is no address'],
      [
        'an address with a password',
        { BAO_ADDR: 'https://me:pass-word@vault:8200' },
        'BAO_ADDR is no address',
      ],
      [
        'a namespace with a line end in it',
        { VAULT_NAMESPACE: 'a\r\nx-evil: 1' },
        'VAULT_NAMESPACE is no path',
      ],
      [
        'a login at no path',
        { VAULT_TOKEN: undefined, VAULT_ROLE_ID: 'x', VAULT_APPROLE_MOUNT: '../sys' },
        'VAULT_APPROLE_MOUNT is no path',
      ],
      [
        'no file of authorities',
        { VAULT_CACERT: '/nonexistent/ca.pem' },
        'the file that VAULT_CACERT names cannot be read (ENOENT)',
      ],
      [
        'a file that holds no authorities',
        { VAULT_CACERT: '/etc/hostname' },
        'VAULT_CACERT names holds no certificate',
      ],
    ])('%s', async (_, settings, words) => {
      const error = await reading(settings);
      expect(error).toMatchObject({
        code: 'KEY_STORE_MISCONFIGURED',
        isTransient: false,
        message: expect.stringContaining(words),
      });
      expect(error.message).not.toContain('pass-word');
    });

    it('a client, since there is none for it', async () => {
      const { keyStoreNamed } = await import('../../../lib/stores/store-reference.js');
      const store = keyStoreNamed('vault:secret/keys', { name: 'The store', client: {} });
      expect(await rejectionOf(store.read())).toMatchObject({
        code: 'KEY_STORE_MISCONFIGURED',
        message: expect.stringContaining('takes no client'),
      });
    });

    it.each([
      'vault:',
      'vault:secret',
      'vault:/secret/keys',
      'vault:secret/keys/',
      'vault:secret//keys',
      'vault:secret/../keys',
      'vault:./keys',
      'vault:secret/a\nb',
    ])('the reference %j', async (reference) => {
      const { keyStoreNamed } = await import('../../../lib/stores/store-reference.js');
      expect(() => keyStoreNamed(reference, { name: 'OIDC_KEY_STORE' })).toThrow(
        /^OIDC_KEY_STORE does not look like vault:MOUNT\/PATH/,
      );
    });

    it('an address with a path before that of the API, and a slash behind it', async () => {
      const { ProxyWithFaults } = await import('../../support/stores/proxy-with-faults.js');
      const proxy = await ProxyWithFaults.before(server.address);
      proxy.fault = async ({ path }) => {
        const { status, json } = await server.ask(path.replace('/secrets/vault/v1/', ''));
        return { type: 'answer', status, body: JSON.stringify(json) };
      };
      const store = vaultStore(server, 'vault:secret/keys', {
        VAULT_ADDR: `${proxy.address}/secrets/vault/`,
      });
      expect(await store.read()).toMatchObject({ text: expect.stringMatching(/one|two/) });
      await proxy.stop();
    });
  });

  describe('that it is asked too often', () => {
    afterEach(() => server.tell('sys/quotas/rate-limit/kv', { method: 'DELETE' }));

    it.each([
      ['without', false],
      ['with', true],
    ])('%s the time to wait', async (_, headers) => {
      await server.tell('sys/quotas/config', { body: { enable_rate_limit_response_headers: headers } });
      await server.tell('sys/quotas/rate-limit/kv', { body: { path: 'secret/', rate: 1, interval: '20s' } });
      const store = vaultStore(server, 'vault:secret/keys');
      await store.read();
      const error = await rejectionOf(store.read());
      expect(error).toMatchObject({
        code: 'KEY_STORE_THROTTLED',
        isTransient: true,
        message: expect.stringContaining('vault:secret/keys is asked too often'),
      });
      const { retryAfter } = error as { retryAfter?: number };
      if (headers) expect(retryAfter).toBeGreaterThan(5);
      else expect(retryAfter).toBeUndefined();
    });
  });

  it('that it is sealed, and reads on when it is not', async () => {
    const key = /Unseal Key: (\S+)/.exec(server.log)![1]!;
    const store = vaultStore(server, 'vault:secret/keys');
    const { text } = (await store.read())!;
    await server.tell('sys/seal', { method: 'PUT' });
    expect(await rejectionOf(store.read())).toMatchObject({
      code: 'KEY_STORE_SEALED',
      isTransient: true,
      message: 'vault:secret/keys is sealed. Somebody has to unseal the server.',
    });
    expect((await rejectionOf(store.write('two', undefined))).code).toBe('KEY_STORE_SEALED');
    const login = { VAULT_TOKEN: undefined, VAULT_ROLE_ID: 'x', VAULT_SECRET_ID: 'y' };
    expect((await reading(login)).code).toBe('KEY_STORE_SEALED');
    await server.tell('sys/unseal', { method: 'PUT', body: { key } });
    expect(await store.read()).toMatchObject({ text });
  });
});

describeStore(vaultUnderTest, 'a server that keeps what it is told on a disk', () => {
  let server: OpenBao;
  let configuration: string;
  let settings: Readonly<Record<string, string>>;

  beforeAll(async () => {
    server = await OpenBao.configured();
    configuration = await raftConfiguration(server);
    await server.run([`-config=${configuration}`]);
    await server.ready();
    settings = { VAULT_TOKEN: await server.login() };
  }, 60_000);
  afterAll(() => server?.stop());

  const open = (name: string) => vaultStore(server, `vault:secret/${name}`, settings);

  it('says that it does not run, and has the same version when it does again', async () => {
    const store = open('restarted');
    await store.write('one', undefined);
    const { version } = (await store.read())!;
    await server.end();
    expect(await rejectionOf(store.read())).toMatchObject({
      code: 'KEY_STORE_UNREACHABLE',
      isTransient: true,
      message: expect.stringMatching(/^vault:secret\/restarted is not reached \(ECONNREFUSED\)/),
    });
    await server.run([`-config=${configuration}`]);
    await server.ready();
    expect(await store.read()).toMatchObject({ text: 'one', version });
    expect(await store.write('two', version)).toBe(true);
  }, 60_000);

  it('takes what just fits, and says of more that it is too large', async () => {
    const store = open('large');
    const large = 'x'.repeat(1_000_000);
    expect(await store.write(large, undefined)).toBe(true);
    const { text, version } = (await store.read())!;
    expect(text === large).toBe(true);
    expect(await rejectionOf(store.write('x'.repeat(1_100_000), version))).toMatchObject({
      code: 'KEY_STORE_TOO_LARGE',
      isTransient: false,
      message: expect.stringMatching(/^vault:secret\/large takes no value as large as this/),
    });
    expect((await store.read())!.version).toBe(version);
  });

  it('says of what no request can hold that it is too large', async () => {
    expect((await rejectionOf(open('huge').write('x'.repeat(34_000_000), undefined))).code).toBe(
      'KEY_STORE_TOO_LARGE',
    );
  });
});

describeStore(vaultUnderTest, 'a server with a certificate of its own authority', () => {
  let server: OpenBao;
  let ca: string;
  beforeAll(async () => {
    server = await OpenBao.configured('https');
    const folder = join(server.folder, 'tls');
    mkdirSync(folder);
    ca = join(folder, 'vault-ca.pem');
    await server.run([
      '-dev-tls',
      `-dev-tls-cert-dir=${folder}`,
      '-dev-no-store-token',
      `-dev-root-token-id=${rootToken}`,
      `-dev-listen-address=127.0.0.1:${server.port}`,
    ]);
    await server.serving(ca);
  }, 60_000);
  afterAll(() => server?.stop());

  const open = (settings: Readonly<Record<string, string | undefined>>) =>
    vaultStore(server, 'vault:secret/keys', settings);

  it.each([
    ['by its address', (): Record<string, string> => ({})],
    ['by a name', () => ({ VAULT_TLS_SERVER_NAME: 'localhost' })],
    ['by settings of OpenBao', () => ({ BAO_CACERT: ca, VAULT_CACERT: '/nonexistent' })],
  ])('is asked %s', async (_, settings) => {
    expect(await open({ VAULT_CACERT: ca, ...settings() }).read()).toBeUndefined();
  });

  it.each([
    ['without its authority', () => ({ VAULT_SKIP_VERIFY: 'true' })],
    ['under another name', () => ({ VAULT_CACERT: ca, VAULT_TLS_SERVER_NAME: 'vault.example' })],
  ])('is not asked %s', async (_, settings) => {
    expect(await rejectionOf(open(settings()).read())).toMatchObject({
      code: 'KEY_STORE_UNREACHABLE',
      isTransient: false,
      message: expect.stringMatching(/does not prove to be the one.*VAULT_CACERT.*VAULT_TLS_SERVER_NAME/),
    });
  });

  it('says that it is not asked over http', async () => {
    const store = open({ VAULT_ADDR: server.address.replace('https', 'http') });
    expect(await rejectionOf(store.read())).toMatchObject({
      code: 'KEY_STORE_MISCONFIGURED',
      message: 'vault:secret/keys is asked over http, and speaks https. Change VAULT_ADDR.',
    });
  });
});

describeStore(vaultUnderTest, 'a server without TLS', () => {
  it('is not asked over https', async () => {
    const server = await OpenBao.dev();
    const store = vaultStore(server, 'vault:secret/keys', {
      VAULT_ADDR: server.address.replace('http', 'https'),
    });
    expect(await rejectionOf(store.read())).toMatchObject({
      code: 'KEY_STORE_UNREACHABLE',
      isTransient: false,
      message: expect.stringContaining('VAULT_ADDR has to begin with the scheme that the server speaks'),
    });
    await server.stop();
  });
});
