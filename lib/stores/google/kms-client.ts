import { isObject } from '../../core/objects.js';
import { KeyStoreError } from '../key-store.js';
import type { KmsPlace } from '../kms-driver.js';
import { loadPackage } from '../vendor-package.js';
import type { GoogleAlgorithm } from './kms-algorithms.js';

const packageName = '@google-cloud/kms';

/** What is used of a call that failed or came back: the same in the lines 5 and 6 of the SDK. */
type Call<Request, Answer> = (request: Request, options: object) => Promise<readonly [Answer, ...unknown[]]>;

/** By its name or its number, as the SDK was made. */
type Named = string | number | null;
/** google.protobuf.Int64Value. */
type Checksum = unknown;

export interface AnsweredVersion {
  readonly name?: string | null;
  readonly state?: Named;
  readonly algorithm?: Named;
  /** google.protobuf.Timestamp. */
  readonly createTime?: unknown;
}

export interface AnsweredKey {
  readonly purpose?: Named;
  readonly versionTemplate?: { readonly algorithm?: Named } | null;
}

export interface AnsweredPublicKey {
  readonly name?: string | null;
  readonly algorithm?: Named;
  readonly pem?: string | null;
  readonly pemCrc32c?: Checksum;
}

export interface AnsweredSignature {
  readonly name?: string | null;
  readonly signature?: Uint8Array | string | null;
  readonly signatureCrc32c?: Checksum;
  readonly verifiedDigestCrc32c?: boolean | null;
  readonly verifiedDataCrc32c?: boolean | null;
}

/** What is signed, with its checksum. */
export type Input =
  | {
      readonly digest:
        { readonly sha256: Buffer } | { readonly sha384: Buffer } | { readonly sha512: Buffer };
      readonly digestCrc32c: { readonly value: number };
    }
  | { readonly data: Buffer; readonly dataCrc32c: { readonly value: number } };

/** Of the SDK's client. */
export interface KmsClient {
  listCryptoKeyVersions: Call<
    { readonly parent: string; readonly pageSize: number; readonly pageToken?: string },
    readonly AnsweredVersion[]
  >;
  getCryptoKeyVersion: Call<{ readonly name: string }, AnsweredVersion>;
  getPublicKey: Call<{ readonly name: string }, AnsweredPublicKey>;
  asymmetricSign: Call<{ readonly name: string } & Input, AnsweredSignature>;
  getCryptoKey: Call<{ readonly name: string }, AnsweredKey>;
  createCryptoKey: Call<
    {
      readonly parent: string;
      readonly cryptoKeyId: string;
      readonly cryptoKey: {
        readonly purpose: 'ASYMMETRIC_SIGN';
        readonly versionTemplate: { readonly algorithm: GoogleAlgorithm['name'] };
      };
      readonly skipInitialVersionCreation: true;
    },
    AnsweredKey
  >;
  createCryptoKeyVersion: Call<
    { readonly parent: string; readonly cryptoKeyVersion: object },
    AnsweredVersion
  >;
  updateCryptoKeyVersion: Call<
    {
      readonly cryptoKeyVersion: { readonly name: string; readonly state: 'DISABLED' };
      readonly updateMask: { readonly paths: string[] };
    },
    AnsweredVersion
  >;
  close(): Promise<void>;
}

/** A client, and whether it is ours to end. */
export interface OpenedKms {
  readonly client: KmsClient;
  readonly isOurs: boolean;
}

const methods = ['asymmetricSign', 'getPublicKey', 'listCryptoKeyVersions', 'createCryptoKeyVersion'];

/** @throws KeyStoreError `KEY_STORE_PACKAGE_MISSING`, `KEY_STORE_MISCONFIGURED` */
export async function kmsClient({ where, client }: KmsPlace): Promise<OpenedKms> {
  if (client !== undefined) {
    if (isClient(client)) return { client, isOurs: false };
    throw new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      `${where} was given a "client" that is no KeyManagementServiceClient of ${packageName}.`,
    );
  }
  const { KeyManagementServiceClient } = await loadPackage(
    packageName,
    where,
    () => import('@google-cloud/kms'),
  );
  return { client: new KeyManagementServiceClient(), isOurs: true };
}

function isClient(client: unknown): client is KmsClient {
  return isObject(client) && methods.every((name) => typeof client[name] === 'function');
}
