import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { JsonWebKey } from '../json-web-key.js';
import type { SigningAlgorithm } from '../algorithms.js';

/** @inline */
interface PublishedMembers {
  use: 'sig';
  alg: SigningAlgorithm;
  kid: string;
}

/**
 * The public members of each kind of key (RFC 7518 section 6.3.1 and 6.2.1, RFC 8037 section 2); base64url.
 *
 * @inline
 */
type KeyMembers =
  | { kty: 'RSA'; n: string; e: string }
  | { kty: 'EC'; crv: string; x: string; y: string }
  | { kty: 'OKP'; crv: string; x: string };

/** A verification key as the JWKS publishes it (RFC 7517 section 4). */
export type PublicJwk = KeyMembers & PublishedMembers;

/** A JWK Set (RFC 7517 section 5) of public keys. */
export interface JsonWebKeySet {
  keys: PublicJwk[];
}

/**
 * The public members of each kind of key, in the lexicographic order that RFC 7638 section 3.2 asks for.
 * Projection and thumbprint both read this one table, so no member can be published that is not in it.
 */
const publicMembers: Readonly<Record<string, readonly (keyof JsonWebKey)[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};

function publicMembersOf(publicKey: KeyObject): KeyMembers {
  const exported = publicKey.export({ format: 'jwk' });
  const members = publicMembers[exported.kty ?? ''] ?? [];
  return Object.fromEntries(members.map((member) => [member, exported[member]])) as unknown as KeyMembers;
}

/** A key as the JWKS publishes it, and its JWK thumbprint (RFC 7638): SHA-256 over the public members, base64url. */
export interface PublicHalf {
  /** Frozen; its `kid` is the thumbprint unless another one was given. */
  readonly publicJwk: Readonly<PublicJwk>;
  readonly thumbprint: string;
}

/** @throws what node:crypto throws for a key whose numbers it cannot write down */
export function publicHalfOf(publicKey: KeyObject, alg: SigningAlgorithm, kid?: string): PublicHalf {
  const members = publicMembersOf(publicKey);
  const thumbprint = createHash('sha256').update(JSON.stringify(members)).digest('base64url');
  return {
    publicJwk: Object.freeze({ ...members, use: 'sig', alg, kid: kid ?? thumbprint }),
    thumbprint,
  };
}
