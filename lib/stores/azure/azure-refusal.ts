import { unreachable } from '../https/unreachable.js';
import { KeyStoreError } from '../key-store.js';
import type { KeyStoreErrorCode } from '../key-store.js';
import type { AzureFailure, Seen } from './azure-failure.js';

/** Actions as a role has them, below `Microsoft.KeyVault/vaults/`, and the built-in role that has one. */
const roles = {
  'secrets/getSecret/action': 'Key Vault Secrets User',
  'secrets/readMetadata/action': 'Key Vault Secrets User',
  'secrets/setSecret/action': 'Key Vault Secrets Officer',
  'secrets/update/action': 'Key Vault Secrets Officer',
  'keys/read': 'Key Vault Crypto User',
  'keys/sign/action': 'Key Vault Crypto User',
  'keys/create/action': 'Key Vault Crypto Officer',
  'keys/update/action': 'Key Vault Crypto Officer',
} as const;

/** What was asked for. */
export interface Asked {
  /** How messages call the secret or the key. */
  readonly where: string;
  readonly action: keyof typeof roles;
}

const isOfKeys = (action: Asked['action']): boolean => action.startsWith('keys/');
const kindOf = (action: Asked['action']): string => (isOfKeys(action) ? 'key' : 'secret');

const certificateRemedy =
  'Put the certificate of the private authority, or of the proxy between, into a file and its path into NODE_EXTRA_CA_CERTS.';

/** What a request that failed means. The words of Azure are not repeated, since they may quote what was sent. */
export function azureRefusal(failure: AzureFailure, seen: Seen, asked: Asked): KeyStoreError {
  const { where } = asked;
  const { status, code, name, isOfOtherService } = failure;
  if (seen.isTooLarge)
    return unreachable(
      where,
      `answers with more than a ${kindOf(asked.action)} can hold`,
      'Check the address.',
    );
  if (isOfOtherService) {
    return new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      `${where} is at a host that wants tokens for another service. Check the host of the vault in the reference.`,
    );
  }
  if (/Authentication|Credential/.test(name)) return unauthenticated(where, 'no token could be had');
  if (status === undefined) return withoutAnswer(where, code);
  return answered(failure, status, asked);
}

function answered(failure: AzureFailure, status: number, asked: Asked): KeyStoreError {
  const { code, innerCode, retryAfter } = failure;
  const { where } = asked;
  const named = [status, code, innerCode].filter((each) => each !== undefined).join(', ');
  if (status === 401) return unauthenticated(where, named);
  if (status === 403) return forbidden(innerCode, named, asked);
  if (status === 409) return conflict(innerCode, named, asked);
  if (status === 404 && isOfKeys(asked.action)) {
    return unusable(
      `${where} is not there (${named}). Check the reference; a key that was deleted can be recovered.`,
    );
  }
  if (status === 429) {
    return new KeyStoreError(
      'KEY_STORE_THROTTLED',
      `${where} is asked too often (${named}): a vault takes 4,000 requests in ten seconds from all who use it. Ask less often.`,
      { isTransient: true, retryAfter },
    );
  }
  if (status >= 500 || code === 'PARSE_ERROR') {
    return new KeyStoreError(
      'KEY_STORE_UNREACHABLE',
      `${where} gives no answer that can be read (${named}). Check that the vault is reachable from here.`,
      { isTransient: true, retryAfter },
    );
  }
  if (status >= 400 && code !== undefined) {
    return new KeyStoreError(
      mistakeIn(asked.action),
      `${where} does not take what was asked (${named}). Check the names of vault and ${kindOf(asked.action)}.`,
    );
  }
  return otherAnswer(where);
}

function mistakeIn(action: Asked['action']): KeyStoreErrorCode {
  if (isOfKeys(action)) return 'KEY_STORE_KEY_UNUSABLE';
  return action === 'secrets/setSecret/action' ? 'KEY_STORE_NOT_WRITTEN' : 'KEY_STORE_NOT_READ';
}

function unusable(message: string): KeyStoreError {
  return new KeyStoreError('KEY_STORE_KEY_UNUSABLE', message);
}

function forbidden(innerCode: string | undefined, named: string, { where, action }: Asked): KeyStoreError {
  // The key is what forbids it, and no role is of any help.
  if (isOfKeys(action) && innerCode?.startsWith('Key')) {
    return unusable(
      innerCode === 'KeyDisabled'
        ? `${where} is disabled (${named}). Enable it, if it is not to stay so: az keyvault key set-attributes --enabled true`
        : `${where} is not used as it is (${named}). Check from when until when it is valid, and its key_ops.`,
    );
  }
  if (isOfKeys(action) && innerCode === 'ForbiddenByPolicy') {
    return new KeyStoreError(
      'KEY_STORE_FORBIDDEN',
      `${where} is not made or changed, since an Azure Policy forbids it (${named}). Ask whoever set it which keys it allows.`,
    );
  }
  if (innerCode === 'ForbiddenByPolicy') {
    return new KeyStoreError(
      'KEY_STORE_NOT_WRITTEN',
      `${where} is not written, since an Azure Policy forbids it (${named}). Policies that want an expiry date or a type of ` +
        'content of every secret have to leave this one out.',
    );
  }
  const remedy =
    innerCode === 'ForbiddenByFirewall' || innerCode === 'ForbiddenByConnection'
      ? 'The network rules of the vault keep this machine out: allow its address, or use a private endpoint.'
      : `Whoever runs this needs Microsoft.KeyVault/vaults/${action}, which is in the role ` +
        `"${roles[action]}"; a new assignment may take minutes. A vault with access policies wants the permission there.`;
  return new KeyStoreError('KEY_STORE_FORBIDDEN', `${where} is refused (${named}). ${remedy}`);
}

function conflict(innerCode: string | undefined, named: string, { where, action }: Asked): KeyStoreError {
  const isPassing = innerCode === 'ObjectIsBeingRecovered' || innerCode === 'ObjectIsBeingDeleted';
  const kind = kindOf(action);
  const loss = isOfKeys(action) ? 'it for good' : 'every key that was in it';
  return new KeyStoreError(
    isOfKeys(action) ? 'KEY_STORE_KEY_UNUSABLE' : 'KEY_STORE_NOT_WRITTEN',
    isPassing
      ? `${where} is being deleted or recovered (${named}). Wait a minute, and look at what is there then.`
      : `${where} was deleted, and its name is kept for it (${named}). Recover it (az keyvault ${kind} recover), or purge it ` +
          `(az keyvault ${kind} purge), which destroys ${loss}.`,
    { isTransient: isPassing },
  );
}

function withoutAnswer(where: string, code: string | undefined): KeyStoreError {
  if (code === 'ENOTFOUND') {
    return new KeyStoreError(
      'KEY_STORE_UNREACHABLE',
      `${where} is not reached, since no host has the name of that vault (ENOTFOUND). Check the name, and that names are ` +
        'resolved here; a vault that was deleted has none.',
      { isTransient: true },
    );
  }
  return unreachable(where, Object.assign(new Error(), { code }), certificateRemedy);
}

function unauthenticated(where: string, named: string): KeyStoreError {
  return new KeyStoreError(
    'KEY_STORE_UNAUTHENTICATED',
    `${where} is not opened, since Azure does not know who asks (${named}). Give the workload a managed identity or ` +
      'workload identity, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, of the tenant that the vault is ' +
      'in; on a machine of your own: az login',
  );
}

/** What is no answer to what was asked. */
export function otherAnswer(where: string): KeyStoreError {
  return new KeyStoreError(
    'KEY_STORE_UNREACHABLE',
    `${where} was asked for, and something else was answered. Check the host of the vault, and what is between.`,
  );
}
