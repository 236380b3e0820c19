import { randomUUID } from 'node:crypto';

import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';

import { keyStoreNamed } from '../../../../lib/stores/store-reference.js';
import type { StoreUnderTest } from '../store-under-test.js';
import { environmentFor, everyEmulator, region } from './emulators.js';
import type { AwsEmulator } from './emulators.js';

/** A client that is not ours, to look and to meddle with. */
export function secretsManagerAt(endpoint: string): SecretsManagerClient {
  return new SecretsManagerClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
}

/** The value that holds; undefined where there is none. */
export async function valueOfSecret(client: SecretsManagerClient, name: string) {
  const command = new GetSecretValueCommand({ SecretId: name, VersionStage: 'AWSCURRENT' });
  return client.send(command).catch((error: Error) => {
    if (error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  });
}

/** As a console does, but in two steps: moto mixes versions up after a plain PutSecretValue. */
export async function putSecret(client: SecretsManagerClient, name: string, text: string): Promise<void> {
  const before = await valueOfSecret(client, name);
  if (!before) {
    await client.send(new CreateSecretCommand({ Name: name, SecretString: text }));
    return;
  }
  const put = await client.send(
    new PutSecretValueCommand({
      SecretId: name,
      SecretString: text,
      VersionStages: [`hand-${randomUUID()}`],
    }),
  );
  await client.send(
    new UpdateSecretVersionStageCommand({
      SecretId: name,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: put.VersionId,
      RemoveFromVersionId: before.VersionId,
    }),
  );
}

function underTest(emulator: AwsEmulator): StoreUnderTest {
  return {
    kind: 'aws-secrets-manager',
    against: emulator.name,
    compares: true,
    isInstalled: emulator.isInstalled,
    start: async () => {
      const running = await emulator.start();
      const client = secretsManagerAt(running.endpoint);
      const environment = environmentFor(running.endpoint);
      return {
        place: async () => {
          const name = `oidc/keys-${randomUUID()}`;
          const reference = `aws-secrets-manager:${name}`;
          return {
            reference,
            environment,
            open: () =>
              keyStoreNamed(reference, { name: 'OIDC_KEY_STORE', setting: (each) => environment[each] }),
            put: (text) => putSecret(client, name, text),
            content: async () => (await valueOfSecret(client, name))?.SecretString,
          };
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

export const secretsManagersUnderTest = everyEmulator.map(underTest);
