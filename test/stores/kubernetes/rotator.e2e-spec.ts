import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';

import { cleanEnvironment, commandLine, root } from '../../support/processes.js';
import type { Finished } from '../../support/processes.js';
import { ApiProxy } from '../../support/stores/api-proxy.js';
import type { Fault } from '../../support/stores/api-proxy.js';
import { KubeApiserver } from '../../support/stores/kube-apiserver.js';
import { kubernetesUnderTest } from '../../support/stores/kubernetes.under-test.js';
import { describeStore } from '../../support/stores/store-under-test.js';

const name = 'oidc-keys';

describeStore(kubernetesUnderTest, 'a command on a Secret', () => {
  let server: KubeApiserver;
  let proxy: ApiProxy;
  let namespace: string;
  let kubeconfig: string;
  let path: string;

  beforeAll(async () => {
    server = await KubeApiserver.start();
  }, 120_000);
  afterAll(() => server?.stop());
  beforeEach(async () => {
    proxy = await ApiProxy.start(server);
    namespace = await server.makeNamespace();
    path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
    await server.make(`/api/v1/namespaces/${namespace}/secrets`, { metadata: { name } });
    const { token } = await server.makeAccount(namespace, [
      { apiGroups: [''], resources: ['secrets'], resourceNames: [name], verbs: ['get', 'update'] },
    ]);
    kubeconfig = server.kubeconfig({ token }, { server: proxy.address });
  });
  afterEach(() => proxy.stop());

  /** The command line in a process of its own, that may be ended. */
  function command(...args: string[]): { pid: number; finished: Promise<Finished> } {
    const env = cleanEnvironment({
      KUBECONFIG: kubeconfig,
      OIDC_KEY_STORE: `kubernetes:${namespace}/${name}`,
    });
    const child = spawn(process.execPath, [commandLine, ...args], { cwd: root, env, stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const finished = once(child, 'close').then(([code]: unknown[]) => ({
      code: code as number | null,
      stdout,
      stderr,
    }));
    return { pid: child.pid!, finished };
  }
  /** The keys that are there, oldest first. */
  const keysNow = async (): Promise<readonly { kid: string; d?: string; revoked?: object }[]> => {
    const { body } = await server.ask('GET', path);
    const text = Buffer.from(body.data?.jwks ?? '', 'base64').toString();
    return text === '' ? [] : (JSON.parse(text) as { keys: { kid: string }[] }).keys;
  };
  const rotate = () => command('rotate', '--every', '90d');
  const init = () => command('init', '--algorithm', 'ES256');

  /** One key, that is too old. */
  async function withOldKey(): Promise<void> {
    expect(await init().finished).toMatchObject({ code: 0 });
    const { body } = await server.ask('GET', path);
    const set = JSON.parse(Buffer.from(body.data!.jwks!, 'base64').toString()) as {
      keys: { iat: number; nbf: number }[];
    };
    const long = 100 * 86_400;
    for (const key of set.keys) Object.assign(key, { iat: key.iat - long, nbf: key.nbf - long });
    const data = { jwks: Buffer.from(JSON.stringify(set)).toString('base64') };
    expect(await server.ask('PUT', path, { ...body, data })).toMatchObject({ status: 200 });
  }

  /** What happens at the n-th request of a command; false where it has no such request. */
  async function at(
    n: number,
    run: () => ReturnType<typeof command>,
    what: (pid: number) => Fault | undefined | Promise<Fault | undefined>,
  ): Promise<Finished & { happened: boolean }> {
    let count = 0;
    const running = run();
    proxy.fault = () => (++count === n ? what(running.pid) : undefined);
    const finished = await running.finished;
    proxy.fault = () => undefined;
    return { ...finished, happened: count >= n };
  }

  const ways: [string, (pid: number) => Fault | undefined | Promise<Fault | undefined>][] = [
    ['is killed before the server hears of', (pid) => (process.kill(pid, 'SIGKILL'), 'reset')],
    ['is killed after the server has done', (pid) => (process.kill(pid, 'SIGKILL'), 'lost')],
    ['finds the connection broken at', () => 'reset'],
    ['does not get the answer to', () => 'lost'],
    ['gets half of the answer to', () => 'half'],
    ['gets another answer to', () => ({ status: 200, body: '<html>' })],
    ['has its token expire at', () => ({ status: 401, body: { kind: 'Status', reason: 'Unauthorized' } })],
  ];

  it.each(ways)(
    'rotate that %s any one of its requests leaves one new key, once it is run again',
    async (_, what) => {
      await withOldKey();
      const old = (await keysNow())[0]!.kid;
      const { body: before } = await server.ask('GET', path);
      for (let n = 1; ; n++) {
        const { happened, code, stderr } = await at(n, rotate, what);
        if (!happened) break;
        expect(n).toBeLessThan(9);
        const known = await keysNow();
        expect(known.slice(0, 1)).toMatchObject([{ kid: old, d: expect.any(String) }]);
        // Who is told that it is done can rely on it.
        if (code === 0) expect(known).toHaveLength(2);
        else if (code !== null)
          expect([code, stderr]).toEqual([3, expect.stringContaining(`kubernetes:${namespace}/${name}`)]);
        expect(await rotate().finished).toMatchObject({ code: 0 });
        expect(await keysNow()).toMatchObject([{ kid: old }, { d: expect.any(String) }]);
        // Back to where it began, for the next one.
        const { body } = await server.ask('GET', path);
        expect(await server.ask('PUT', path, { ...body, data: before.data })).toMatchObject({ status: 200 });
      }
      expect(await keysNow()).toHaveLength(2);
    },
    120_000,
  );

  it.each(ways)('revoke that %s its write is done, or can be done again', async (_, what) => {
    await withOldKey();
    const [{ kid } = { kid: '' }] = await keysNow();
    let writes = 0;
    const revoking = command('revoke', kid);
    proxy.fault = ({ method }) => (method === 'PUT' && ++writes === 1 ? what(revoking.pid) : undefined);
    const { code } = await revoking.finished;
    proxy.fault = () => undefined;
    expect(writes).toBeGreaterThan(0);
    if (code !== 0) await command('revoke', kid).finished;
    const keys = await keysNow();
    expect(keys).toMatchObject([{ kid, revoked: expect.any(Object) }, { d: expect.any(String) }]);
    expect(keys[0]).not.toHaveProperty('d');
  });

  it('of eight that rotate at once one makes a key, and the others find it', async () => {
    await withOldKey();
    const all = await Promise.all(Array.from({ length: 8 }, () => rotate().finished));
    expect(all.map(({ code }) => code)).toEqual(Array.from({ length: 8 }, () => 0));
    expect(await keysNow()).toHaveLength(2);
  }, 60_000);

  it('exit codes: 3 where the server is not reached or refuses, 2 where the reference is none', async () => {
    proxy.fault = () => ({ status: 403, body: { kind: 'Status', reason: 'Forbidden' } });
    expect(await rotate().finished).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^KEY_STORE_FORBIDDEN: /m),
    });
    expect(await command('status', 'kubernetes:nowhere').finished).toMatchObject({ code: 2 });
  });
});
