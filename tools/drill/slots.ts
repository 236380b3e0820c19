import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint } from 'jose';

import { milliseconds, propagation, realTimes } from './scale.js';

export interface DrillKey {
  readonly kid: string;
  readonly privatePem: string;
  readonly publicPem: string;
}

interface RetiringKey extends DrillKey {
  /** When it may be removed, in milliseconds since 1970. */
  readonly until: number;
}

/** What the configuration of all replicas says, or is about to say. */
export interface Slots {
  readonly current: DrillKey;
  readonly next?: DrillKey | undefined;
  /** Newest first. */
  readonly previous: readonly RetiringKey[];
  readonly nextActivatesAt?: Date | undefined;
  readonly revokedKids?: readonly string[];
}

export async function makeKey(): Promise<DrillKey> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return {
    kid: await calculateJwkThumbprint(publicKey.export({ format: 'jwk' })),
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
}

/** A key becomes `next`. */
export function publish({ current, previous }: Slots, next: DrillKey, nextActivatesAt?: Date): Slots {
  return { current, next, previous: previous.filter(isRetained), nextActivatesAt };
}

/**
 * `next` becomes `current`, and `current` becomes `previous`, for as long as its last token may live. A replica that
 * has been restarted since `next` was published signs that last token a propagation after the others.
 */
export function promote({ current, next, previous }: Slots): Slots {
  if (!next) throw new Error('There is no next key to promote');
  const until = Date.now() + milliseconds(realTimes.spread + propagation + realTimes.retention);
  return { current: next, previous: [{ ...current, until }, ...previous.filter(isRetained)] };
}

function isRetained({ until }: RetiringKey): boolean {
  return Date.now() < until;
}
