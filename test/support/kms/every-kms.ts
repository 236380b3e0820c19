import type { KmsUnderTest } from './kms-under-test.js';
import { awsKmsUnderTest } from './aws-kms.under-test.js';
import { azureKeyVaultKeyUnderTest } from './azure-key-vault-key.under-test.js';
import { gcpKmsUnderTest } from './gcp-kms.under-test.js';
import { pkcs11UnderTest } from './pkcs11.under-test.js';
import { vaultTransitUnderTest } from './vault-transit.under-test.js';

/** Every kind of KMS and HSM that a reference can name. */
export const everyKms: readonly KmsUnderTest[] = [
  vaultTransitUnderTest,
  ...awsKmsUnderTest,
  gcpKmsUnderTest,
  azureKeyVaultKeyUnderTest,
  pkcs11UnderTest,
];
