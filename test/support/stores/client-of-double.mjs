// Preloaded (node --import) into a process that is to come to the double of a service of Google: the SDK takes another
// address from its caller alone, and from no setting.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { grpc, googleAuthLibrary } = require('google-gax');

/** Where a setting has the port of a double, the class of the SDK makes clients of it. */
function comeTo(port, sdk, name) {
  if (port === undefined) return;
  const Client = sdk()[name];
  sdk()[name] = class extends Client {
    constructor() {
      super({
        apiEndpoint: '127.0.0.1',
        port: Number(port),
        sslCreds: grpc.credentials.createInsecure(),
        authClient: new googleAuthLibrary.PassThroughClient(),
      });
    }
  };
}

const { GCP_SECRET_MANAGER_DOUBLE, GCP_KMS_DOUBLE } = process.env;
comeTo(
  GCP_SECRET_MANAGER_DOUBLE,
  () => require('@google-cloud/secret-manager'),
  'SecretManagerServiceClient',
);
comeTo(GCP_KMS_DOUBLE, () => require('@google-cloud/kms'), 'KeyManagementServiceClient');
