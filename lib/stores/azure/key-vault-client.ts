import { isObject } from '../../core/objects.js';
import { KeyStoreError } from '../key-store.js';
import type { SecretPlace } from '../secret-driver.js';
import { loadPackage } from '../vendor-package.js';

const packageName = '@azure/keyvault-secrets';

/** What the service says of a version, beside its value. */
export interface VersionProperties {
  readonly name: string;
  readonly version?: string;
  readonly createdOn?: Date;
  readonly enabled?: boolean;
  readonly contentType?: string;
  readonly tags?: Record<string, string>;
}

/** Of the SDK's client, what is used. */
export interface KeyVaultClient {
  readonly vaultUrl: string;
  getSecret(
    name: string,
    options: object,
  ): Promise<{ readonly value?: string; readonly properties: VersionProperties }>;
  setSecret(name: string, value: string, options: object): Promise<object>;
  updateSecretProperties(name: string, version: string, options: object): Promise<object>;
  listPropertiesOfSecretVersions(name: string, options: object): AsyncIterable<VersionProperties>;
}

const methods = ['getSecret', 'setSecret', 'updateSecretProperties', 'listPropertiesOfSecretVersions'];

/**
 * @param vault the address of the vault that the reference names
 * @throws KeyStoreError `KEY_STORE_PACKAGE_MISSING`, `KEY_STORE_MISCONFIGURED`
 */
export async function keyVaultClient(
  vault: URL,
  { where, client }: Pick<SecretPlace, 'where' | 'client'>,
): Promise<KeyVaultClient> {
  if (client !== undefined) return givenClient(client, vault, where);
  const [{ SecretClient }, { DefaultAzureCredential }] = await Promise.all([
    loadPackage(packageName, where, () => import('@azure/keyvault-secrets')),
    loadPackage('@azure/identity', where, () => import('@azure/identity')),
  ]);
  // Who asks again, and when, is decided above; and a redirect has no meaning here.
  const none = { maxRetries: 0 };
  return new SecretClient(vault.origin, new DefaultAzureCredential(), {
    retryOptions: none,
    redirectOptions: none,
  });
}

function givenClient(client: unknown, vault: URL, where: string): KeyVaultClient {
  if (!isClient(client)) {
    throw new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      `${where} was given a "client" that is no SecretClient of ${packageName}.`,
    );
  }
  if (URL.canParse(client.vaultUrl) && new URL(client.vaultUrl).host === vault.host) return client;
  throw new KeyStoreError(
    'KEY_STORE_MISCONFIGURED',
    `${where} was given a "client" of another vault. Make it for ${vault.origin}, or name its vault in the reference.`,
  );
}

function isClient(client: unknown): client is KeyVaultClient {
  return (
    isObject(client) &&
    typeof client.vaultUrl === 'string' &&
    methods.every((name) => typeof client[name] === 'function')
  );
}
