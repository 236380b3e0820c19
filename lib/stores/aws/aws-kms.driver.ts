import { loadPackage } from '../vendor-package.js';
import type { KmsDriver, KmsPlace } from '../kms-driver.js';
import { openClient } from './aws-client.js';
import { AwsConnection } from './aws-connection.js';
import { refusalsOfKms } from './aws-kms-refusals.js';
import { AwsKms } from './aws-kms.js';
import { keyManagement } from './aws-service.js';

/**
 * A key of AWS KMS. Nothing is asked yet.
 *
 * @throws KeyStoreError `KEY_STORE_PACKAGE_MISSING`, `KEY_STORE_MISCONFIGURED`
 */
export async function openAwsKms({ parameters, ...others }: KmsPlace): Promise<KmsDriver> {
  const place = { ...others, region: parameters.region };
  const { packageName } = keyManagement;
  const sdk = await loadPackage(packageName, place.where, () => import('@aws-sdk/client-kms'));
  const opened = await openClient(place, keyManagement, (options) => new sdk.KMSClient(options));
  return new AwsKms(sdk, new AwsConnection(opened, keyManagement, place, refusalsOfKms), place);
}
