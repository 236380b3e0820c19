import { isObject } from '../../core/objects.js';
import { KeyStoreError } from '../key-store.js';
import type { SecretPlace } from '../secret-driver.js';
import { loadPackage } from '../vendor-package.js';

const packageName = '@google-cloud/secret-manager';

/** What is used of a call that failed or came back: the same in the lines 6 and 7 of the SDK. */
type Call<Request, Answer> = (request: Request, options: object) => Promise<readonly [Answer, ...unknown[]]>;

export interface AccessedVersion {
  readonly name?: string | null;
  readonly payload?: {
    readonly data?: Uint8Array | string | null;
    readonly dataCrc32c?: number | string | { toString(): string } | null;
  } | null;
}

export interface ListedVersion {
  readonly name?: string | null;
  /** By its name or its number, as the SDK was made. */
  readonly state?: string | number | null;
  /** Of one that is destroyed later, and disabled until then. */
  readonly scheduledDestroyTime?: unknown;
}

/** Of the SDK's client. */
export interface SecretManagerClient {
  accessSecretVersion: Call<{ readonly name: string }, AccessedVersion>;
  addSecretVersion: Call<
    {
      readonly parent: string;
      readonly payload: { readonly data: Buffer; readonly dataCrc32c: number };
    },
    object
  >;
  listSecretVersions: Call<{ readonly parent: string; readonly pageSize: number }, readonly ListedVersion[]>;
  destroySecretVersion: Call<{ readonly name: string }, object>;
  close(): Promise<void>;
}

/** A client, and whether it is ours to end. */
export interface OpenedClient {
  readonly client: SecretManagerClient;
  readonly isOurs: boolean;
}

const methods = ['accessSecretVersion', 'addSecretVersion', 'listSecretVersions', 'destroySecretVersion'];

/** @throws KeyStoreError `KEY_STORE_PACKAGE_MISSING`, `KEY_STORE_MISCONFIGURED` */
export async function secretManagerClient({ place, where, client }: SecretPlace): Promise<OpenedClient> {
  if (client !== undefined) {
    if (isClient(client)) return { client, isOurs: false };
    throw new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      `${where} was given a "client" that is no SecretManagerServiceClient of ${packageName}.`,
    );
  }
  const { SecretManagerServiceClient } = await loadPackage(
    packageName,
    where,
    () => import('@google-cloud/secret-manager'),
  );
  const [, location] = /\/locations\/([^/]+)\//.exec(place) ?? [];
  // The secrets of a region are kept apart, and reached there alone.
  const options =
    location === undefined ? {} : { apiEndpoint: `secretmanager.${location}.rep.googleapis.com` };
  return { client: new SecretManagerServiceClient(options), isOurs: true };
}

function isClient(client: unknown): client is SecretManagerClient {
  return isObject(client) && methods.every((name) => typeof client[name] === 'function');
}
