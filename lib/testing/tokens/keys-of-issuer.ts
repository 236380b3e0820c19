import type { JsonWebKeySet, PublicJwk } from '../../core/key/public-jwk.js';
import { isObject } from '../../core/objects.js';

/** @inline */
interface HasKeySet {
  /** Its JWKS. */
  getKeySet(): JsonWebKeySet;
}

/** The keys of an issuer: a `JwtService`, a `KeyInfo` (the key that signs now), or a JWKS. */
export type KeysOfIssuer =
  HasKeySet | { readonly publicJwk: PublicJwk } | { readonly keys: readonly object[] };

/** As messages say it. */
export const kindsOfKeys =
  'those of an issuer: a JwtService, a KeyInfo, or a JWKS ({ keys }), whose keys are JWKs';

/** A key, as far as it says what it is for. */
export interface NamedKey {
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly key_ops?: readonly string[];
}

export function keysOf(keys: KeysOfIssuer): readonly NamedKey[] {
  if ('getKeySet' in keys) return keys.getKeySet().keys;
  return 'publicJwk' in keys ? [keys.publicJwk] : keys.keys;
}

export function isKeysOfIssuer(value: unknown): value is KeysOfIssuer {
  const keys = keysOfAnything(value);
  return Array.isArray(keys) && Array.from(keys as unknown[]).every(isNamedKey);
}

function keysOfAnything(value: unknown): unknown {
  if (!isObject(value)) return undefined;
  if (typeof value.getKeySet === 'function')
    return (value.getKeySet() as { keys?: unknown } | undefined)?.keys;
  if ('getKeySet' in value) return undefined;
  return 'publicJwk' in value ? [value.publicJwk] : value.keys;
}

function isNamedKey(value: unknown): value is NamedKey {
  if (!isObject(value)) return false;
  const { key_ops: operations } = value;
  const isTextOrNothing = (name: string) => ['string', 'undefined'].includes(typeof value[name]);
  return (
    typeof value.kty === 'string' &&
    ['kid', 'alg', 'use'].every(isTextOrNothing) &&
    (operations === undefined ||
      (Array.isArray(operations) && operations.every((each) => typeof each === 'string')))
  );
}
