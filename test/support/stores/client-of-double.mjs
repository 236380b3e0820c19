// Preloaded (node --import) into a process that is to come to the double of Google's service: the SDK takes another address
// from its caller alone, and from no setting.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const sdk = require('@google-cloud/secret-manager');
const { grpc, googleAuthLibrary } = require('google-gax');

sdk.SecretManagerServiceClient = class extends sdk.SecretManagerServiceClient {
  constructor() {
    super({
      apiEndpoint: '127.0.0.1',
      port: Number(process.env.GCP_SECRET_MANAGER_DOUBLE),
      sslCreds: grpc.credentials.createInsecure(),
      authClient: new googleAuthLibrary.PassThroughClient(),
    });
  }
};
