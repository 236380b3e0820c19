import type { JSONWebKeySet, JWK } from 'jose';

import { algorithms } from '../../core/algorithms.js';
import { shortestCache } from '../../core/key-set/figures.js';
import { BrokenRotationError } from './broken-rotation-error.js';
import type { BrokenRotationCode } from './broken-rotation-error.js';
import { fetchJwks } from './fetch-jwks.js';
import { freshnessOf } from './freshness.js';
import type { Replica } from './replica.js';

/** What one replica publishes at one instant. */
export interface Published {
  readonly by: Replica;
  readonly keys: ReadonlyMap<string, JWK>;
  readonly jwks: JSONWebKeySet;
  /** For how long it may be kept, in milliseconds. */
  readonly freshness: number;
}

const privateMembers = new Set([...algorithms.flatMap(({ jwk }) => jwk.privateMembers), 'k', 'oth']);

/**
 * Asks a replica for its JWKS, as a relying party does that has none, and looks at what it says.
 *
 * @throws BrokenRotationError
 */
export async function publishedBy(by: Replica, now: number): Promise<Published> {
  const broken = (code: BrokenRotationCode, message: string) =>
    new BrokenRotationError(code, `${by.jwksUri.href}: ${message}`, new Date(now));
  const { response, jwks } = await fetchJwks(by.jwksUri, now);
  const keys = new Map<string, JWK>();
  for (const key of jwks.keys) {
    const { kid } = key;
    if (Object.keys(key).some((name) => privateMembers.has(name))) {
      throw broken(
        'PRIVATE_KEY_PUBLISHED',
        'A key of the JWKS has its private half: it is worthless from now on.',
      );
    }
    if (typeof kid !== 'string' || kid === '') {
      throw broken(
        'KID_MISSING',
        'A key of the JWKS has no "kid". While two keys are published, no relying party can tell which one a token names.',
      );
    }
    if (keys.has(kid)) {
      throw broken('KID_TWICE', `Two keys of the JWKS have the kid ${kid} (RFC 7517 section 4.5).`);
    }
    keys.set(kid, key);
  }
  const { jwksMaxAge, propagationFloor = shortestCache } = by.rotation.options.timing.figures;
  const freshness = freshnessOf(response);
  if (freshness > Math.max(jwksMaxAge, propagationFloor)) {
    throw broken(
      'CACHED_TOO_LONG',
      `The JWKS may be kept for ${freshness} s (Cache-Control: ${response.headers.get('cache-control')}), and a new key ` +
        `signs after the ${jwksMaxAge} s that OIDC_JWKS_MAX_AGE says. Set it to ${freshness}, or leave the header alone.`,
    );
  }
  return { by, keys, jwks, freshness: freshness * 1000 };
}
