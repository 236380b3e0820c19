import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { isKubeApiserverInstalled, KubeApiserver } from './kube-apiserver.js';
import type { StoreUnderTest } from './store-under-test.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');

export const kubernetesUnderTest: StoreUnderTest = {
  kind: 'kubernetes',
  against: 'the real kube-apiserver',
  compares: true,
  isInstalled: isKubeApiserverInstalled,
  start: async () => {
    const server = await KubeApiserver.start();
    const namespace = await server.makeNamespace();
    const { token } = await server.makeAccount(namespace, [
      { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'update', 'create'] },
    ]);
    const environment = { KUBECONFIG: server.kubeconfig({ token }) };
    let places = 0;
    return {
      place: async () => {
        const name = `keys-${++places}`;
        const reference = `kubernetes:${namespace}/${name}`;
        const all = `/api/v1/namespaces/${namespace}/secrets`;
        const path = `${all}/${name}`;
        return {
          reference,
          environment,
          open: () =>
            keyStoreNamed(reference, {
              name: 'OIDC_KEY_STORE',
              setting: (each) => (environment as Record<string, string>)[each],
            }),
          put: async (text) => {
            const secret = { metadata: { name }, data: { jwks: base64(text) } };
            const { status } = await server.ask('PUT', path, secret);
            if (status === 404) await server.make(all, secret);
          },
          content: async () => {
            const { status, body } = await server.ask('GET', path);
            return status === 404 ? undefined : Buffer.from(body.data?.jwks ?? '', 'base64').toString();
          },
        };
      },
      outage: { begin: () => server.kill(), end: () => server.startAgain() },
      stop: () => server.stop(),
    };
  },
};
