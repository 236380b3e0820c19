import type { VaultPackage } from './key-vault-client.js';

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
export interface SecretClient {
  readonly vaultUrl: string;
  getSecret(
    name: string,
    options: object,
  ): Promise<{ readonly value?: string; readonly properties: VersionProperties }>;
  setSecret(name: string, value: string, options: object): Promise<object>;
  updateSecretProperties(name: string, version: string, options: object): Promise<object>;
  listPropertiesOfSecretVersions(name: string, options: object): AsyncIterable<VersionProperties>;
}

export const secretsPackage: VaultPackage<SecretClient> = {
  name: '@azure/keyvault-secrets',
  client: 'SecretClient',
  methods: ['getSecret', 'setSecret', 'updateSecretProperties', 'listPropertiesOfSecretVersions'],
  load: async () => (await import('@azure/keyvault-secrets')).SecretClient,
};
