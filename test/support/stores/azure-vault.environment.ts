import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AzureVaultDouble } from './azure-vault.double.js';

/** What a process needs in its environment to come to a double of a vault, and what ends that. */
export function environmentFor({
  certificate,
  identityPort,
}: Pick<AzureVaultDouble<string>, 'certificate' | 'identityPort'>): {
  readonly environment: Readonly<Record<string, string>>;
  readonly remove: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-vault-'));
  const authority = join(folder, 'authority.pem');
  writeFileSync(authority, certificate.cert);
  return {
    environment: {
      NODE_EXTRA_CA_CERTS: authority,
      // As Azure App Service gives a managed identity to its workloads.
      IDENTITY_ENDPOINT: `http://127.0.0.1:${identityPort}/msi/token`,
      IDENTITY_HEADER: 'a-header',
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
