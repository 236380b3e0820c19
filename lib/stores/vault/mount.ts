import { isObject } from '../../core/objects.js';
import { KeyStoreError } from '../key-store.js';
import { escapedPath } from './escaped-path.js';
import { strangeAnswer } from './refusals.js';
import type { VaultSession } from './vault-session.js';

/** The secrets engine that a path is in. */
export interface Mount {
  /** Where it is, without a slash behind it. */
  readonly path: string;
  /** The secret in it. */
  readonly secret: string;
  readonly version: 1 | 2;
}

/**
 * Asks for the mount of a path, since a mount may have slashes in its name. Every token may that has a right to anything
 * in it.
 *
 * @throws KeyStoreError `KEY_STORE_FORBIDDEN`, `KEY_STORE_MISCONFIGURED`
 */
export async function mountOf(
  place: string,
  session: VaultSession,
  where: string,
  signal: AbortSignal,
): Promise<Mount> {
  const path = `sys/internal/ui/mounts/${escapedPath(place)}`;
  const { status, data, errors } = await session.request({ method: 'GET', path, signal });
  if (status === 403 && errors) {
    throw new KeyStoreError(
      'KEY_STORE_FORBIDDEN',
      `${where} is in no mount of this server, or ${session.credentials.name} has no right to anything there. Check the ` +
        `path and VAULT_NAMESPACE; in version 2 of KV a policy names MOUNT/data/PATH.`,
    );
  }
  const { type, path: mount, options } = data;
  if (status !== 200 || typeof mount !== 'string' || typeof type !== 'string')
    throw strangeAnswer(where, status);
  if (type !== 'kv' && type !== 'generic') {
    throw new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      `${where} is in a mount that keeps no secrets${/^[a-z-]{1,40}$/.test(type) ? ` (${type})` : ''}. Name one of the type kv.`,
    );
  }
  if (`${place}/` === mount) {
    throw new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      `${where} names a mount and no secret in it. Put the name of the secret behind it.`,
    );
  }
  if (!mount.endsWith('/') || !place.startsWith(mount)) throw strangeAnswer(where, status);
  return {
    path: mount.slice(0, -1),
    secret: place.slice(mount.length),
    version: isObject(options) && String(options.version) === '2' ? 2 : 1,
  };
}
