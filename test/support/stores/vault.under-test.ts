import { isOpenBaoInstalled, OpenBao, rootToken } from './openbao.js';
import type { StoreUnderTest } from './store-under-test.js';
import { vaultStore } from './vault-store.js';

export const vaultUnderTest: StoreUnderTest = {
  kind: 'vault',
  against: 'OpenBao',
  compares: true,
  isInstalled: isOpenBaoInstalled,
  start: async () => {
    const server = await OpenBao.dev();
    const environment = { VAULT_ADDR: server.address, VAULT_TOKEN: rootToken };
    let places = 0;
    return {
      place: async () => {
        const path = `keys-${++places}`;
        const reference = `vault:secret/${path}`;
        return {
          reference,
          environment,
          open: () => vaultStore(server, reference),
          put: async (text) => {
            await server.tell(`secret/data/${path}`, { body: { data: { jwks: text } } });
          },
          content: async () => {
            const { json } = await server.ask(`secret/data/${path}`);
            return json.data?.data?.jwks as string | undefined;
          },
        };
      },
      outage: {
        begin: () => server.halt(true),
        end: () => server.halt(false),
      },
      stop: () => server.stop(),
    };
  },
};
