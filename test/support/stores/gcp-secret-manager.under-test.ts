import { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import gax from 'google-gax';

import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { GcpSecretManagerDouble } from './gcp-secret-manager.double.js';
import type { StoreUnderTest } from './store-under-test.js';

const preload = new URL('client-of-double.mjs', import.meta.url).href;

/** What the SDK's client is made with to come to the double, over gRPC or over REST. */
export function clientOf(
  { port, restPort }: GcpSecretManagerDouble,
  transport: 'gRPC' | 'REST' = 'gRPC',
): SecretManagerServiceClient {
  const transports = {
    gRPC: { port, sslCreds: gax.grpc.credentials.createInsecure() },
    REST: { port: restPort, protocol: 'http', fallback: true },
  };
  const options = {
    apiEndpoint: '127.0.0.1',
    authClient: new gax.googleAuthLibrary.PassThroughClient(),
    ...transports[transport],
  };
  return new SecretManagerServiceClient(options);
}

export const gcpSecretManagerUnderTest: StoreUnderTest = {
  kind: 'gcp-secret-manager',
  against: "a double behind Google's SDK",
  compares: false,
  isInstalled: true,
  start: async () => {
    const double = await new GcpSecretManagerDouble().start();
    const clients: SecretManagerServiceClient[] = [];
    let places = 0;
    return {
      place: async () => {
        const secret = `projects/a-project/secrets/keys-${++places}`;
        double.createSecret(secret);
        const reference = `gcp-secret-manager:${secret}`;
        return {
          reference,
          environment: {
            NODE_OPTIONS: `--import ${preload}`,
            GCP_SECRET_MANAGER_DOUBLE: String(double.port),
          },
          open: () => {
            const client = clientOf(double);
            clients.push(client);
            return keyStoreNamed(reference, { name: 'The store', client });
          },
          put: async (text) => void double.addVersion(secret, text),
          content: async () => double.content(secret),
        };
      },
      stop: async () => {
        await Promise.all(clients.map((client) => client.close()));
        await double.stop();
      },
    };
  },
};
