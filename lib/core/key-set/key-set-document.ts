import type { JsonWebKey } from '../json-web-key.js';
import { isObject } from '../objects.js';

/** That a key is worthless since an instant (OpenID Federation 1.0, "Historical Keys"). */
export interface Revocation {
  /** In seconds since 1970. */
  readonly revoked_at: number;
  readonly reason?: string | undefined;
  readonly [member: string]: unknown;
}

/**
 * A key of a key set: a JWK (RFC 7517 section 4), private while it signs, with the instants of its life. Instants are
 * in seconds since 1970. Members that are not named here are kept.
 */
export interface KeySetJwk extends Omit<JsonWebKey, 'kty'> {
  readonly kty: string;
  readonly kid?: string;
  readonly alg?: string;
  /** Published since. */
  readonly iat?: number;
  /** Signs from. */
  readonly nbf?: number;
  /** Published until. */
  readonly exp?: number;
  readonly revoked?: Revocation;
  /** The reference of the key, or version of it, in a KMS or HSM that holds the private half. */
  readonly signer?: string;
  readonly [member: string]: unknown;
}

/** Every key of an issuer with its instants: a private JWK Set (RFC 7517 section 5). */
export interface KeySetDocument {
  readonly keys: readonly KeySetJwk[];
  /** The version of the store that it was made from, where the store has no compare-and-set. */
  readonly base?: string | number;
  readonly [member: string]: unknown;
}

/** The members that make a JWK Set a key set. */
export const membersOfLife = ['iat', 'nbf', 'exp', 'revoked', 'signer'] as const;

/** Whether a JWK Set is a key set: any of its keys has a member that says something of its life. */
export function isKeySet(value: unknown): value is KeySetDocument {
  if (!isObject(value) || !Array.isArray(value.keys)) return false;
  return value.keys.some(
    (jwk: unknown) => isObject(jwk) && membersOfLife.some((member) => jwk[member] !== undefined),
  );
}
