import { isObject } from '../../core/objects.js';
import { KeyStoreError } from '../key-store.js';
import { loadPackage } from '../vendor-package.js';

/** What all clients of the SDK have. */
interface OfVault {
  readonly vaultUrl: string;
}

/** A package of the SDK. */
export interface VaultPackage<Client extends OfVault> {
  readonly name: string;
  /** Of the class. */
  readonly client: string;
  /** By which one is known. */
  readonly methods: readonly string[];
  readonly load: () => Promise<new (vault: string, credential: Credential, options: object) => Client>;
}

type Credential = InstanceType<(typeof import('@azure/identity'))['DefaultAzureCredential']>;

/**
 * @param vault as the reference names it: a name in Azure's public cloud, or a host
 * @throws KeyStoreError `KEY_STORE_PACKAGE_MISSING`, `KEY_STORE_MISCONFIGURED`
 */
export async function vaultClient<Client extends OfVault>(
  sdk: VaultPackage<Client>,
  vault: string,
  { where, client }: { readonly where: string; readonly client?: unknown },
): Promise<Client> {
  const address = new URL(`https://${vault.includes('.') ? vault : `${vault}.vault.azure.net`}`);
  if (client !== undefined) return givenClient(sdk, client, address, where);
  const [ClientOfVault, { DefaultAzureCredential }] = await Promise.all([
    loadPackage(sdk.name, where, sdk.load),
    loadPackage('@azure/identity', where, () => import('@azure/identity')),
  ]);
  // Who asks again, and when, is decided above; and a redirect has no meaning here.
  const none = { maxRetries: 0 };
  return new ClientOfVault(address.origin, new DefaultAzureCredential(), {
    retryOptions: none,
    redirectOptions: none,
  });
}

function givenClient<Client extends OfVault>(
  sdk: VaultPackage<Client>,
  client: unknown,
  vault: URL,
  where: string,
): Client {
  if (!isClient(sdk, client)) {
    throw new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      `${where} was given a "client" that is no ${sdk.client} of ${sdk.name}.`,
    );
  }
  if (URL.canParse(client.vaultUrl) && new URL(client.vaultUrl).host === vault.host) return client;
  throw new KeyStoreError(
    'KEY_STORE_MISCONFIGURED',
    `${where} was given a "client" of another vault. Make it for ${vault.origin}, or name its vault in the reference.`,
  );
}

function isClient<Client extends OfVault>(
  { methods }: VaultPackage<Client>,
  client: unknown,
): client is Client {
  return (
    isObject(client) &&
    typeof client.vaultUrl === 'string' &&
    methods.every((name) => typeof client[name] === 'function')
  );
}
