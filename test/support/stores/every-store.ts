import { parametersUnderTest } from './aws/aws-ssm.under-test.js';
import { secretsManagersUnderTest } from './aws/aws-secrets-manager.under-test.js';
import { azureKeyVaultUnderTest } from './azure-key-vault.under-test.js';
import { fileUnderTest } from './file.under-test.js';
import { gcpSecretManagerUnderTest } from './gcp-secret-manager.under-test.js';
import { kubernetesUnderTest } from './kubernetes.under-test.js';
import { ownUnderTest } from './own.under-test.js';
import type { StoreUnderTest } from './store-under-test.js';
import { vaultUnderTest } from './vault.under-test.js';

/** Every store that a reference can name, and one of an application's own. */
export const everyStore: readonly StoreUnderTest[] = [
  fileUnderTest,
  vaultUnderTest,
  kubernetesUnderTest,
  ...secretsManagersUnderTest,
  ...parametersUnderTest,
  gcpSecretManagerUnderTest,
  azureKeyVaultUnderTest,
  ownUnderTest,
];
