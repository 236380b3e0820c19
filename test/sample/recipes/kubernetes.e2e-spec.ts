import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { accountFolder } from '../../../lib/stores/kubernetes/pod-account.js';
import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { rejectionOf } from '../../support/errors.js';
import { installedApplication } from '../../support/installed.js';
import { run } from '../../support/processes.js';
import type { Finished } from '../../support/processes.js';
import { recipe } from '../../support/recipes.js';
import { documentedRole } from '../../support/stores/documented-roles.js';
import { KubeApiserver } from '../../support/stores/kube-apiserver.js';
import type { ApiObject } from '../../support/stores/kube-apiserver.js';
import { kubernetesUnderTest } from '../../support/stores/kubernetes.under-test.js';
import { describeStore } from '../../support/stores/store-under-test.js';

interface Container {
  readonly name: string;
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly volumeMounts?: readonly { readonly mountPath: string }[];
}
interface Template {
  readonly metadata?: object;
  readonly spec: { readonly serviceAccountName: string; readonly containers: readonly Container[] };
}
type Manifest = ApiObject & { readonly kind: string; readonly rules?: object[] };

const cron = recipe<Manifest>('kubernetes-cronjob.yaml');
const servers = recipe<Manifest>('kubernetes-server.yaml');
const firstKey = recipe<Manifest>('kubernetes-first-key.yaml');
const all = [...cron, ...firstKey, ...servers];
const namespace = 'auth';

const collections: Readonly<Record<string, string>> = {
  ConfigMap: '/api/v1/namespaces/auth/configmaps',
  Secret: '/api/v1/namespaces/auth/secrets',
  ServiceAccount: '/api/v1/namespaces/auth/serviceaccounts',
  Role: '/apis/rbac.authorization.k8s.io/v1/namespaces/auth/roles',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/namespaces/auth/rolebindings',
  Job: '/apis/batch/v1/namespaces/auth/jobs',
  CronJob: '/apis/batch/v1/namespaces/auth/cronjobs',
  Deployment: '/apis/apps/v1/namespaces/auth/deployments',
};

function nameOf({ metadata }: Manifest): string {
  return metadata.name ?? (metadata.generateName as string);
}

function named(kind: string, name: string): Manifest {
  const found = all.find((each) => each.kind === kind && nameOf(each) === name);
  if (!found) throw new Error(`the recipes have no ${kind} ${name}`);
  return found;
}

/** What a workload makes pods of. */
function templateOf({ spec }: Manifest): Template {
  const { jobTemplate, template } = spec as {
    jobTemplate?: { spec: { template: Template } };
    template?: Template;
  };
  return (jobTemplate?.spec.template ?? template)!;
}

/** The account where Kubernetes mounts it, and a file system of which only one folder can be written. */
const asInPod = `
  mount -t tmpfs none /run
  mkdir -p ${accountFolder}
  cp "$1"/* ${accountFolder}
  mount --bind "$2" "$2"
  mount -o remount,bind,ro /
  cd "$3"
  shift 3
  exec "$@"
`;
/** Elsewhere the account is named by a kubeconfig. */
const canMount = spawnSync('unshare', ['-m', 'mount', '-o', 'remount,bind,ro', '/']).status === 0;

const workloads = [
  named('Job', 'oidc-keys-first-key-'),
  named('CronJob', 'oidc-keys-rotate'),
  named('Deployment', 'auth-server'),
];

describeStore(kubernetesUnderTest, 'the recipes for Kubernetes', () => {
  let server: KubeApiserver;
  const secretPath = `${collections.Secret}/oidc-keys`;
  const secretNow = async () => (await server.ask('GET', secretPath)).body;
  const keysNow = async () => {
    const text = Buffer.from((await secretNow()).data?.jwks ?? '', 'base64').toString();
    return text === '' ? [] : (JSON.parse(text) as { keys: Record<string, unknown>[] }).keys;
  };

  beforeAll(async () => {
    server = await KubeApiserver.start();
    // The strictest of the levels that Kubernetes has for pods.
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await server.make('/api/v1/namespaces', { metadata: { name: namespace, labels } });
  }, 120_000);
  afterAll(() => server?.stop());

  it.each(all.map((each) => [each.kind, nameOf(each), each] as const))(
    '%s %s is taken by the API, and has no member that it does not know',
    async (kind, _, manifest) => {
      const { status, text } = await server.ask(
        'POST',
        `${collections[kind]}?fieldValidation=Strict`,
        manifest,
      );
      expect([status, status === 201 ? '' : text]).toEqual([201, '']);
      expect(manifest.metadata.namespace).toBe(namespace);
    },
  );

  it.each(workloads.map((each) => [`${each.kind} ${nameOf(each)}`, templateOf(each)] as const))(
    'a pod of %s is let in at the level "restricted", with the token of its account',
    async (_, template) => {
      const pod = { ...template, metadata: { ...template.metadata, name: 'tried' } };
      const pods = '/api/v1/namespaces/auth/pods?dryRun=All&fieldValidation=Strict';
      const { status, body, text } = await server.ask('POST', pods, pod);
      expect([status, status === 201 ? '' : text]).toEqual([201, '']);
      const { containers } = body.spec as { containers: Container[] };
      const mounted = containers[0]!.volumeMounts!.map(({ mountPath }) => mountPath);
      expect(mounted).toContain('/var/run/secrets/kubernetes.io/serviceaccount');
      const { securityContext: _left, ...loose } = template.spec as unknown as Record<string, unknown>;
      expect((await server.ask('POST', pods, { ...pod, spec: loose })).status).toBe(403);
    },
  );

  it('a rotation never runs twice at once', () => {
    expect(named('CronJob', 'oidc-keys-rotate').spec).toMatchObject({ concurrencyPolicy: 'Forbid' });
  });

  it.each(['oidc-keys-reader', 'oidc-keys-rotator'])('the Role %s is that of docs/stores.md', (name) => {
    expect(named('Role', name)).toEqual(documentedRole(name));
  });

  const application = installedApplication('recipe');

  /** What a container of the pod would do, as that account, and with nothing else in its environment. */
  async function runAs(template: Template): Promise<Finished> {
    const { serviceAccountName, containers } = template.spec;
    const { command = [], env = [], envFrom } = containers[0]!;
    const scratch = server.newFolder();
    const settings = Object.assign(
      {},
      ...envFrom.map(({ configMapRef: { name } }) => named('ConfigMap', name).data),
      ...env.map(({ name, value }) => ({ [name]: value.replace(/^\/tmp\b/, scratch) })),
    ) as Record<string, string>;
    const account = server.newFolder();
    const tokenFile = join(account, 'token');
    writeFileSync(tokenFile, await server.tokenOf(namespace, serviceAccountName));
    writeFileSync(join(account, 'ca.crt'), server.ca);
    const access: Record<string, string> = canMount
      ? { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(server.port) }
      : { KUBECONFIG: server.kubeconfig({ tokenFile }) };
    const { PATH = '' } = process.env;
    const [program = '', ...args] = canMount
      ? ['unshare', '-m', 'sh', '-euc', asInPod, 'sh', account, scratch, application, ...command]
      : command;
    return run(program, args, {
      cwd: application,
      env: { PATH, HOME: '/nonexistent', ...access, ...settings },
    });
  }

  it('the Job makes the first key, and never another one', async () => {
    const init = templateOf(named('Job', 'oidc-keys-first-key-'));
    expect(await runAs(init)).toMatchObject({ code: 0 });
    const made = await keysNow();
    expect(made).toHaveLength(1);
    expect(await runAs(init)).toMatchObject({ code: 1, stderr: expect.stringContaining('KEY_SET_EXISTS') });
    expect(await keysNow()).toEqual(made);
  });

  it('the CronJob does nothing until the key is 90 days old, and then makes one', async () => {
    const rotate = templateOf(named('CronJob', 'oidc-keys-rotate'));
    const before = (await secretNow()).metadata.resourceVersion;
    expect(await runAs(rotate)).toMatchObject({ code: 0 });
    expect((await secretNow()).metadata.resourceVersion).toBe(before);

    const day = 86_400;
    const keys = (await keysNow()).map((key): Record<string, unknown> => ({
      ...key,
      iat: (key.iat as number) - 91 * day,
      nbf: (key.nbf as number) - 91 * day,
    }));
    const data = { jwks: Buffer.from(JSON.stringify({ keys })).toString('base64') };
    await server.ask('PUT', secretPath, { ...(await secretNow()), data });
    const { code, stdout, stderr } = await runAs(rotate);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('KEY_STORE')]);
    const [old, made] = await keysNow();
    expect(old).toMatchObject({ kid: keys[0]!.kid });
    expect(stdout).toContain(made!.kid);
    expect(await keysNow()).toHaveLength(2);
  });

  it('to apply the file again leaves the keys', async () => {
    const before = await keysNow();
    const secret = named('Secret', 'oidc-keys');
    const { status } = await server.ask('PATCH', `${secretPath}?fieldManager=kubectl&force=true`, secret);
    expect(status).toBe(200);
    expect(before).toHaveLength(2);
    expect(await keysNow()).toEqual(before);
  });

  it('a server reads the keys, and cannot change them', async () => {
    const { serviceAccountName } = templateOf(named('Deployment', 'auth-server')).spec;
    const KUBECONFIG = server.kubeconfig({ token: await server.tokenOf(namespace, serviceAccountName) });
    const { OIDC_KEY_STORE } = named('ConfigMap', 'oidc-keys').data!;
    const store = keyStoreNamed(OIDC_KEY_STORE!, {
      name: 'OIDC_KEY_STORE',
      setting: (name) => ({ KUBECONFIG })[name],
    });
    const { text, version } = (await store.read())!;
    expect(JSON.parse(text)).toMatchObject({ keys: [{}, {}] });
    expect(await rejectionOf(store.write('{}', version))).toMatchObject({ code: 'KEY_STORE_FORBIDDEN' });
  });
});
