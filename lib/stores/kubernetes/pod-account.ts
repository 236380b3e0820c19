import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { KeyStoreError } from '../key-store.js';
import type { SecretPlace } from '../secret-driver.js';
import { isToken } from './cluster-access.js';
import type { AccessSource, ClusterAccess } from './cluster-access.js';

/** Where Kubernetes puts what a pod's account is known by. */
export const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

const host = 'KUBERNETES_SERVICE_HOST';
const port = 'KUBERNETES_SERVICE_PORT';

/** Whether this process runs in a pod. */
export function isInPod({ setting }: SecretPlace): boolean {
  return setting(host) !== undefined;
}

/** The API server of the cluster that this pod is in, as the pod's own account. */
export function podAccount(place: SecretPlace, folder: string): AccessSource {
  return {
    read: async () => ({
      server: serverIn(place),
      ca: await contentOf(join(folder, 'ca.crt'), place),
      token: await tokenIn(join(folder, 'token'), place),
    }),
    remedyForCredentials:
      "It is the token of the pod's own account: check that its ServiceAccount still exists, and that the clocks agree.",
    remedyForCertificate: `Check that ${host} is the API server, and that ${join(folder, 'ca.crt')} is of this cluster.`,
  };
}

function serverIn({ where, setting }: SecretPlace): ClusterAccess['server'] {
  const name = setting(host)!;
  const address = `https://${name.includes(':') ? `[${name}]` : name}:${setting(port) ?? '443'}`;
  const isHost = /^[\w.:-]+$/.test(name);
  if (isHost && URL.canParse(address)) return new URL(address);
  throw new KeyStoreError(
    'KEY_STORE_MISCONFIGURED',
    `${where} is not reached: ${host} and ${port} are no host and port. Kubernetes sets them in every pod; leave them as they are.`,
  );
}

async function tokenIn(path: string, place: SecretPlace): Promise<string> {
  const token = (await contentOf(path, place)).toString('utf8').trim();
  if (isToken(token)) return token;
  throw new KeyStoreError(
    'KEY_STORE_UNAUTHENTICATED',
    `${place.where} is not asked: ${path} holds no token.`,
  );
}

async function contentOf(path: string, { where }: SecretPlace): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KeyStoreError(
      'KEY_STORE_UNAUTHENTICATED',
      `${where} is not asked: ${path} cannot be read (${code}). Give the pod a serviceAccountName and ` +
        '"automountServiceAccountToken: true", and let the user that it runs as read the file.',
    );
  }
}
