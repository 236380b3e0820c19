import { FileStore } from './file/file.store.js';
import type { KeyStore, OtherVersion, StoredText } from './key-store.js';
import type { SecretDriver, SecretPlace } from './secret-driver.js';
import { isSigningAlgorithm, signingAlgorithms } from '../core/algorithms.js';
import { isKmsReference, kmsForms, kmsReferenceIn, openKms } from './kms-reference.js';
import type { KmsContext } from './kms-reference.js';
import { KmsStore } from './kms.store.js';
import { SecretStore } from './secret-store.js';
import type { SecretKind } from './secret-store.js';
import { StoreReferenceError } from './store-reference-error.js';

/** What a reference is opened with. */
export interface StoreContext {
  /** How messages call the reference, such as `OIDC_KEY_STORE`. */
  readonly name: string;
  /** A setting that the vendor's users know, such as `VAULT_ADDR`. Default: the environment of the process. */
  readonly setting?: ((name: string) => string | undefined) | undefined;
  /** A ready client of the vendor's SDK. Default: one is made, with the credentials that the SDK finds. */
  readonly client?: unknown;
}

interface Kind extends SecretKind {
  /** How a reference of this kind looks. */
  readonly form: string;
  /** What stands behind the kind. */
  readonly place: RegExp;
  /** Whether it keeps versions and cannot compare. */
  readonly isVersioned?: true;
  /** Whether the versions beside the newest say which plain key was there before. */
  readonly keepsOthers?: true;
  /** Loads the driver, and with it the SDK, since most processes have no use for it. */
  readonly driver: (place: SecretPlace) => Promise<SecretDriver>;
}

/** Every kind of secret manager. */
const kinds: Readonly<Record<string, Kind>> = {
  vault: {
    form: 'vault:MOUNT/PATH',
    place: /^(?!(?:.*\/)?\.{1,2}(?:\/|$))[^\p{Cc}/"\\]+(?:\/[^\p{Cc}/"\\]+)+$/u,
    isFields: true,
    keepsOthers: true,
    driver: async (place) => (await import('./vault/vault.driver.js')).openVault(place),
  },
  kubernetes: {
    form: 'kubernetes:NAMESPACE/SECRET',
    place: /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\/(?=.{1,253}$)[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?$/,
    isFields: true,
    driver: async (place) => (await import('./kubernetes/kubernetes.driver.js')).openKubernetes(place),
  },
  'aws-secrets-manager': {
    form: 'aws-secrets-manager:NAME',
    place: /^(?:arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:)?[\w/+=.@-]{1,519}$/,
    isFields: false,
    keepsOthers: true,
    mostBytes: 65_536,
    driver: async (place) =>
      (await import('./aws/aws-secrets-manager.driver.js')).openAwsSecretsManager(place),
  },
  'aws-ssm': {
    form: 'aws-ssm:/NAME',
    place: /^(?:arn:[\w-]+:ssm:[\w-]+:\d{12}:parameter\/)?[\w./-]{1,1011}$/,
    isFields: false,
    isVersioned: true,
    mostBytes: 8_192,
    driver: async (place) => (await import('./aws/aws-ssm.driver.js')).openAwsParameter(place),
  },
  'azure-key-vault': {
    form: 'azure-key-vault:VAULT/SECRET',
    place: /^[a-z\d](?:[a-z\d.-]{0,250}[a-z\d])?(?::\d{1,5})?\/[a-z\d-]{1,127}$/i,
    isFields: false,
    mostBytes: 25_000,
    isVersioned: true,
    driver: async (place) => (await import('./azure/azure-key-vault.driver.js')).openAzureKeyVault(place),
  },
  'gcp-secret-manager': {
    form: 'gcp-secret-manager:projects/PROJECT/secrets/SECRET',
    place: /^projects\/[\w.:-]{1,64}\/(?:locations\/[a-z0-9-]{1,40}\/)?secrets\/[\w-]{1,255}$/,
    isFields: false,
    mostBytes: 65_536,
    isVersioned: true,
    driver: async (place) =>
      (await import('./google/gcp-secret-manager.driver.js')).openGcpSecretManager(place),
  },
};

const forms = ['file:PATH', ...Object.values(kinds).map(({ form }) => form)];
export const storeForms = `A store is named as ${forms.join(', ')}; "-" is standard input and output. ${kmsForms}`;

/**
 * The store that a reference names. It is asked nothing yet, and its driver is loaded when it is.
 *
 * @throws StoreReferenceError
 */
export function keyStoreNamed(reference: string, context: StoreContext): KeyStore {
  const { name, setting = (each) => process.env[each], client } = context;
  const [, kind, rest = ''] = /^([a-z][a-z0-9-]+):(.*)$/s.exec(reference) ?? [];
  // What was meant is not repeated: people do put the key itself there.
  if (kind === undefined) {
    throw new StoreReferenceError(`${name} does not say of which kind the store is. ${storeForms}`);
  }
  if (isKmsReference(reference)) return kmsNamed(reference, context);
  if (kind === 'file') return new FileStore(pathIn(rest, name));
  const known = Object.hasOwn(kinds, kind) ? kinds[kind]! : undefined;
  if (!known) throw new StoreReferenceError(`${name} is of a kind that is not known. ${storeForms}`);
  const [, place = '', field] = /^([^#]*)(?:#([^#\s]{1,256}))?$/.exec(rest) ?? [];
  if (!known.place.test(place)) {
    throw new StoreReferenceError(`${name} does not look like ${known.form}, with #FIELD behind it or not.`);
  }
  const choice = { where: `${kind}:${place}`, field };
  return new StoreOnDemand(
    async () =>
      new SecretStore(await known.driver({ place, where: choice.where, setting, client }), choice, known),
    known,
  );
}

/** A KMS as the store of all keys: what it says beside the name, configuration does. */
function kmsNamed(reference: string, context: KmsContext): KeyStore {
  const { where, parameters } = kmsReferenceIn(reference, context.name);
  const { alg } = parameters;
  if (alg !== undefined && !isSigningAlgorithm(alg)) {
    throw new StoreReferenceError(
      `${context.name} has an "alg" that is no algorithm. It is one of ${signingAlgorithms.join(', ')}.`,
    );
  }
  return new KmsStore({
    kms: { reference, client: context.client, setting: context.setting },
    where,
    alg,
    open: () => openKms(reference, context),
  });
}

/** Whether a text begins as the reference of a store does. */
export function isReference(text: string): boolean {
  const [, kind = ''] = /^([a-z][a-z0-9-]+):/.exec(text) ?? [];
  return kind === 'file' || Object.hasOwn(kinds, kind) || isKmsReference(text);
}

function pathIn(path: string, name: string): string {
  if (path !== '' && !/[\0\r\n{]/.test(path)) return path;
  throw new StoreReferenceError(`${name} has no path behind "file:". ${storeForms}`);
}

/** A store whose driver is loaded when it is first asked. */
class StoreOnDemand implements KeyStore {
  readonly #open: () => Promise<SecretStore>;
  #store: Promise<SecretStore> | undefined;
  readonly between?: (base: string, version: string) => Promise<readonly StoredText[]>;
  readonly others?: (signal?: AbortSignal) => Promise<readonly OtherVersion[]>;

  constructor(
    open: () => Promise<SecretStore>,
    { isVersioned, keepsOthers }: Pick<Kind, 'isVersioned' | 'keepsOthers'>,
  ) {
    this.#open = open;
    if (keepsOthers) this.others = async (signal) => (await this.#opened()).others!(signal);
    if (isVersioned) {
      this.between = async (base, version) => (await this.#opened()).between!(base, version);
    }
  }

  async read(signal?: AbortSignal): Promise<StoredText | undefined> {
    return (await this.#opened()).read(signal);
  }

  async write(text: string, expected: string | undefined): Promise<boolean> {
    return (await this.#opened()).write(text, expected);
  }

  async destroyBefore(version: string): Promise<number | string> {
    return (await (await this.#opened()).destroyBefore?.(version)) ?? 0;
  }

  close(): void {
    // What could not be opened was said where it was asked.
    void this.#store?.then(
      (store) => store.close(),
      () => undefined,
    );
  }

  #opened(): Promise<SecretStore> {
    this.#store ??= this.#open().catch((error: unknown) => {
      this.#store = undefined;
      throw error;
    });
    return this.#store;
  }
}
