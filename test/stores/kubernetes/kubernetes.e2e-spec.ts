import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { KeyStoreError } from '../../../lib/stores/key-store.js';
import { openKubernetes } from '../../../lib/stores/kubernetes/kubernetes.driver.js';
import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { rejectionOf } from '../../support/errors.js';
import { ApiProxy } from '../../support/stores/api-proxy.js';
import { documentedRole } from '../../support/stores/documented-roles.js';
import { KubeApiserver } from '../../support/stores/kube-apiserver.js';
import type { ApiObject } from '../../support/stores/kube-apiserver.js';
import { kubernetesUnderTest } from '../../support/stores/kubernetes.under-test.js';
import { describeStore } from '../../support/stores/store-under-test.js';
import { until } from '../../support/waiting.js';

const base64 = (content: string | Buffer) => Buffer.from(content).toString('base64');
const fieldIn = (secret: ApiObject, name = 'jwks') => Buffer.from(secret.data?.[name] ?? '', 'base64');
const name = 'oidc-keys';
const notTransient = { isTransient: false };

describeStore(kubernetesUnderTest, 'a Secret', () => {
  let server: KubeApiserver;
  let namespace: string;
  let all: string;
  let path: string;
  /** Of an account that may get, update and create Secrets. */
  let token: string;

  beforeAll(async () => {
    server = await KubeApiserver.start();
  }, 120_000);
  afterAll(() => server?.stop());
  beforeEach(async () => {
    namespace = await server.makeNamespace();
    all = `/api/v1/namespaces/${namespace}/secrets`;
    path = `${all}/${name}`;
    token = await tokenFor(['get', 'update', 'create']);
  });

  const tokenFor = async (verbs: readonly string[], resourceNames?: readonly string[]) => {
    const rule = { apiGroups: [''], resources: ['secrets'], verbs, ...(resourceNames && { resourceNames }) };
    return (await server.makeAccount(namespace, [rule])).token;
  };
  const make = (secret: object, metadata: object = {}) =>
    server.make(all, { metadata: { name, ...metadata }, ...secret });
  const secretNow = async () => (await server.ask('GET', path)).body;
  const settings = (values: Readonly<Record<string, string>>) => (each: string) => values[each];

  function openWith(KUBECONFIG: string, field = '') {
    return keyStoreNamed(`kubernetes:${namespace}/${name}${field}`, {
      name: 'OIDC_KEY_STORE',
      setting: settings({ KUBECONFIG }),
    });
  }
  const openAs = (user: object, cluster?: object, field?: string) =>
    openWith(server.kubeconfig(user, cluster), field);
  const open = (field?: string) => openAs({ token }, {}, field);
  const place = (values: Readonly<Record<string, string>>) => ({
    place: `${namespace}/${name}`,
    where: `kubernetes:${namespace}/${name}`,
    setting: settings(values),
  });
  const refusalOf = async (promise: Promise<unknown>) => {
    const error = (await rejectionOf(promise)) as KeyStoreError;
    expect(error.message).toContain(`kubernetes:${namespace}/${name} `);
    expect(error.message).not.toContain(token);
    return error;
  };

  describe('what is in it', () => {
    it.each([
      ['no data', {}],
      ['no such field', { data: { other: base64('x'), another: base64('y'), jwks: '' } }],
      ['an empty field', { data: { jwks: '' } }],
    ])('%s is an empty text, which is written by its version', async (_, secret) => {
      await make(secret);
      const store = open();
      const { text, version } = (await store.read())!;
      expect(text).toBe('');
      expect(await open().write('early', undefined)).toBe(false);
      expect(await store.write('first', version)).toBe(true);
      expect(await open().read()).toMatchObject({ text: 'first' });
    });

    it('everything else stays byte for byte', async () => {
      const owner = await server.make(`/api/v1/namespaces/${namespace}/configmaps`, {
        metadata: { name: 'owner' },
      });
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const others = {
        bytes: base64(bytes),
        __proto__x: base64('a'),
        'tls.key': base64('\ufeffé\r\n'),
        no: '',
      };
      const data = { ...others, ['__proto__']: base64('own'), jwks: base64('first') };
      await make(
        { type: 'example.org/keys', data },
        {
          labels: { 'example.org/a': 'b' },
          annotations: { 'example.org/note': '<&>é' },
          finalizers: ['example.org/keep'],
          ownerReferences: [
            { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid as string },
          ],
        },
      );
      const before = await secretNow();
      const store = open();
      const { version } = (await store.read())!;
      expect(await store.write('second é', version)).toBe(true);
      const after = await secretNow();
      const comparable = ({ data: fields, metadata, ...rest }: ApiObject) => {
        const { resourceVersion: _number, managedFields: _managers, ...kept } = metadata;
        const { jwks: _jwks, ...otherFields } = fields!;
        return { ...rest, metadata: kept, otherFields };
      };
      expect(comparable(after)).toEqual(comparable(before));
      expect(Object.keys(after.data!)).toContain('__proto__');
      expect(fieldIn(after).toString()).toBe('second é');
    });

    it('the field that is named is the one', async () => {
      await make({ data: { jwks: base64('not this'), mine: base64('this') } });
      const store = open('#mine');
      const { text, version } = (await store.read())!;
      expect(text).toBe('this');
      expect(await store.write('that', version)).toBe(true);
      const { data } = await secretNow();
      expect(data).toEqual({ jwks: base64('not this'), mine: base64('that') });
    });

    it('a Secret that is made is Opaque, and has this field and no other', async () => {
      expect(await open('#mine').write('first', undefined)).toBe(true);
      expect(await secretNow()).toMatchObject({ type: 'Opaque', data: { mine: base64('first') } });
    });

    it('the clock of the server comes with it', async () => {
      await make({});
      const { date } = (await open().read())!;
      expect(Math.abs(date! - Date.now() / 1000)).toBeLessThan(60);
    });
  });

  describe('what others do meanwhile', () => {
    it.each<[string, () => Promise<unknown>]>([
      ['a label is changed', async () => server.ask('PUT', path, labelled(await secretNow()))],
      ['it is deleted', () => server.ask('DELETE', path)],
      [
        'it is deleted and made again, with the same data',
        async () => {
          await server.ask('DELETE', path);
          await make({ data: { jwks: base64('first') } });
        },
      ],
    ])('%s: nothing is written', async (_, change) => {
      await make({ data: { jwks: base64('first') } });
      const store = open();
      const { version } = (await store.read())!;
      await change();
      const before = (await server.ask('GET', path)).text;
      expect(await store.write('second', version)).toBe(false);
      expect((await server.ask('GET', path)).text).toBe(before);
    });

    const labelled = ({ metadata, ...rest }: ApiObject) => ({
      ...rest,
      metadata: { ...metadata, labels: { changed: 'yes' } },
    });

    it.each<[string, string, () => Promise<unknown>]>([
      ['a label is changed', 'PUT', async () => server.ask('PUT', path, labelled(await secretNow()))],
      ['it is deleted', 'PUT', () => server.ask('DELETE', path)],
      ['somebody makes it', 'POST', () => make({ data: { jwks: base64('of another') } })],
    ])('%s between the two requests of a write: nothing is written', async (_, method, change) => {
      if (method === 'PUT') await make({ data: { jwks: base64('first') } });
      const proxy = await ApiProxy.start(server);
      try {
        const store = openAs({ token }, { server: proxy.address });
        const version = (await store.read())?.version;
        let before = '';
        proxy.fault = async (heard) => {
          if (heard.method !== method) return undefined;
          await change();
          before = (await server.ask('GET', path)).text;
          return undefined;
        };
        expect(await store.write('second', version)).toBe(false);
        expect(before).not.toBe('');
        expect((await server.ask('GET', path)).text).toBe(before);
      } finally {
        await proxy.stop();
      }
    });

    it('it is never sent without the number that was read', async () => {
      await make({ data: { jwks: base64('first') } });
      const proxy = await ApiProxy.start(server);
      try {
        const store = openAs({ token }, { server: proxy.address });
        await store.write('second', (await store.read())!.version);
        const sent = proxy.heard.filter(({ method }) => method !== 'GET');
        expect(sent.map(({ method }) => method)).toEqual(['PUT']);
        expect(JSON.parse(sent[0]!.body)).toMatchObject({
          metadata: { uid: expect.any(String), resourceVersion: expect.any(String) },
        });
      } finally {
        await proxy.stop();
      }
    });
  });

  describe('what cannot be written', () => {
    it('an immutable one', async () => {
      await make({ immutable: true, data: { jwks: base64('first') } });
      const store = open();
      const error = await refusalOf(store.write('second', (await store.read())!.version));
      expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN', ...notTransient });
      expect(error.message).toMatch(/immutable.*Delete it, and make it again/);
    });

    it('one that waits to be deleted', async () => {
      await make({ data: { jwks: base64('first') } }, { finalizers: ['example.org/keep'] });
      await server.ask('DELETE', path);
      const store = open();
      const error = await refusalOf(store.write('second', (await store.read())!.version));
      expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN', ...notTransient });
      expect(error.message).toContain('being deleted');
      expect(fieldIn(await secretNow()).toString()).toBe('first');
    });

    it.each([
      ['the Secret', 1_100_000],
      ['the request', 3_300_000],
    ])('one that is too large for %s', async (_, bytes) => {
      await make({});
      const store = open();
      const error = await refusalOf(store.write('x'.repeat(bytes), (await store.read())!.version));
      expect(error).toMatchObject({ code: 'KEY_STORE_TOO_LARGE', ...notTransient });
    });

    it.each(['a/b', 'é', '..'])('a field that is called %j', async (field) => {
      const error = await refusalOf(open(`#${field}`).write('x', undefined));
      expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN', ...notTransient });
      expect(error.message).toContain('name of a field');
    });

    it('one in a namespace that is not there', async () => {
      const user = { token: 'token-of-the-administrator' };
      const store = keyStoreNamed(`kubernetes:nowhere/${name}`, {
        name: 'OIDC_KEY_STORE',
        setting: settings({ KUBECONFIG: server.kubeconfig(user) }),
      });
      expect(await store.read()).toBeUndefined();
      const error = (await rejectionOf(store.write('first', undefined))) as KeyStoreError;
      expect(error).toMatchObject({ code: 'KEY_STORE_MISCONFIGURED', ...notTransient });
      expect(error.message).toContain('no namespace nowhere');
    });

    it('one in a namespace that is being deleted', async () => {
      await server.ask('DELETE', `/api/v1/namespaces/${namespace}`);
      const error = await refusalOf(open().write('first', undefined));
      expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN', ...notTransient });
      expect(error.message).toContain('namespace is being deleted');
    });

    it('one that a policy of the cluster forbids', async () => {
      const admission = '/apis/admissionregistration.k8s.io/v1';
      await server.make(`${admission}/validatingadmissionpolicies`, {
        metadata: { name: namespace },
        spec: {
          matchConstraints: {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
            resourceRules: [
              { apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['secrets'] },
            ],
          },
          validations: [{ expression: 'false', message: 'words-of-the-policy' }],
        },
      });
      await server.make(`${admission}/validatingadmissionpolicybindings`, {
        metadata: { name: namespace },
        spec: { policyName: namespace, validationActions: ['Deny'] },
      });
      await make({});
      await until(
        async () => (await server.ask('PUT', path, { metadata: { name }, data: {} })).status === 422,
      );
      const store = open();
      const error = await refusalOf(store.write('second', (await store.read())!.version));
      expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN', ...notTransient });
      expect(error.message).toContain('policies of the cluster');
      expect(error.message).not.toContain('words-of-the-policy');
    });
  });

  describe('the Roles of docs/stores.md', () => {
    const reader = documentedRole('oidc-keys-reader');
    const rotator = documentedRole('oidc-keys-rotator');

    it('a server reads, and changes nothing', async () => {
      await make({ data: { jwks: base64('first') } });
      const account = await server.makeAccount(namespace, reader.rules);
      const store = openAs({ token: account.token });
      const { version } = (await store.read())!;
      const error = await refusalOf(store.write('second', version));
      expect(error).toMatchObject({ code: 'KEY_STORE_FORBIDDEN', ...notTransient });
      expect(error.message).toContain(`system:serviceaccount:${namespace}:${account.name} may not update it`);
      expect(error.message).toContain(`lacks the verb "update" on the resource "secrets"`);
      expect(fieldIn(await secretNow()).toString()).toBe('first');
    });

    it('whoever rotates reads and writes, and creates nothing', async () => {
      const account = await server.makeAccount(namespace, rotator.rules);
      const store = openAs({ token: account.token });
      expect(await store.read()).toBeUndefined();
      const error = await refusalOf(store.write('first', undefined));
      expect(error).toMatchObject({ code: 'KEY_STORE_FORBIDDEN', ...notTransient });
      expect(error.message).toContain(`kubectl create secret generic ${name} --namespace ${namespace}`);
      await make({});
      expect(await store.write('first', (await store.read())!.version)).toBe(true);
      expect(fieldIn(await secretNow()).toString()).toBe('first');
    });

    it.each([
      ['a server', reader],
      ['whoever rotates', rotator],
    ])('%s sees no other Secret, and no list of them', async (_, role) => {
      await server.make(all, { metadata: { name: 'other' } });
      const account = await server.makeAccount(namespace, role.rules);
      for (const each of [`${all}/other`, all]) {
        expect((await server.ask('GET', each, undefined, account.token)).status).toBe(403);
      }
      expect((await server.ask('DELETE', path, undefined, account.token)).status).toBe(403);
    });

    it('without any, it is said which verb is missing', async () => {
      const error = await refusalOf(openAs({ token: await tokenFor(['watch']) }).read());
      expect(error).toMatchObject({ code: 'KEY_STORE_FORBIDDEN', ...notTransient });
      expect(error.message).toContain(`Its Role in namespace ${namespace} lacks the verb "get"`);
      expect(error.message).toContain(`resourceNames "${name}"`);
    });
  });

  describe('who asks', () => {
    const readsFirst = async (store: { read(): Promise<{ text: string } | undefined> }) => {
      await make({ data: { jwks: base64('first') } });
      expect((await store.read())!.text).toBe('first');
    };
    const signal = new AbortController().signal;

    it.each<[string, () => Promise<object> | object]>([
      ['a token', () => ({ token })],
      [
        'a file with a token, which is worth more than a token',
        () => ({ token: 'old', tokenFile: server.write('token', `${token}\n`) }),
      ],
      [
        'a client certificate',
        async () => {
          const { cert, key } = server.certificateOf(await userFor());
          return { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
        },
      ],
      [
        'files with a client certificate',
        async () => {
          const { cert, key } = server.certificateOf(await userFor());
          return { 'client-certificate': server.write('crt', cert), 'client-key': server.write('key', key) };
        },
      ],
    ])('KUBECONFIG has %s', async (_, user) => {
      await readsFirst(openAs(await user()));
    });

    /** A user who may get Secrets here, and whom no token stands for. */
    async function userFor(): Promise<string> {
      const user = `user-of-${namespace}`;
      const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
      await server.make(`${rbac}/roles`, {
        metadata: { name: user },
        rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
      });
      await server.make(`${rbac}/rolebindings`, {
        metadata: { name: user },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: user },
        subjects: [{ kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }],
      });
      return user;
    }

    it('files are named from where the kubeconfig is, also where it is named from here', async () => {
      const above = server.newFolder();
      const folder = join(above, 'deep');
      mkdirSync(folder);
      writeFileSync(join(folder, 'ca.crt'), server.ca);
      writeFileSync(join(folder, 'token'), token);
      const config = {
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'a', user: 'b' } }],
        clusters: [{ name: 'a', cluster: { server: server.address, 'certificate-authority': 'ca.crt' } }],
        users: [{ name: 'b', user: { tokenFile: './token' } }],
      };
      writeFileSync(join(folder, 'config'), JSON.stringify(config));
      const here = process.cwd();
      process.chdir(above);
      try {
        await readsFirst(openWith('deep/config'));
      } finally {
        process.chdir(here);
      }
    });

    it('kubectl proxy asks, and KUBECONFIG has no user', async () => {
      const proxy = await ApiProxy.start(server);
      try {
        await make({});
        const config = JSON.stringify({
          clusters: [{ name: 'proxy', cluster: { server: `${proxy.address}/` } }],
          contexts: [{ name: 'proxy', context: { cluster: 'proxy' } }],
          'current-context': 'proxy',
        });
        const error = await refusalOf(openWith(server.write('config', config)).read());
        expect(error).toMatchObject({ code: 'KEY_STORE_UNAUTHENTICATED', ...notTransient });
        expect(proxy.heard).toEqual([expect.objectContaining({ path, authorization: undefined })]);
      } finally {
        await proxy.stop();
      }
    });

    it('an API server below a path is asked there', async () => {
      const proxy = await ApiProxy.start();
      try {
        proxy.fault = () => ({ status: 404, body: '404 page not found' });
        const error = await refusalOf(
          openAs({ token }, { server: `${proxy.address}/k8s/clusters/c-1/` }).read(),
        );
        expect(error).toMatchObject({ code: 'KEY_STORE_UNREACHABLE', ...notTransient });
        expect(proxy.heard.map((heard) => heard.path)).toEqual([`/k8s/clusters/c-1${path}`]);
      } finally {
        await proxy.stop();
      }
    });

    /** What a pod has, as Kubernetes mounts it. */
    function podFolder(content: { token?: string; ca?: string | Buffer } = {}): string {
      const folder = server.newFolder();
      writeFileSync(join(folder, 'token'), content.token ?? token);
      writeFileSync(join(folder, 'ca.crt'), content.ca ?? server.ca);
      return folder;
    }
    const inPod = (host = '127.0.0.1') => ({
      KUBERNETES_SERVICE_HOST: host,
      KUBERNETES_SERVICE_PORT: String(server.port),
    });

    it.each(['127.0.0.1', 'localhost'])('the account of the pod, at %s', async (host) => {
      await make({ data: { jwks: base64('first') } });
      const driver = await openKubernetes(place(inPod(host)), podFolder());
      expect((await driver.read(signal))!.content).toEqual({ jwks: Buffer.from('first') });
      driver.close!();
    });

    const onIpv6 = networkInterfaces().lo?.some(({ address }) => address === '::1') ? it : () => undefined;
    onIpv6('the account of the pod, in a cluster of IPv6', async () => {
      await make({});
      const bridge = createServer((socket) =>
        pipeline(socket, connect(server.port, '127.0.0.1'), socket, () => undefined),
      );
      bridge.listen(0, '::1');
      await once(bridge, 'listening');
      const port = String((bridge.address() as AddressInfo).port);
      const driver = await openKubernetes(
        place({ ...inPod('::1'), KUBERNETES_SERVICE_PORT: port }),
        podFolder(),
      );
      try {
        expect(await driver.read(signal)).toBeDefined();
      } finally {
        driver.close!();
        bridge.close();
      }
    });

    it('KUBECONFIG is worth more than the account of the pod', async () => {
      await make({});
      const values = { ...inPod(), KUBECONFIG: server.kubeconfig({ token }) };
      const driver = await openKubernetes(place(values), podFolder({ token: 'other' }));
      expect(await driver.read(signal)).toBeDefined();
      driver.close!();
    });

    it('token and authorities of a pod are read anew each time', async () => {
      await make({});
      const folder = podFolder();
      const driver = await openKubernetes(place(inPod()), folder);
      await driver.read(signal);
      writeFileSync(join(folder, 'token'), 'expired');
      const refused = await refusalOf(driver.read(signal));
      expect(refused).toMatchObject({ code: 'KEY_STORE_UNAUTHENTICATED', ...notTransient });
      expect(refused.message).toContain('ServiceAccount');
      writeFileSync(join(folder, 'token'), token);
      await driver.read(signal);
      writeFileSync(join(folder, 'ca.crt'), otherAuthority());
      const unknown = await refusalOf(driver.read(signal));
      expect(unknown).toMatchObject({ code: 'KEY_STORE_UNREACHABLE', ...notTransient });
      expect(unknown.message).toContain(join(folder, 'ca.crt'));
      writeFileSync(join(folder, 'ca.crt'), server.ca);
      await driver.read(signal);
      driver.close!();
    });

    const otherAuthority = () => server.certificateOf(`not-the-authority-${namespace}`).cert;

    it.each<[string, () => object, RegExp]>([
      ['another authority', () => ({ 'certificate-authority-data': base64(otherAuthority()) }), /prove/],
      ['no authority', () => ({ 'certificate-authority-data': '' }), /prove/],
      [
        'an authority that is no certificate',
        () => ({ 'certificate-authority-data': base64('none') }),
        /prove/,
      ],
      ['another name', () => ({ 'tls-server-name': 'example.org' }), /prove.*ALTNAME/],
    ])('the server does not fit: %s', async (_, cluster, message) => {
      const error = await refusalOf(openAs({ token }, cluster()).read());
      expect(error).toMatchObject({ code: 'KEY_STORE_UNREACHABLE', ...notTransient });
      expect(error.message).toMatch(message);
      expect(error.message).toContain('"certificate-authority-data" in KUBECONFIG');
    });

    it('the certificate may be for another name than the host', async () => {
      await make({});
      expect(await openAs({ token }, { 'tls-server-name': 'kubernetes.default.svc' }).read()).toBeDefined();
    });

    it.each<[string, object]>([
      ['a token that is not known', { token: 'unknown' }],
      ['nothing', {}],
    ])('who has %s is told so', async (_, user) => {
      const error = await refusalOf(openAs(user).read());
      expect(error).toMatchObject({ code: 'KEY_STORE_UNAUTHENTICATED', ...notTransient });
      expect(error.message).toContain('KUBECONFIG');
    });
  });

  describe('the server', () => {
    it('has too much to do: it throttles, and says for how long', async () => {
      const flow = '/apis/flowcontrol.apiserver.k8s.io/v1';
      await server.make(`${flow}/prioritylevelconfigurations`, {
        metadata: { name: namespace },
        spec: {
          type: 'Limited',
          limited: {
            nominalConcurrencyShares: 0,
            lendablePercent: 0,
            borrowingLimitPercent: 0,
            limitResponse: { type: 'Reject' },
          },
        },
      });
      await server.make(`${flow}/flowschemas`, {
        metadata: { name: namespace },
        spec: {
          matchingPrecedence: 10,
          priorityLevelConfiguration: { name: namespace },
          rules: [
            {
              subjects: [{ kind: 'Group', group: { name: `system:serviceaccounts:${namespace}` } }],
              resourceRules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'], namespaces: ['*'] }],
            },
          ],
        },
      });
      await make({});
      const driver = await openKubernetes(place({ KUBECONFIG: server.kubeconfig({ token }) }));
      let refused: unknown;
      await until(async () => {
        // It takes one at a time.
        const reads = await Promise.allSettled(
          Array.from({ length: 40 }, () => driver.read(new AbortController().signal)),
        );
        refused = reads.find((each) => each.status === 'rejected')?.reason;
        return refused !== undefined;
      });
      driver.close!();
      expect(refused).toMatchObject({ code: 'KEY_STORE_THROTTLED', isTransient: true, retryAfter: 1 });
    });

    it('is down, and the same client asks it again when it is up', async () => {
      await make({ data: { jwks: base64('first') } });
      const store = open();
      const { version } = (await store.read())!;
      await server.kill();
      try {
        const error = await refusalOf(store.read());
        expect(error).toMatchObject({ code: 'KEY_STORE_UNREACHABLE', isTransient: true });
        await refusalOf(store.write('second', version));
      } finally {
        await server.startAgain();
      }
      expect(await store.read()).toMatchObject({ text: 'first', version });
      expect(await store.write('second', version)).toBe(true);
    }, 60_000);
  });
});
