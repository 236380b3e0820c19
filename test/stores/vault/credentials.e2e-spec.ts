import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { rejectionOf } from '../../support/errors.js';
import { OpenBao, rootToken } from '../../support/stores/openbao.js';
import { ProxyWithFaults } from '../../support/stores/proxy-with-faults.js';
import { describeStore } from '../../support/stores/store-under-test.js';
import { TokenReviewDouble } from '../../support/stores/token-review.double.js';
import { vaultStore } from '../../support/stores/vault-store.js';
import { vaultUnderTest } from '../../support/stores/vault.under-test.js';

const top = mkdtempSync(join(tmpdir(), 'oidc-key-vault-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));

const policy = 'path "secret/data/keys" { capabilities = ["create", "read", "update"] }';

describeStore(vaultUnderTest, 'credentials', () => {
  let server: OpenBao;
  let proxy: ProxyWithFaults;
  let review: TokenReviewDouble;
  let roleId: string;
  let files = 0;

  beforeAll(async () => {
    server = await OpenBao.dev();
    proxy = await ProxyWithFaults.before(server.address);
    review = await TokenReviewDouble.start();
    await server.tell('secret/data/keys', { body: { data: { jwks: 'one' } } });
    await server.tell('sys/policies/acl/keys', { body: { policy } });
    for (const mount of ['approle', 'team/robots']) {
      await server.tell(`sys/auth/${mount}`, { body: { type: 'approle' } });
      await role({}, mount);
    }
    ({ roleId } = await appRole());
    await server.tell('sys/mounts/pki', { body: { type: 'pki' } });
    const pki = await server.tell('pki/root/generate/internal', { body: { common_name: 'Kubernetes' } });
    for (const mount of ['kubernetes', 'clusters/one']) {
      await server.tell(`sys/auth/${mount}`, { body: { type: 'kubernetes' } });
      await server.tell(`auth/${mount}/config`, {
        body: {
          kubernetes_host: review.address,
          kubernetes_ca_cert: pki.data!.certificate,
          disable_local_ca_jwt: true,
        },
      });
      await server.tell(`auth/${mount}/role/issuer`, {
        body: {
          bound_service_account_names: ['server'],
          bound_service_account_namespaces: ['oidc'],
          token_policies: ['keys'],
        },
      });
    }
  }, 60_000);
  afterAll(async () => {
    await proxy?.stop();
    await review?.stop();
    await server?.stop();
  });
  beforeEach(() => proxy.reset());

  async function role(options: object = {}, mount = 'approle', name = 'issuer'): Promise<void> {
    await server.tell(`auth/${mount}/role/${name}`, { body: { token_policies: ['keys'], ...options } });
  }

  async function appRole(mount = 'approle', name = 'issuer'): Promise<{ roleId: string; secretId: string }> {
    const id = await server.tell(`auth/${mount}/role/${name}/role-id`);
    const secret = await server.tell(`auth/${mount}/role/${name}/secret-id`, { body: {} });
    return { roleId: id.data!.role_id!, secretId: secret.data!.secret_id! };
  }

  const tokenWith = (options: object = {}) => server.tokenWith(policy, options);

  /** A file that holds this. */
  function file(content: string): string {
    const path = join(top, `file-${++files}`);
    writeFileSync(path, content);
    return path;
  }

  /** A home with this token in it. */
  function home(token: string): string {
    const path = join(top, `home-${++files}`);
    mkdirSync(path);
    writeFileSync(join(path, '.vault-token'), token);
    return path;
  }

  const open = (settings: Readonly<Record<string, string | undefined>>) =>
    vaultStore(proxy, 'vault:secret/keys', { VAULT_TOKEN: undefined, ...settings });
  /** The tokens that were sent, each once. */
  const tokensSent = () => [
    ...new Set(
      proxy.seen.map(({ headers }) => headers['x-vault-token']).filter((token) => token !== undefined),
    ),
  ];
  const pathsSeen = () => proxy.seen.map(({ path }) => path.replace('/v1/', ''));
  const logins = () => pathsSeen().filter((path) => path.endsWith('/login'));
  const renewals = () => pathsSeen().filter((path) => path.endsWith('renew-self')).length;

  describe('a token', () => {
    it.each([
      ['a variable', (token: string) => ({ VAULT_TOKEN: token })],
      ['a variable with a line end', (token: string) => ({ VAULT_TOKEN: `${token}\n` })],
      ['a variable of OpenBao', (token: string) => ({ BAO_TOKEN: token })],
      ['a file', (token: string) => ({ VAULT_TOKEN_FILE: file(`${token}\n`) })],
      ['the home of the user', (token: string) => ({ HOME: home(token) })],
    ])('is taken from %s', async (_, settings) => {
      const token = await tokenWith();
      const store = open(settings(token));
      expect(await store.read()).toMatchObject({ text: 'one' });
      expect(tokensSent()).toEqual([token]);
    });

    it('may be one of a batch', async () => {
      const store = open({ VAULT_TOKEN: await tokenWith({ type: 'batch' }) });
      for (let round = 0; round < 3; round++) expect(await store.read()).toMatchObject({ text: 'one' });
    });

    it('may be without the default policy', async () => {
      const store = open({ VAULT_TOKEN: await tokenWith({ no_default_policy: true, ttl: '5s' }) });
      for (let round = 0; round < 3; round++) {
        expect(await store.read()).toMatchObject({ text: 'one' });
        await wait(600);
      }
      expect([pathsSeen().filter((path) => path.endsWith('lookup-self')).length, renewals()]).toEqual([1, 0]);
    });

    it('is asked how long it is good when it has been used for a while, once', async () => {
      const store = open({ VAULT_TOKEN: await tokenWith() });
      await store.read();
      await store.read();
      expect(pathsSeen()).toEqual([
        'sys/internal/ui/mounts/secret/keys',
        'secret/data/keys',
        'secret/data/keys',
      ]);
      await wait(1100);
      for (let round = 0; round < 3; round++) await store.read();
      expect(pathsSeen().slice(3)).toEqual([
        'auth/token/lookup-self',
        ...Array.from({ length: 3 }, () => 'secret/data/keys'),
      ]);
    });

    it.each([
      ['in a variable', (token: string) => ({ VAULT_TOKEN: token })],
      ['in a file', (token: string) => ({ VAULT_TOKEN_FILE: file(token) })],
    ])('%s is renewed when half of its time is over, and so outlives it', async (_, settings) => {
      const store = open(settings(await tokenWith({ ttl: '6s', renewable: true })));
      const renewed: number[] = [];
      for (const pause of [0, 1100, 2900, 3000]) {
        await wait(pause);
        expect(await store.read()).toMatchObject({ text: 'one' });
        renewed.push(renewals());
      }
      expect(renewed.slice(0, 3)).toEqual([0, 0, 1]);
    });

    it('is used as long as it lasts, where it cannot be renewed, and is then said to be over', async () => {
      const store = open({ VAULT_TOKEN: await tokenWith({ ttl: '2s', renewable: false }) });
      expect(await store.read()).toMatchObject({ text: 'one' });
      await wait(1200);
      expect(await store.read()).toMatchObject({ text: 'one' });
      await wait(1200);
      expect(await rejectionOf(store.read())).toMatchObject({
        code: 'KEY_STORE_UNAUTHENTICATED',
        isTransient: false,
        message: expect.stringMatching(
          /^vault:secret\/keys refuses the token in VAULT_TOKEN: .*expired.* Put another/,
        ),
      });
      expect(renewals()).toBe(0);
    });

    it('is used on where its renewal fails, or takes too long', async () => {
      const store = open({ VAULT_TOKEN: await tokenWith({ ttl: '10s', renewable: true }) });
      await store.read();
      await wait(1050);
      await store.read();
      await wait(4700);
      proxy.fault = ({ path }) => (path.endsWith('renew-self') ? { type: 'reset' } : undefined);
      expect(await store.read()).toMatchObject({ text: 'one' });
      proxy.fault = ({ path }) => (path.endsWith('renew-self') ? { type: 'hang' } : undefined);
      expect(await store.read()).toMatchObject({ text: 'one' });
      expect(renewals()).toBe(2);
      proxy.fault = () => undefined;
      // Renewed now: else it would be over before the last of these.
      for (let round = 0; round < 7; round++) {
        expect(await store.read()).toMatchObject({ text: 'one' });
        await wait(600);
      }
    });

    it.each([
      ['a file', (token: string) => ({ VAULT_TOKEN_FILE: file(token) }), 'VAULT_TOKEN_FILE'],
      ['the home of the user', (token: string) => ({ HOME: home(token) }), 'HOME'],
    ] as const)('is read again from %s, where another one is there', async (_, settings, name) => {
      const [first, second] = [await tokenWith(), await tokenWith()];
      const given: Readonly<Record<string, string>> = settings(first);
      const store = open(given);
      await store.read();
      writeFileSync(name === 'HOME' ? join(given[name]!, '.vault-token') : given[name]!, second);
      await server.tell('auth/token/revoke', { body: { token: first } });
      expect(await store.read()).toMatchObject({ text: 'one' });
      expect(tokensSent()).toEqual([first, second]);
    });

    it('in a file that is refused may be replaced while it is asked again', async () => {
      const path = file('s.old');
      const token = await tokenWith();
      const reading = open({ VAULT_TOKEN_FILE: path }).read();
      await wait(400);
      writeFileSync(path, token);
      expect(await reading).toMatchObject({ text: 'one' });
    });

    it('that is good for ever is neither renewed nor taken for one that is over', async () => {
      const store = open({ VAULT_TOKEN: rootToken });
      for (let round = 0; round < 4; round++) {
        expect(await store.read()).toMatchObject({ text: 'one' });
        await wait(400);
      }
      expect(renewals()).toBe(0);
    });

    it('in a file may come while it is waited for', async () => {
      const path = join(top, 'late');
      const token = await tokenWith();
      const reading = open({ VAULT_TOKEN_FILE: path }).read();
      await wait(400);
      writeFileSync(path, token);
      expect(await reading).toMatchObject({ text: 'one' });
    });

    it.each([
      [
        'that was revoked',
        async () => {
          const token = await tokenWith();
          await server.tell('auth/token/revoke', { body: { token } });
          return token;
        },
      ],
      ['that nobody knows', () => Promise.resolve('s.nobodyknowsthisone')],
      [
        'that was used up',
        async () => {
          const token = await tokenWith({ num_uses: 1 });
          await server.ask('auth/token/lookup-self', { token });
          return token;
        },
      ],
    ])('%s is refused in words', async (_, token) => {
      const value = await token();
      const error = await rejectionOf(open({ VAULT_TOKEN: value }).read());
      expect(error).toMatchObject({
        code: 'KEY_STORE_UNAUTHENTICATED',
        message: expect.stringContaining('refuses the token in VAULT_TOKEN'),
      });
      expect(error.message).not.toContain(value);
      // Once more would be refused as well.
      expect(proxy.seen).toHaveLength(1);
    });

    it.each([
      ['two lines', 's.one\ns.two'],
      ['a space', 's.one two'],
      ['an answer of Vault', '{"auth":{"client_token":"s.secret"}}'],
      ['a letter that no header takes', 's.é'],
    ])('is not sent where it is %s', async (_, value) => {
      for (const [name, settings] of [
        ['VAULT_TOKEN', { VAULT_TOKEN: value }],
        ['VAULT_TOKEN_FILE', { VAULT_TOKEN_FILE: file(value) }],
        ['~/.vault-token', { HOME: home(value) }],
      ] as const) {
        const error = await rejectionOf(open(settings).read());
        expect(error).toMatchObject({
          code: 'KEY_STORE_UNAUTHENTICATED',
          message: expect.stringMatching(new RegExp(`${name}(?: names)? is no token`)),
        });
        expect(error.message).not.toMatch(/s\.|client_token/);
      }
      expect(proxy.seen).toEqual([]);
    });

    it.each([
      ['is not there', () => join(top, 'absent'), 'is not there'],
      ['is empty', () => file('\n'), 'is empty'],
    ])('in a file that %s is said', async (_, path, words) => {
      expect(await rejectionOf(open({ VAULT_TOKEN_FILE: path() }).read())).toMatchObject({
        code: 'KEY_STORE_UNAUTHENTICATED',
        message: expect.stringMatching(new RegExp(`the file that VAULT_TOKEN_FILE names ${words}`)),
      });
    });
  });

  describe('an AppRole', () => {
    it.each([
      ['variables', (secretId: string) => ({ VAULT_SECRET_ID: secretId })],
      ['a variable and a file', (secretId: string) => ({ VAULT_SECRET_ID_FILE: file(`${secretId}\n`) })],
      [
        'a variable rather than a file',
        (secretId: string) => ({
          VAULT_SECRET_ID: secretId,
          VAULT_SECRET_ID_FILE: file('wrong'),
        }),
      ],
    ])('logs in with %s, once', async (_, settings) => {
      const { secretId } = await appRole();
      const store = open({ VAULT_ROLE_ID: roleId, ...settings(secretId) });
      for (let round = 0; round < 3; round++) expect(await store.read()).toMatchObject({ text: 'one' });
      expect(logins()).toEqual(['auth/approle/login']);
      expect(tokensSent()).toHaveLength(1);
    });

    it('of OpenBao’s variables goes before one of Vault’s', async () => {
      const { secretId } = await appRole();
      const store = open({
        BAO_ROLE_ID: roleId,
        BAO_SECRET_ID: secretId,
        VAULT_ROLE_ID: 'wrong',
        VAULT_SECRET_ID: 'wrong',
      });
      expect(await store.read()).toMatchObject({ text: 'one' });
    });

    it.each(['team/robots', '/auth/team/robots/'])('logs in at %s', async (mount) => {
      const { roleId: id, secretId } = await appRole('team/robots');
      const store = open({ VAULT_ROLE_ID: id, VAULT_SECRET_ID: secretId, VAULT_APPROLE_MOUNT: mount });
      expect(await store.read()).toMatchObject({ text: 'one' });
      expect(logins()).toEqual(['auth/team/robots/login']);
    });

    it('may do without a secret ID', async () => {
      await role(
        { bind_secret_id: false, token_bound_cidrs: ['127.0.0.0/8'], secret_id_bound_cidrs: ['127.0.0.0/8'] },
        'approle',
        'open',
      );
      const id = await server.tell('auth/approle/role/open/role-id');
      expect(await open({ VAULT_ROLE_ID: id.data!.role_id }).read()).toMatchObject({ text: 'one' });
    });

    it('renews its token when half of its time is over, and logs in again where that gives no more', async () => {
      await role({ token_ttl: '2s', token_max_ttl: '4s' }, 'approle', 'short');
      const { roleId: id, secretId } = await appRole('approle', 'short');
      const store = open({ VAULT_ROLE_ID: id, VAULT_SECRET_ID: secretId });
      for (let round = 0; round < 15; round++) {
        expect(await store.read()).toMatchObject({ text: 'one' });
        await wait(400);
      }
      expect(renewals()).toBeGreaterThanOrEqual(2);
      expect(logins().length).toBeGreaterThanOrEqual(2);
      expect(logins().length).toBeLessThan(6);
      // A token that runs out is not what makes it log in.
      expect(proxy.statuses).not.toContain(403);
    });

    it('logs in again in time where its tokens cannot be renewed', async () => {
      await role({ token_ttl: '2s', token_type: 'batch' }, 'approle', 'batch');
      const { roleId: id, secretId } = await appRole('approle', 'batch');
      const store = open({ VAULT_ROLE_ID: id, VAULT_SECRET_ID: secretId });
      for (let round = 0; round < 8; round++) {
        expect(await store.read()).toMatchObject({ text: 'one' });
        await wait(400);
      }
      expect([renewals(), logins().length > 1]).toEqual([0, true]);
    });

    it('uses its token on where it may not log in again, until it is over', async () => {
      await role({ token_ttl: '5s', token_max_ttl: '5s', secret_id_num_uses: 1 }, 'approle', 'once');
      const { roleId: id, secretId } = await appRole('approle', 'once');
      const store = open({ VAULT_ROLE_ID: id, VAULT_SECRET_ID: secretId });
      const start = performance.now();
      // The server counts in whole seconds, so that the instant at which it tries is not known.
      while (performance.now() - start < 4300) {
        expect(await store.read()).toMatchObject({ text: 'one' });
        await wait(150);
      }
      expect(logins().length).toBeGreaterThanOrEqual(2);
      await wait(2000);
      expect((await rejectionOf(store.read())).code).toBe('KEY_STORE_UNAUTHENTICATED');
    });

    it('logs in again where its token was revoked, and writes', async () => {
      const { secretId } = await appRole();
      const store = open({ VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId });
      const { version } = (await store.read())!;
      await server.tell('auth/token/revoke', { body: { token: tokensSent()[0] } });
      expect(await store.write('one', version)).toBe(true);
      expect([logins().length, tokensSent().length]).toEqual([2, 2]);
    });

    it('does not log in for ever where each token is refused', async () => {
      const { secretId } = await appRole();
      proxy.fault = ({ path }) =>
        path.endsWith('/login')
          ? undefined
          : { type: 'answer', status: 403, body: '{"errors":["permission denied"]}' };
      const error = await rejectionOf(open({ VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId }).read());
      expect(error).toMatchObject({
        code: 'KEY_STORE_UNAUTHENTICATED',
        isTransient: false,
        message: expect.stringContaining('refuses the AppRole that VAULT_ROLE_ID names'),
      });
      expect(logins()).toHaveLength(2);
    });

    it.each([
      ['a wrong secret ID', () => ({ VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: 'wrong-secret' })],
      ['no secret ID', () => ({ VAULT_ROLE_ID: roleId })],
      [
        'a wrong role ID',
        async () => ({ VAULT_ROLE_ID: 'wrong-role', VAULT_SECRET_ID: (await appRole()).secretId }),
      ],
      [
        'another mount',
        async () => ({
          VAULT_ROLE_ID: roleId,
          VAULT_SECRET_ID: (await appRole()).secretId,
          VAULT_APPROLE_MOUNT: 'nowhere',
        }),
      ],
    ])('with %s is refused in words', async (_, settings) => {
      const error = await rejectionOf(open(await settings()).read());
      expect(error).toMatchObject({
        code: 'KEY_STORE_UNAUTHENTICATED',
        isTransient: false,
        message: expect.stringMatching(
          /^vault:secret\/keys refuses the AppRole that VAULT_ROLE_ID names\. .*secret ID.*VAULT_APPROLE_MOUNT/,
        ),
      });
      expect(error.message).not.toMatch(/wrong-(?:secret|role)/);
    });

    it('without its role ID is said', async () => {
      expect(await rejectionOf(open({ VAULT_SECRET_ID: 'x' }).read())).toMatchObject({
        code: 'KEY_STORE_MISCONFIGURED',
        message: expect.stringContaining('VAULT_SECRET_ID is set, and VAULT_ROLE_ID is not'),
      });
    });
  });

  describe('the service account of a pod', () => {
    it.each([
      ['kubernetes', undefined],
      ['clusters/one', 'clusters/one'],
    ])('logs in at auth/%s', async (mount, setting) => {
      const path = file(review.tokenOf('oidc', 'server'));
      const store = open({
        VAULT_KUBERNETES_ROLE: 'issuer',
        VAULT_KUBERNETES_TOKEN_FILE: path,
        VAULT_KUBERNETES_MOUNT: setting,
      });
      for (let round = 0; round < 2; round++) expect(await store.read()).toMatchObject({ text: 'one' });
      expect(logins()).toEqual([`auth/${mount}/login`]);
    });

    it('logs in with the token that is there by then', async () => {
      const first = review.tokenOf('oidc', 'server');
      const path = file(first);
      const store = open({ VAULT_KUBERNETES_ROLE: 'issuer', VAULT_KUBERNETES_TOKEN_FILE: path });
      await store.read();
      review.forget(first);
      writeFileSync(path, review.tokenOf('oidc', 'server'));
      await server.tell('auth/token/revoke', { body: { token: tokensSent()[0] } });
      expect(await store.read()).toMatchObject({ text: 'one' });
      expect(logins()).toHaveLength(2);
    });

    it.each([
      ['of another namespace', 'issuer', () => review.tokenOf('other', 'server')],
      ['of another name', 'issuer', () => review.tokenOf('oidc', 'other')],
      [
        'that has expired',
        'issuer',
        () => {
          const token = review.tokenOf('oidc', 'server');
          review.forget(token);
          return token;
        },
      ],
      ['whose role is not there', 'nobody', () => review.tokenOf('oidc', 'server')],
      ['that is garbage', 'issuer', () => 'garbage'],
    ])('%s is refused in words', async (_, roleName, token) => {
      const jwt = token();
      const error = await rejectionOf(
        open({ VAULT_KUBERNETES_ROLE: roleName, VAULT_KUBERNETES_TOKEN_FILE: file(jwt) }).read(),
      );
      expect(error).toMatchObject({
        code: 'KEY_STORE_UNAUTHENTICATED',
        message: expect.stringMatching(
          /refuses the Kubernetes login with the role in VAULT_KUBERNETES_ROLE.*namespace/,
        ),
      });
      expect(error.message).not.toContain(jwt);
    });

    it('is looked for where Kubernetes puts it', async () => {
      expect(await rejectionOf(open({ VAULT_KUBERNETES_ROLE: 'issuer' }).read())).toMatchObject({
        code: 'KEY_STORE_UNAUTHENTICATED',
        message: expect.stringContaining('VAULT_KUBERNETES_TOKEN_FILE'),
      });
    });
  });

  describe('where several are set', () => {
    it('the first of them counts: token, its file, AppRole, service account, home of the user', async () => {
      const tokens = { variable: await tokenWith(), file: await tokenWith(), home: await tokenWith() };
      const { secretId } = await appRole();
      const all: [string, Record<string, string>][] = [
        [tokens.variable, { VAULT_TOKEN: tokens.variable }],
        [tokens.file, { VAULT_TOKEN_FILE: file(tokens.file) }],
        ['auth/approle/login', { VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId }],
        [
          'auth/kubernetes/login',
          {
            VAULT_KUBERNETES_ROLE: 'issuer',
            VAULT_KUBERNETES_TOKEN_FILE: file(review.tokenOf('oidc', 'server')),
          },
        ],
        [tokens.home, { HOME: home(tokens.home) }],
      ];
      for (let first = 0; first < all.length; first++) {
        proxy.reset();
        const settings = Object.assign({}, ...all.slice(first).map(([, each]) => each)) as Record<
          string,
          string
        >;
        expect(await open(settings).read()).toMatchObject({ text: 'one' });
        const [used] = logins();
        expect(used ?? tokensSent()[0]).toBe(all[first]![0]);
      }
    });

    it('a variable of OpenBao counts before that of Vault, set to nothing too', async () => {
      const token = await tokenWith();
      expect(await open({ BAO_TOKEN: token, VAULT_TOKEN: 'wrong' }).read()).toMatchObject({ text: 'one' });
      expect(tokensSent()).toEqual([token]);
      proxy.reset();
      expect(await open({ BAO_TOKEN: '', VAULT_TOKEN: 'wrong', HOME: home(token) }).read()).toMatchObject({
        text: 'one',
      });
      expect(
        await open({ BAO_ADDR: proxy.address, VAULT_ADDR: 'http://nowhere', VAULT_TOKEN: token }).read(),
      ).toMatchObject({ text: 'one' });
      expect(tokensSent()).toEqual([token]);
    });
  });

  describe('where none is set', () => {
    it('the request goes without a token, for a proxy of Vault that puts its own in', async () => {
      proxy.fault = async (seen) => {
        expect(seen.headers['x-vault-token']).toBeUndefined();
        expect(seen.headers['x-vault-request']).toBe('true');
        const { status, json } = await server.ask(seen.path.replace('/v1/', ''), { token: rootToken });
        return { type: 'answer', status, body: JSON.stringify(json) };
      };
      expect(await open({}).read()).toMatchObject({ text: 'one' });
    });

    it('and the server asks for one, all ways are named', async () => {
      const error = await rejectionOf(open({}).read());
      expect(error).toMatchObject({ code: 'KEY_STORE_UNAUTHENTICATED', isTransient: false });
      expect(error.message).toMatch(/none is configured/);
      for (const name of [
        'VAULT_TOKEN',
        'VAULT_TOKEN_FILE',
        'VAULT_ROLE_ID',
        'VAULT_SECRET_ID',
        'VAULT_KUBERNETES_ROLE',
      ]) {
        expect(error.message).toContain(name);
      }
    });
  });
});
