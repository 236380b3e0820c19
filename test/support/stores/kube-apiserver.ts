import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { makeKeyPair } from '../key-pairs.js';
import { freePort } from '../ports.js';
import { builtProgram } from './built-program.js';

/** An object of the API: what tests look at. */
export interface ApiObject {
  readonly kind?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly metadata: { readonly name: string; readonly [member: string]: unknown };
  readonly data?: Readonly<Record<string, string>>;
  readonly status?: { readonly token?: string };
  readonly [member: string]: unknown;
}

/** What the API answered; where that is no JSON, its text. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: ApiObject;
  readonly text: string;
}

const adminToken = 'token-of-the-administrator';

const hasOpenssl = () => spawnSync('openssl', ['version']).status === 0;

export const isKubeApiserverInstalled = builtProgram('kube-apiserver') !== undefined && hasOpenssl();

/** The real API server of Kubernetes, on loopback, with RBAC and an administrator. */
export class KubeApiserver {
  #child: ChildProcess | undefined;
  readonly #folder: string;
  readonly #etcdPort: number;

  private constructor(
    folder: string,
    readonly port: number,
    etcdPort: number,
  ) {
    this.#folder = folder;
    this.#etcdPort = etcdPort;
  }

  static async start(): Promise<KubeApiserver> {
    const folder = mkdtempSync(join(tmpdir(), 'oidc-key-kubernetes-'));
    const at = (name: string) => join(folder, name);
    makeCertificates(folder);
    const accounts = makeKeyPair('ec', { namedCurve: 'P-256' });
    writeFileSync(at('accounts.key'), accounts.privateKey.export({ format: 'pem', type: 'pkcs8' }));
    writeFileSync(at('accounts.pub'), accounts.publicKey.export({ format: 'pem', type: 'spki' }));
    writeFileSync(at('tokens.csv'), `${adminToken},admin,admin,"system:masters"\n`);
    const server = new KubeApiserver(folder, await freePort(), await freePort());
    await server.#run();
    return server;
  }

  get address(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** The authority that its certificate comes from, in PEM. */
  get ca(): Buffer {
    return readFileSync(join(this.#folder, 'ca.crt'));
  }

  /** One that goes with the server. */
  newFolder(): string {
    return mkdtempSync(join(this.#folder, 'given-'));
  }

  /** The path of a new file. */
  write(name: string, content: string | Buffer): string {
    const path = join(this.newFolder(), name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  /** A kubeconfig as `kubectl config view --raw --minify --flatten -o json` writes it. */
  kubeconfig(user: object, cluster: object = {}): string {
    const ca = this.ca.toString('base64');
    return this.write(
      'kubeconfig.json',
      JSON.stringify({
        kind: 'Config',
        apiVersion: 'v1',
        preferences: {},
        clusters: [
          {
            name: 'here',
            cluster: { server: this.address, 'certificate-authority-data': ca, ...cluster },
          },
        ],
        users: [{ name: 'me', user }],
        contexts: [{ name: 'me@here', context: { cluster: 'here', user: 'me' } }],
        'current-context': 'me@here',
      }),
    );
  }

  /** Asks as the administrator, or with another token, and without any code of ours that is shipped. */
  async ask(method: string, path: string, object?: object, token = adminToken): Promise<ApiAnswer> {
    const patch = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json';
    const sent = request({
      method,
      path,
      host: '127.0.0.1',
      port: this.port,
      ca: this.ca,
      agent: false,
      headers: { authorization: `Bearer ${token}`, 'content-type': patch },
    });
    sent.end(object && JSON.stringify(object));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const text = (await answer.toArray()).join('');
    const body = (text.startsWith('{') ? JSON.parse(text) : {}) as ApiObject;
    return { status: answer.statusCode!, body, text };
  }

  /** Makes it, or fails the test. */
  async make(path: string, object: object): Promise<ApiObject> {
    const { status, body } = await this.ask('POST', path, object);
    if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async makeNamespace(labels: Record<string, string> = {}): Promise<string> {
    const { metadata } = await this.make('/api/v1/namespaces', {
      metadata: { generateName: 'test-', labels },
    });
    return metadata.name;
  }

  /** An account that may do this and nothing else, and a token of it. */
  async makeAccount(namespace: string, rules: readonly object[]): Promise<{ name: string; token: string }> {
    const { metadata } = await this.make(`/api/v1/namespaces/${namespace}/serviceaccounts`, {
      metadata: { generateName: 'account-' },
    });
    const { name } = metadata;
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
    await this.make(`${rbac}/roles`, { metadata: { name }, rules });
    await this.make(`${rbac}/rolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
    return { name, token: await this.tokenOf(namespace, name) };
  }

  async tokenOf(namespace: string, account: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    const { status } = await this.make(path, { spec: { expirationSeconds: 3600 } });
    return status!.token!;
  }

  /** A certificate by which the server knows a user, and its key, in PEM. */
  certificateOf(user: string): { cert: string; key: string } {
    signed(this.#folder, user, ['-subj', `/CN=${user}`]);
    const read = (suffix: string) => readFileSync(join(this.#folder, `${user}.${suffix}`), 'utf8');
    return { cert: read('crt'), key: read('key') };
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Starts it again after it was killed, with what it had stored. */
  async startAgain(): Promise<void> {
    await this.#run();
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'exit');
    child.kill('SIGKILL');
    await closed;
  }

  async #run(): Promise<void> {
    const at = (name: string) => join(this.#folder, name);
    const flags = [
      '--bind-address=127.0.0.1',
      `--secure-port=${this.port}`,
      `--tls-cert-file=${at('server.crt')}`,
      `--tls-private-key-file=${at('server.key')}`,
      `--client-ca-file=${at('ca.crt')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${at('accounts.pub')}`,
      `--service-account-signing-key-file=${at('accounts.key')}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${at('tokens.csv')}`,
      '--endpoint-reconciler-type=none',
    ];
    // It ends with its standard input, and so with this process, however that ends.
    const child = spawn(builtProgram('kube-apiserver')!, [at('etcd'), String(this.#etcdPort), ...flags], {
      cwd: this.#folder,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    this.#child = child;
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    try {
      await this.#ready(child);
    } catch (error) {
      await this.stop();
      throw new Error(`the API server did not start: ${said}`, { cause: error });
    }
  }

  async #ready(child: ChildProcess): Promise<void> {
    for (let attempt = 0; attempt < 600; attempt++) {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      const answer = await this.ask('GET', '/readyz').catch(() => undefined);
      if (answer?.text === 'ok') return;
      await wait(100);
    }
    throw new Error('it was not ready within a minute');
  }
}

function makeCertificates(folder: string): void {
  openssl(folder, [...newKey('ca'), '-subj', '/CN=authority']);
  const names = 'subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost,DNS:kubernetes.default.svc';
  signed(folder, 'server', ['-subj', '/CN=kube-apiserver', '-addext', names]);
}

function signed(folder: string, name: string, options: readonly string[]): void {
  openssl(folder, [...newKey(name), '-CA', 'ca.crt', '-CAkey', 'ca.key', ...options]);
}

function newKey(name: string): readonly string[] {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  return ['req', '-x509', '-days', '2', ...curve, '-keyout', `${name}.key`, '-out', `${name}.crt`];
}

function openssl(cwd: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl: ${stderr}`);
}
