import { isOpenBaoInstalled, OpenBao, rootToken } from '../stores/openbao.js';
import type { KmsUnderTest } from './kms-under-test.js';

export const vaultTransitUnderTest: KmsUnderTest = {
  kind: 'vault-transit',
  against: 'OpenBao',
  isInstalled: isOpenBaoInstalled,
  algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
  takesKeys: true,
  start: async () => {
    const server = await OpenBao.dev();
    await server.tell('sys/mounts/transit', { body: { type: 'transit' } });
    let keys = 0;
    return {
      environment: { VAULT_ADDR: server.address, VAULT_TOKEN: rootToken },
      query: '',
      target: async () => `vault-transit:transit/key-${++keys}`,
      disable: async (reference) => {
        const [, key, version] = /^vault-transit:transit\/(.*)#(\d+)$/.exec(reference)!;
        await server.tell(`transit/keys/${key}/rotate`, { body: {} });
        await server.tell(`transit/keys/${key}/config`, {
          body: { min_encryption_version: Number(version) + 1 },
        });
      },
      outage: {
        begin: () => server.halt(true),
        end: () => server.halt(false),
      },
      stop: () => server.stop(),
    };
  },
};
