import { createHash } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

import type { SigningAlgorithm } from './algorithms.js';

/** A verification key as the JWKS publishes it (RFC 7517 section 4, RFC 7518 section 6.3.1). */
export interface PublicJwk {
  kty: 'RSA';
  /** The modulus, base64url. */
  n: string;
  /** The public exponent, base64url. */
  e: string;
  use: 'sig';
  alg: SigningAlgorithm;
  kid: string;
}

/** A JWK Set (RFC 7517 section 5) of public keys. */
export interface JsonWebKeySet {
  keys: PublicJwk[];
}

/**
 * The public members of each kind of key, in the lexicographic order that RFC 7638 section 3.2 asks for.
 * Projection and thumbprint both read this one table, so no member can be published that is not in it.
 */
const publicMembers = {
  RSA: ['e', 'kty', 'n'],
} as const;

function publicMembersOf(publicKey: KeyObject): Pick<PublicJwk, 'kty' | 'n' | 'e'> {
  const exported: JsonWebKey = publicKey.export({ format: 'jwk' });
  const members = publicMembers[exported.kty as keyof typeof publicMembers];
  return Object.fromEntries(members.map((member) => [member, exported[member]])) as Pick<
    PublicJwk,
    'kty' | 'n' | 'e'
  >;
}

/** The JWK thumbprint (RFC 7638): SHA-256 over the required members, base64url. */
export function thumbprintOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(JSON.stringify(publicMembersOf(publicKey)))
    .digest('base64url');
}

/** The public JWK of a key, frozen; `kid` is the thumbprint unless given. */
export function publicJwkOf(publicKey: KeyObject, alg: SigningAlgorithm, kid?: string): Readonly<PublicJwk> {
  const { kty, n, e } = publicMembersOf(publicKey);
  return Object.freeze({ kty, n, e, use: 'sig', alg, kid: kid ?? thumbprintOf(publicKey) });
}
