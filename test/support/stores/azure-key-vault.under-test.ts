import { SecretClient } from '@azure/keyvault-secrets';
import type { SecretClientOptions } from '@azure/keyvault-secrets';

import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { AzureKeyVaultDouble } from './azure-key-vault.double.js';
import { environmentFor } from './azure-vault.environment.js';
import type { StoreUnderTest } from './store-under-test.js';

/** A client of the SDK on the double, with credentials that need no Azure. */
export function clientOf(double: AzureKeyVaultDouble, options: SecretClientOptions = {}): SecretClient {
  const getToken = async () => ({ token: double.token, expiresOnTimestamp: Date.now() + 3_600_000 });
  return new SecretClient(
    `https://127.0.0.1:${double.port}`,
    { getToken },
    {
      tlsOptions: { ca: double.certificate.cert },
      retryOptions: { maxRetries: 0 },
      ...options,
    },
  );
}

export const azureKeyVaultUnderTest: StoreUnderTest = {
  kind: 'azure-key-vault',
  against: "a double behind Azure's SDK",
  compares: false,
  isInstalled: true,
  start: async () => {
    const double = await new AzureKeyVaultDouble().start();
    const { environment, remove } = environmentFor(double);
    let places = 0;
    return {
      place: async () => {
        const name = `keys-${++places}`;
        const reference = `azure-key-vault:127.0.0.1:${double.port}/${name}`;
        return {
          reference,
          environment,
          open: () => keyStoreNamed(reference, { name: 'The store', client: clientOf(double) }),
          put: async (text) => {
            // The first one was put there a while ago: a write does not have to wait for the next second.
            const isFirst = double.versions(name).length === 0;
            double.put(name, text, isFirst ? { created: double.now() - 5 } : {});
          },
          content: async () => double.versions(name).findLast(({ enabled }) => enabled)?.value,
        };
      },
      stop: async () => {
        remove();
        await double.stop();
      },
    };
  },
};
