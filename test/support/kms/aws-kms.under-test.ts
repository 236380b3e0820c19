import { DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';

import type { SigningAlgorithm } from '../../../lib/core/algorithms.js';
import { environmentFor, localKms, ministack, region } from '../stores/aws/emulators.js';
import type { AwsEmulator } from '../stores/aws/emulators.js';
import type { KmsUnderTest } from './kms-under-test.js';

/** A client that is not ours, to look and to meddle with. */
export function keyManagementAt(endpoint: string): KMSClient {
  return new KMSClient({ endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
}

function underTest(
  emulator: AwsEmulator,
  algorithms: readonly SigningAlgorithm[],
  takesKeys: boolean,
): KmsUnderTest {
  return {
    kind: 'aws-kms',
    against: emulator.name,
    isInstalled: emulator.isInstalled,
    algorithms,
    takesKeys,
    start: async () => {
      const running = await emulator.start();
      const client = keyManagementAt(running.endpoint);
      return {
        environment: environmentFor(running.endpoint),
        query: '',
        target: async () => 'aws-kms:',
        disable: async (reference) => {
          await client.send(new DisableKeyCommand({ KeyId: reference.replace(/^aws-kms:/, '') }));
        },
        outage: {
          begin: () => running.halt(true),
          end: () => running.halt(false),
        },
        stop: async () => {
          client.destroy();
          await running.stop();
        },
      };
    },
  };
}

const withoutPss = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'] as const;

/** Ed25519 and the import are there in the first alone; the salt of PSS is wrong in the second. */
export const awsKmsUnderTest: readonly KmsUnderTest[] = [
  underTest(ministack, [...withoutPss, 'PS256', 'PS384', 'PS512', 'EdDSA'], true),
  underTest(localKms, withoutPss, false),
];
