import { KeyStoreError } from '../key-store.js';
import { textIn } from './credential-files.js';
import { escapedPath } from './escaped-path.js';
import { leaseIn } from './lease.js';
import type { Lease } from './lease.js';
import { strangeAnswer } from './refusals.js';
import type { VaultAnswer, VaultClient } from './vault-client.js';
import type { VaultSetting, VaultSettings } from './vault-settings.js';

/** A token, and for how long it is good. */
export interface LoggedIn {
  readonly token: string;
  readonly lease: Lease;
}

/** Gets a token for something else. */
export interface Login {
  readonly type: 'login';
  /** How messages call it. */
  readonly name: string;
  /** What to do where it is refused. */
  readonly remedy: string;
  /** @throws KeyStoreError */
  logIn(client: VaultClient, signal: AbortSignal): Promise<LoggedIn>;
}

const serviceAccountToken = '/var/run/secrets/kubernetes.io/serviceaccount/token';

export function appRoleLogin({ name, value }: VaultSetting, settings: VaultSettings): Login {
  const mount = mountIn('APPROLE_MOUNT', 'approle', settings);
  return loginAt(mount, settings, {
    name: `the AppRole that ${name} names`,
    remedy:
      'Role ID or secret ID is wrong, expired or used up, or no AppRole login is mounted at ' +
      `auth/${mount}/ (VAULT_APPROLE_MOUNT, VAULT_NAMESPACE). Put another secret ID into VAULT_SECRET_ID, or into the file ` +
      'that VAULT_SECRET_ID_FILE names.',
    body: async () => {
      const file = settings.get('SECRET_ID_FILE');
      const secretId = settings.get('SECRET_ID')?.value ?? (file && (await textIn(file, settings)));
      // A role may do without.
      return { role_id: value, ...(secretId !== undefined && { secret_id: secretId }) };
    },
  });
}

export function kubernetesLogin({ name, value: role }: VaultSetting, settings: VaultSettings): Login {
  const mount = mountIn('KUBERNETES_MOUNT', 'kubernetes', settings);
  const usual = { name: 'VAULT_KUBERNETES_TOKEN_FILE', value: serviceAccountToken };
  return loginAt(mount, settings, {
    name: `the Kubernetes login with the role in ${name}`,
    remedy:
      'Check that the role is there and bound to the service account and namespace of this pod, that the login is mounted ' +
      `at auth/${mount}/ (VAULT_KUBERNETES_MOUNT, VAULT_NAMESPACE), and that Vault reaches the API server of the cluster.`,
    body: async () => ({
      role,
      jwt: await textIn(settings.get('KUBERNETES_TOKEN_FILE') ?? usual, settings),
    }),
  });
}

interface Way {
  readonly name: string;
  readonly remedy: string;
  readonly body: () => Promise<object>;
}

function loginAt(mount: string, { where }: VaultSettings, { name, remedy, body }: Way): Login {
  return {
    type: 'login',
    name,
    remedy,
    logIn: async (client, signal) => {
      const path = `auth/${escapedPath(mount)}/login`;
      const answer = await client.request({ method: 'POST', path, body: await body(), signal });
      if ([400, 403, 404].includes(answer.status) && answer.errors) {
        throw new KeyStoreError('KEY_STORE_UNAUTHENTICATED', `${where} refuses ${name}. ${remedy}`);
      }
      return loggedIn(answer, where);
    },
  };
}

function loggedIn(answer: VaultAnswer, where: string): LoggedIn {
  const { client_token: token } = answer.auth;
  const lease = leaseIn(answer.auth);
  if (answer.status !== 200 || typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token) || !lease) {
    throw strangeAnswer(where, answer.status);
  }
  return { token, lease };
}

function mountIn(setting: string, usual: string, settings: VaultSettings): string {
  const { name, value } = settings.get(setting) ?? { name: setting, value: usual };
  const mount = value.replaceAll(/^\/|\/$/g, '').replace(/^auth\//, '');
  if (/^(?:\/(?!\.{1,2}(?:\/|$))[\w.-]+)+$/.test(`/${mount}`)) return mount;
  throw settings.refuse(`${name} is no path of a login, such as ${usual}.`);
}
