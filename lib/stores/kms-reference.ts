import type { KmsDriver, KmsPlace } from './kms-driver.js';
import { StoreReferenceError } from './store-reference-error.js';

/** What a kind of KMS is, before it is asked. */
interface KmsKind {
  /** How a reference of this kind looks. */
  readonly form: string;
  /** What stands behind the kind, of a key or of exactly one version. */
  readonly place: RegExp;
  /** What stands behind the kind where a key is yet to be made, if that may be less. */
  readonly target?: RegExp;
  /** Where the successor of a key is made: of a version its key, else the place that keys are in. */
  readonly placeForKeys: (place: string) => string;
  /** The names that its query may have. */
  readonly parameters: readonly string[];
  /** What people may write in its query and should not, and what to do instead. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Loads the driver, and with it the SDK, since most processes have no use for it. */
  readonly driver: (place: KmsPlace) => Promise<KmsDriver>;
}

/** How AWS names a key, the second of several regions at once. */
const awsKey = '(?:[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}|mrk-[\\da-f]{32})';
const awsAlias = 'alias/[\\w/-]{1,250}';
/** What an ARN begins with: partition, region and account. */
const awsArn = 'arn:aws[a-z-]*:kms:[a-z\\d-]+:\\d{12}:';

/** Every kind of KMS and HSM. */
const kinds: Readonly<Record<string, KmsKind>> = {
  'vault-transit': {
    form: 'vault-transit:MOUNT/KEY, with #VERSION behind it or not',
    place: /^(?!(?:.*\/)?\.{1,2}(?:[/#]|$))[^\p{Cc}/"\\#?]+(?:\/[^\p{Cc}/"\\#?]+)+(?:#[1-9]\d{0,8})?$/u,
    placeForKeys: (place) => place.replace(/#\d+$/, ''),
    parameters: [],
    driver: async (place) => (await import('./vault/vault-transit.driver.js')).openVaultTransit(place),
  },
  'aws-kms': {
    form: 'aws-kms:KEY (an identifier, an ARN or alias/NAME)',
    place: new RegExp(`^(?:${awsKey}|${awsAlias}|${awsArn}(?:key/${awsKey}|${awsAlias}))$`),
    target: new RegExp(`^(?:${awsArn}key/)?$`),
    placeForKeys: (place) => new RegExp(`^${awsArn}key/`).exec(place)?.[0] ?? '',
    parameters: ['region'],
    driver: async (place) => (await import('./aws/aws-kms.driver.js')).openAwsKms(place),
  },
  'gcp-kms': {
    form: 'gcp-kms:projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY, with /cryptoKeyVersions/VERSION behind it or not',
    place:
      /^projects\/[\w.:-]{1,64}\/locations\/[a-z0-9-]{1,40}\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}(?:\/cryptoKeyVersions\/[1-9]\d{0,14})?$/,
    placeForKeys: (place) => place.replace(/\/cryptoKeyVersions\/\d+$/, ''),
    parameters: [],
    driver: async (place) => (await import('./google/gcp-kms.driver.js')).openGcpKms(place),
  },
  'azure-key-vault-key': {
    form: 'azure-key-vault-key:VAULT/KEY, with /VERSION behind it or not',
    place:
      /^[a-zA-Z\d](?:[a-zA-Z\d.-]{0,250}[a-zA-Z\d])?(?::\d{1,5})?\/[a-zA-Z\d-]{1,127}(?:\/[a-f\d]{32})?$/,
    placeForKeys: (place) => place.split('/').slice(0, 2).join('/'),
    parameters: [],
    driver: async (place) =>
      (await import('./azure/azure-key-vault-key.driver.js')).openAzureKeyVaultKey(place),
  },
  pkcs11: {
    form: 'pkcs11:token=TOKEN;object=LABEL;id=%ID',
    place: /^(?:(?:^|;)[a-z-]+=(?:[^\p{Cc}\s%;/?#\\]|%[\da-fA-F]{2})+)+$/u,
    placeForKeys: (place) =>
      place
        .split(';')
        .filter((attribute) => !attribute.startsWith('id='))
        .join(';'),
    parameters: ['module-path', 'pin-source'],
    refused: {
      'pin-value':
        'would show the PIN to whoever reads it. Put the PIN into a file, and name that: pin-source=FILE',
    },
    driver: async (place) => (await import('./pkcs11/pkcs11.driver.js')).openPkcs11(place),
  },
};

const forms = Object.values(kinds).map(({ form }) => form);
export const kmsForms = `A key of a KMS is named as ${forms.join(', ')}.`;

/** What a reference is opened with. */
export interface KmsContext {
  /** How messages call whatever holds the reference, such as `OIDC_KEY_STORE`. */
  readonly name: string;
  /** What configuration says beside the name. Default: the query of the reference itself. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  readonly setting?: ((name: string) => string | undefined) | undefined;
  readonly client?: unknown;
}

/** A reference in its parts. */
export interface KmsReference {
  readonly kind: string;
  readonly place: string;
  /** Without the query: how messages call it, and what a key set has. */
  readonly where: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Whether a text begins as the reference of a KMS does. */
export function isKmsReference(text: string): boolean {
  const [, kind = ''] = /^([a-z][a-z0-9-]+):/.exec(text) ?? [];
  return Object.hasOwn(kinds, kind);
}

/**
 * The parts of a reference of a KMS.
 *
 * @throws StoreReferenceError where it is none
 */
export function kmsReferenceIn(reference: string, name: string): KmsReference {
  const [, kind = '', place = '', query = ''] =
    /^([a-z][a-z0-9-]+):([^?]*)(?:\?(.*))?$/s.exec(reference) ?? [];
  const known = Object.hasOwn(kinds, kind) ? kinds[kind]! : undefined;
  // What was meant is not repeated: people do put the key itself there.
  if (!known) throw new StoreReferenceError(`${name} names no KMS. ${kmsForms}`);
  if (!known.place.test(place) && !known.target?.test(place)) {
    throw new StoreReferenceError(`${name} does not look like ${known.form}.`);
  }
  return { kind, place, where: `${kind}:${place}`, parameters: parametersIn(query, known, name) };
}

/** Where the successor of a key is made that a reference names. */
export function placeForKeysOf(reference: string): string {
  const { kind, place } = kmsReferenceIn(reference, 'The "signer" of a key');
  return `${kind}:${kinds[kind]!.placeForKeys(place)}`;
}

/** The least that configuration has to allow for a key and those that follow it. */
export function allowanceFor(reference: string): string {
  const place = placeForKeysOf(reference);
  return place.endsWith(':') ? reference : place;
}

/**
 * The driver for what a reference names. It is loaded now, and asked nothing yet.
 *
 * @throws StoreReferenceError
 */
export function openKms(reference: string, context: KmsContext): Promise<KmsDriver> {
  const { name, setting = (each) => process.env[each], client } = context;
  const { kind, place, where, parameters } = kmsReferenceIn(reference, name);
  return kinds[kind]!.driver({
    place,
    where,
    parameters: context.parameters ?? parameters,
    setting,
    client,
  });
}

function parametersIn(
  query: string,
  { parameters, refused = {}, form }: KmsKind,
  name: string,
): Record<string, string> {
  const found: Record<string, string> = {};
  const known = [...parameters, 'alg'];
  for (const part of query === '' ? [] : query.split('&')) {
    const [, key = '', value = ''] = /^([a-z-]+)=(.*)$/s.exec(part) ?? [];
    if (Object.hasOwn(refused, key)) throw new StoreReferenceError(`${name}: ${key} ${refused[key]}.`);
    if (!known.includes(key) || key in found) {
      throw new StoreReferenceError(
        `${name} has a query that ${form} does not take: it may have ${known.join(', ')}, each once.`,
      );
    }
    found[key] = decoded(value, name);
  }
  return found;
}

function decoded(value: string, name: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new StoreReferenceError(`${name} has a query that is not percent-encoded UTF-8.`);
  }
}
