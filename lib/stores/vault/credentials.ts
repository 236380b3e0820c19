import { homedir } from 'node:os';
import { join } from 'node:path';

import { KeyStoreError } from '../key-store.js';
import { fileOf, textIn } from './credential-files.js';
import type { Login } from './login.js';
import { appRoleLogin, kubernetesLogin } from './login.js';
import type { VaultSetting, VaultSettings } from './vault-settings.js';

/** A token that somebody else gets, and may replace at any time. */
export interface GivenToken {
  readonly type: 'given';
  /** How messages call it. */
  readonly name: string;
  /** What to do where it is refused. */
  readonly remedy: string;
  /** Whether another one may be there in a moment. */
  readonly isRefreshed: boolean;
  /** Undefined where requests go without: a proxy of Vault puts its own in. */
  read(): Promise<string | undefined>;
}

export type Credentials = GivenToken | Login;

/**
 * The first of these that is set: a token, the file of one, an AppRole, the service account of a pod, and what
 * `vault login` has left at home.
 */
export function credentialsIn(settings: VaultSettings): Credentials {
  const token = settings.get('TOKEN');
  if (token) return tokenIn(token, settings);
  const file = settings.get('TOKEN_FILE');
  if (file) return tokenInFile(file, settings);
  const roleId = settings.get('ROLE_ID');
  if (roleId) return appRoleLogin(roleId, settings);
  const role = settings.get('KUBERNETES_ROLE');
  if (role) return kubernetesLogin(role, settings);
  const secretId = settings.get('SECRET_ID') ?? settings.get('SECRET_ID_FILE');
  if (secretId) throw settings.refuse(`${secretId.name} is set, and VAULT_ROLE_ID is not. Set both.`);
  return tokenAtHome(settings);
}

function tokenIn({ name }: VaultSetting, settings: VaultSettings): GivenToken {
  return {
    type: 'given',
    name: `the token in ${name}`,
    remedy: 'Put another one there.',
    isRefreshed: false,
    read: async () => checked(settings.get('TOKEN')?.value ?? '', name, settings),
  };
}

function tokenInFile({ name, value }: VaultSetting, settings: VaultSettings): GivenToken {
  return {
    type: 'given',
    name: `the token in the file that ${name} names`,
    remedy: 'Check whoever keeps that file up to date, or put another one there.',
    isRefreshed: true,
    read: async () =>
      checked(await textIn({ name, value }, settings), `the file that ${name} names`, settings),
  };
}

function tokenAtHome(settings: VaultSettings): GivenToken {
  const file = join(settings.home ?? homedir(), '.vault-token');
  return {
    type: 'given',
    name: 'the token in ~/.vault-token',
    remedy:
      'Log in again, or set VAULT_TOKEN, VAULT_TOKEN_FILE, VAULT_ROLE_ID with VAULT_SECRET_ID, or VAULT_KUBERNETES_ROLE.',
    isRefreshed: false,
    read: async () => {
      const text = await fileOf(file);
      return text === undefined || text === '' ? undefined : checked(text, '~/.vault-token', settings);
    },
  };
}

/** What has a line in it cannot be sent, and what has braces is an answer of Vault with a token somewhere in it. */
function checked(token: string, name: string, { where }: VaultSettings): string {
  if (/^[\x21-\x7e]+$/.test(token) && !/[{}"]/.test(token)) return token;
  throw new KeyStoreError(
    'KEY_STORE_UNAUTHENTICATED',
    `${where} is not asked: what is in ${name} is no token. Put the token there, and nothing else.`,
  );
}
