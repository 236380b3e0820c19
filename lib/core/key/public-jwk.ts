import { createHash } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

import type { SigningAlgorithm } from '../algorithms.js';

interface PublishedMembers {
  use: 'sig';
  alg: SigningAlgorithm;
  kid: string;
}

/** The public members of each kind of key (RFC 7518 section 6.3.1 and 6.2.1, RFC 8037 section 2); base64url. */
type KeyMembers =
  | { kty: 'RSA'; n: string; e: string }
  | { kty: 'EC'; crv: 'P-256'; x: string; y: string }
  | { kty: 'OKP'; crv: 'Ed25519'; x: string };

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

/** The JWK thumbprint (RFC 7638): SHA-256 over the required members, base64url. */
export function thumbprintOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(JSON.stringify(publicMembersOf(publicKey)))
    .digest('base64url');
}

/** The public JWK of a key, frozen; `kid` is the thumbprint unless given. */
export function publicJwkOf(publicKey: KeyObject, alg: SigningAlgorithm, kid?: string): Readonly<PublicJwk> {
  return Object.freeze({
    ...publicMembersOf(publicKey),
    use: 'sig',
    alg,
    kid: kid ?? thumbprintOf(publicKey),
  });
}
