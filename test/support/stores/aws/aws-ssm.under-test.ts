import { randomUUID } from 'node:crypto';

import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';

import { keyStoreNamed } from '../../../../lib/stores/store-reference.js';
import type { StoreUnderTest } from '../store-under-test.js';
import { environmentFor, everyEmulator, region } from './emulators.js';
import type { AwsEmulator } from './emulators.js';

/** A client that is not ours, to look and to meddle with. */
export function systemsManagerAt(endpoint: string): SSMClient {
  return new SSMClient({ endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
}

export async function valueOfParameter(client: SSMClient, name: string): Promise<string | undefined> {
  const command = new GetParameterCommand({ Name: name, WithDecryption: true });
  const answer = await client.send(command).catch((error: Error) => {
    if (error.name === 'ParameterNotFound') return undefined;
    throw error;
  });
  return answer?.Parameter?.Value;
}

function underTest(emulator: AwsEmulator): StoreUnderTest {
  return {
    kind: 'aws-ssm',
    against: emulator.name,
    compares: false,
    isInstalled: emulator.isInstalled,
    start: async () => {
      const running = await emulator.start();
      const client = systemsManagerAt(running.endpoint);
      const environment = environmentFor(running.endpoint);
      return {
        place: async () => {
          const name = `/oidc/keys-${randomUUID()}`;
          const reference = `aws-ssm:${name}`;
          return {
            reference,
            environment,
            open: () =>
              keyStoreNamed(reference, { name: 'OIDC_KEY_STORE', setting: (each) => environment[each] }),
            put: async (text) => {
              await client.send(
                new PutParameterCommand({ Name: name, Value: text, Type: 'SecureString', Overwrite: true }),
              );
            },
            content: () => valueOfParameter(client, name),
          };
        },
        stop: async () => {
          client.destroy();
          await running.stop();
        },
      };
    },
  };
}

export const parametersUnderTest = everyEmulator.map(underTest);
