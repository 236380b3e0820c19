import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { algorithms } from '../algorithms.js';
import { privateKeyOf } from './private-key-of.js';

const ours: ReadonlySet<string | undefined> = new Set(algorithms.map(({ keyType }) => keyType));

/**
 * The same key, as an object that shares nothing with the given one. On Node 20 a key of `generateKeyPairSync` shares a
 * lock with the job that made it. Where that job happens to be collected while the key is exported as a JWK, the
 * process waits for itself, for good.
 *
 * A key of a kind that is refused, or that OpenSSL cannot write, is given back as it is.
 */
export function ownKeyObject(key: KeyObject): KeyObject {
  if (key.type === 'secret' || !ours.has(key.asymmetricKeyType)) return key;
  const isPublic = key.type === 'public';
  const type = isPublic ? 'spki' : 'pkcs8';
  let der: Buffer;
  try {
    der = key.export({ format: 'der', type });
  } catch {
    // The refusal of such a key says what is wrong with it.
    return key;
  }
  const input = { key: der, format: 'der', type } as const;
  return isPublic ? createPublicKey({ ...input, type: 'spki' }) : privateKeyOf({ ...input, type: 'pkcs8' });
}
