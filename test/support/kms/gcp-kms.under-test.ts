import { KeyManagementServiceClient } from '@google-cloud/kms';
import gax from 'google-gax';

import { GcpKmsDouble } from './gcp-kms.double.js';
import type { KmsUnderTest } from './kms-under-test.js';

const preload = new URL('../stores/client-of-double.mjs', import.meta.url).href;

/** What the SDK's client is made with to come to the double, over gRPC or over REST. */
export function clientOf(
  { port, restPort }: GcpKmsDouble,
  transport: 'gRPC' | 'REST' = 'gRPC',
): KeyManagementServiceClient {
  const transports = {
    gRPC: { port, sslCreds: gax.grpc.credentials.createInsecure() },
    REST: { port: restPort, protocol: 'http', fallback: true },
  };
  return new KeyManagementServiceClient({
    apiEndpoint: '127.0.0.1',
    authClient: new gax.googleAuthLibrary.PassThroughClient(),
    ...transports[transport],
  });
}

export const gcpKmsUnderTest: KmsUnderTest = {
  kind: 'gcp-kms',
  against: "a double behind Google's SDK",
  isInstalled: true,
  // RS512 and PS512 are there with 4096 bits alone.
  algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'],
  takesKeys: false,
  start: async () => {
    const double = await new GcpKmsDouble().start();
    const client = clientOf(double);
    let keys = 0;
    let isAway = false;
    double.fault = () => (isAway ? { code: 'UNAVAILABLE' } : undefined);
    return {
      environment: { NODE_OPTIONS: `--import ${preload}`, GCP_KMS_DOUBLE: String(double.port) },
      query: '',
      client,
      target: async () =>
        `gcp-kms:projects/a-project/locations/global/keyRings/a-ring/cryptoKeys/key-${++keys}`,
      disable: async (reference) => {
        double.version(reference.replace('gcp-kms:', '')).state = 'DISABLED';
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
        await client.close();
        await double.stop();
      },
    };
  },
};
