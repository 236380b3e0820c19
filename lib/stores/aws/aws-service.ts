import type { KeyStoreErrorCode } from '../key-store.js';

/** A service of AWS, as others call it. */
export interface AwsService {
  /** As its client of the SDK calls itself. */
  readonly serviceId: string;
  /** What stands before the colon of an action in a policy, and in an ARN. */
  readonly prefix: string;
  /** The setting that names another address for this service alone. */
  readonly endpointSetting: string;
  /** The package of its client, and the client's name there. */
  readonly packageName: string;
  readonly clientName: string;
  /** What a refusal means that has a name which nobody here knows. Default: that it was not read, or not written. */
  readonly unknownRefusal?: KeyStoreErrorCode;
}

export const secretsManager: AwsService = {
  serviceId: 'Secrets Manager',
  prefix: 'secretsmanager',
  endpointSetting: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
  packageName: '@aws-sdk/client-secrets-manager',
  clientName: 'SecretsManagerClient',
};

export const systemsManager: AwsService = {
  serviceId: 'SSM',
  prefix: 'ssm',
  endpointSetting: 'AWS_ENDPOINT_URL_SSM',
  packageName: '@aws-sdk/client-ssm',
  clientName: 'SSMClient',
};

export const keyManagement: AwsService = {
  serviceId: 'KMS',
  prefix: 'kms',
  endpointSetting: 'AWS_ENDPOINT_URL_KMS',
  packageName: '@aws-sdk/client-kms',
  clientName: 'KMSClient',
  unknownRefusal: 'KEY_STORE_KEY_UNUSABLE',
};
