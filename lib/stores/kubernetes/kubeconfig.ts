import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { isObject } from '../../core/objects.js';
import { KeyStoreError } from '../key-store.js';
import type { KeyStoreErrorCode } from '../key-store.js';
import type { SecretPlace } from '../secret-driver.js';
import { isToken } from './cluster-access.js';
import type { AccessSource, ClusterAccess } from './cluster-access.js';

export const kubeconfigSetting = 'KUBECONFIG';

/** Writes a kubeconfig as JSON, which every kubectl reads as well: no parser of YAML is needed for it. */
export const writesKubeconfig = 'kubectl config view --raw --minify --flatten -o json > kubeconfig.json';

type Members = Readonly<Record<string, unknown>>;

/** What is not done for a cluster, and what to do instead. */
const unsupportedOfCluster: Readonly<Record<string, string>> = {
  'insecure-skip-tls-verify':
    'A server that does not prove to be the one is not asked: put "certificate-authority-data" there.',
  'proxy-url': 'Run the command where the server is reached without a proxy.',
};

const makeToken =
  'Take the account of a machine: `kubectl create token SERVICEACCOUNT` makes a token for "token".';

/** The same for a user. */
const unsupportedOfUser: Readonly<Record<string, string>> = {
  exec: `No plugin is run. ${makeToken}`,
  'auth-provider': `No plugin is run. ${makeToken}`,
  username: makeToken,
  as: 'Nobody is impersonated. Take the credentials of the account itself.',
};

/** The API server that the current context of a kubeconfig names, as its user. */
export function kubeconfig(path: string, { where }: SecretPlace): AccessSource {
  return {
    read: () => new Kubeconfig(path, where).access(),
    remedyForCredentials: `Check the user of the current context in ${kubeconfigSetting}; a token there may have expired.`,
    remedyForCertificate: `Check "server" and "certificate-authority-data" in ${kubeconfigSetting}.`,
  };
}

class Kubeconfig {
  readonly #path: string;
  readonly #where: string;

  constructor(path: string, where: string) {
    this.#path = resolve(path);
    this.#where = where;
  }

  async access(): Promise<ClusterAccess> {
    const config = this.#parsed(await this.#content(this.#path));
    const context = this.#named(config, 'context', config['current-context']);
    const cluster = this.#named(config, 'cluster', context.cluster);
    this.#refuse(cluster, unsupportedOfCluster);
    // `kubectl proxy` has no user: it adds the credentials itself.
    const user =
      context.user === undefined || context.user === '' ? {} : this.#named(config, 'user', context.user);
    this.#refuse(user, unsupportedOfUser);
    return {
      server: this.#server(cluster.server),
      ca: await this.#data(cluster, 'certificate-authority'),
      servername: text(cluster['tls-server-name']),
      token: await this.#token(user),
      cert: await this.#data(user, 'client-certificate'),
      key: await this.#data(user, 'client-key'),
    };
  }

  #parsed(content: Buffer): Members {
    try {
      const parsed: unknown = JSON.parse(content.toString('utf8'));
      if (isObject(parsed)) return parsed;
    } catch {
      // YAML, as kubectl writes it by itself.
    }
    throw this.#wrong(`is no JSON. Write it with \`${writesKubeconfig}\`, and name that file`);
  }

  /** An entry of one of its lists, by name. */
  #named(config: Members, kind: 'context' | 'cluster' | 'user', name: unknown): Members {
    const list = config[`${kind}s`];
    const entries: readonly unknown[] = Array.isArray(list) ? list : [];
    const entry = entries.find((each) => isObject(each) && each.name === name);
    const found = isObject(entry) && text(name) !== undefined ? entry[kind] : undefined;
    if (isObject(found)) return found;
    throw this.#wrong(
      `does not hold the ${kind} of its current context. Write it with \`${writesKubeconfig}\``,
    );
  }

  #refuse(members: Members, unsupported: Readonly<Record<string, string>>): void {
    for (const [name, remedy] of Object.entries(unsupported)) {
      if (members[name]) throw this.#wrong(`has "${name}". ${remedy}`, '');
    }
  }

  #server(value: unknown): URL {
    const server = text(value);
    const url = server !== undefined && URL.canParse(server) ? new URL(server) : undefined;
    if (url?.protocol === 'https:') return url;
    if (url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)) return url;
    throw this.#wrong('has to say "server: https://…" (http is for `kubectl proxy` on this machine alone)');
  }

  async #token(user: Members): Promise<string | undefined> {
    const file = text(user.tokenFile);
    const token = file === undefined ? text(user.token) : (await this.#content(file)).toString('utf8').trim();
    if (token === undefined || isToken(token)) return token;
    throw this.#wrong('has a user whose token is none', '.', 'KEY_STORE_UNAUTHENTICATED');
  }

  /** What stands there in base64, or else the file that is named. */
  async #data(members: Members, name: string): Promise<Buffer | undefined> {
    const inline = text(members[`${name}-data`]);
    if (inline !== undefined) return Buffer.from(inline, 'base64');
    const file = text(members[name]);
    return file === undefined ? undefined : this.#content(file);
  }

  /** Files are named from where the kubeconfig is. */
  async #content(file: string): Promise<Buffer> {
    try {
      return await readFile(resolve(dirname(this.#path), file));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw this.#wrong(
        file === this.#path
          ? `cannot be read (${code}). It takes the path of one file`
          : `names a file that cannot be read (${code})`,
      );
    }
  }

  #wrong(what: string, end = '.', code: KeyStoreErrorCode = 'KEY_STORE_MISCONFIGURED'): KeyStoreError {
    return new KeyStoreError(code, `${this.#where} is not asked: ${kubeconfigSetting} ${what}${end}`);
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
