import type { VaultPackage } from './key-vault-client.js';

/** What the service says of a version. */
export interface KeyProperties {
  readonly name: string;
  readonly version?: string;
  readonly createdOn?: Date;
  readonly enabled?: boolean;
  readonly notBefore?: Date;
  readonly expiresOn?: Date;
  readonly exportable?: boolean;
}

/** A version with its public key. */
export interface VaultKey {
  readonly key?: JsonWebKey;
  readonly keyType?: string;
  readonly keyOperations?: readonly string[];
  readonly properties: KeyProperties;
}

/** A JWK whose members are bytes. */
export interface JsonWebKey {
  readonly kty?: string;
  readonly crv?: string;
  readonly n?: Uint8Array;
  readonly e?: Uint8Array;
  readonly x?: Uint8Array;
  readonly y?: Uint8Array;
}

/** What signs with one version. */
export interface Cryptography {
  sign(algorithm: string, digest: Uint8Array, options: object): Promise<{ readonly result?: Uint8Array }>;
}

/** Of the SDK's client, what is used. */
export interface KeyClient {
  readonly vaultUrl: string;
  getKey(name: string, options: object): Promise<VaultKey>;
  listPropertiesOfKeyVersions(name: string, options: object): AsyncIterable<KeyProperties>;
  createRsaKey(name: string, options: object): Promise<VaultKey>;
  createEcKey(name: string, options: object): Promise<VaultKey>;
  updateKeyProperties(name: string, version: string, options: object): Promise<object>;
  getCryptographyClient(name: string, options: { readonly keyVersion: string }): Cryptography;
}

export const keysPackage: VaultPackage<KeyClient> = {
  name: '@azure/keyvault-keys',
  client: 'KeyClient',
  methods: ['getKey', 'listPropertiesOfKeyVersions', 'updateKeyProperties', 'getCryptographyClient'],
  load: async () => (await import('@azure/keyvault-keys')).KeyClient,
};
