import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { privateKeyOf } from '../../lib/core/reading/private-key-of.js';

/** The declarations of Node have one overload for each kind of key. */
const generate = generateKeyPairSync as unknown as (
  kind: string,
  options: object,
) => { privateKey: Buffer; publicKey: Buffer };

/**
 * A key pair of this run, of any kind that `generateKeyPairSync` knows. What that returns stays bound to the job which
 * made it, and on Node 20 an export as JWK can stop the process for good (`lib/core/reading/own-key-object.ts`).
 */
export function makeKeyPair(
  kind: string,
  options: object = {},
): { privateKey: KeyObject; publicKey: KeyObject } {
  const { privateKey, publicKey } = generate(kind, {
    ...options,
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    publicKeyEncoding: { format: 'der', type: 'spki' },
  });
  return {
    privateKey: privateKeyOf({ key: privateKey, format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: publicKey, format: 'der', type: 'spki' }),
  };
}
