import { openAwsSecretsManager } from '../../../../lib/stores/aws/aws-secrets-manager.driver.js';
import { openAwsParameter } from '../../../../lib/stores/aws/aws-ssm.driver.js';
import type { SecretDriver, SecretPlace } from '../../../../lib/stores/secret-driver.js';
import { environmentFor } from './emulators.js';

/** A driver of AWS, with what a test has to know of its service. */
export interface DriverUnderTest {
  readonly kind: 'aws-secrets-manager' | 'aws-ssm';
  readonly open: (place: SecretPlace) => Promise<SecretDriver>;
  /** A name that every test uses where nothing is kept. */
  readonly place: string;
  readonly arn: (region: string) => string;
  readonly readAction: string;
  /** The first request of a write where something is. */
  readonly writeAction: string;
  readonly policyPrefix: string;
  /** What AWS answers to a read. */
  readonly answer: (value: string, name?: string) => object;
  readonly packageName: string;
}

export const everyDriver: readonly DriverUnderTest[] = [
  {
    kind: 'aws-secrets-manager',
    open: openAwsSecretsManager,
    place: 'oidc/keys',
    arn: (region) => `arn:aws:secretsmanager:${region}:123456789012:secret:oidc/keys-AbCdEf`,
    readAction: 'GetSecretValue',
    writeAction: 'PutSecretValue',
    policyPrefix: 'secretsmanager',
    answer: (value, name = 'oidc/keys') => ({
      ARN: `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`,
      Name: name,
      VersionId: '11111111-2222-3333-4444-555555555555',
      VersionStages: ['AWSCURRENT'],
      SecretString: value,
    }),
    packageName: '@aws-sdk/client-secrets-manager',
  },
  {
    kind: 'aws-ssm',
    open: openAwsParameter,
    place: '/oidc/keys',
    arn: (region) => `arn:aws:ssm:${region}:123456789012:parameter/oidc/keys`,
    readAction: 'GetParameter',
    writeAction: 'PutParameter',
    policyPrefix: 'ssm',
    answer: (value, name = '/oidc/keys') => ({
      Parameter: {
        ARN: `arn:aws:ssm:eu-west-1:123456789012:parameter${name}`,
        Name: name,
        Type: 'SecureString',
        Value: value,
        Version: 1,
      },
    }),
    packageName: '@aws-sdk/client-ssm',
  },
];

/** A place as a reference opens it. */
export function placeOf(
  { kind, place: usual }: Pick<DriverUnderTest, 'kind' | 'place'>,
  endpoint: string,
  more: Partial<SecretPlace> = {},
): SecretPlace {
  const place = more.place ?? usual;
  const environment = environmentFor(endpoint);
  return { place, where: `${kind}:${place}`, setting: (name) => environment[name], ...more };
}
