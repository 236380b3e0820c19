import { KeyClient } from '@azure/keyvault-keys';

import { environmentFor } from '../stores/azure-vault.environment.js';
import { AzureKeyVaultKeyDouble } from './azure-key-vault-key.double.js';
import type { KmsUnderTest } from './kms-under-test.js';

/** A client of the SDK on the double, with credentials that need no Azure. */
export function clientOf(double: AzureKeyVaultKeyDouble): KeyClient {
  const getToken = async () => ({ token: double.token, expiresOnTimestamp: Date.now() + 3_600_000 });
  return new KeyClient(
    `https://127.0.0.1:${double.port}`,
    { getToken },
    { tlsOptions: { ca: double.certificate.cert }, retryOptions: { maxRetries: 0 } },
  );
}

export const azureKeyVaultKeyUnderTest: KmsUnderTest = {
  kind: 'azure-key-vault-key',
  against: "a double behind Azure's SDK",
  isInstalled: true,
  algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
  takesKeys: false,
  start: async () => {
    const double = await new AzureKeyVaultKeyDouble().start();
    const { environment, remove } = environmentFor(double);
    let keys = 0;
    let isAway = false;
    double.fault = () => (isAway ? { status: 503, code: 'ServiceUnavailable' } : undefined);
    return {
      environment,
      query: '',
      client: clientOf(double),
      target: async () => `azure-key-vault-key:127.0.0.1:${double.port}/key-${++keys}`,
      disable: async (reference) => {
        const [name, version] = reference.split('/').slice(-2) as [string, string];
        double.version(name, version).enabled = false;
      },
      outage: {
        begin: async () => {
          isAway = true;
        },
        end: async () => {
          isAway = false;
        },
      },
      stop: async () => {
        remove();
        await double.stop();
      },
    };
  },
};
