import { createPublicKey, verify } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';

import { algorithmNamed } from '../../core/algorithms.js';
import type { JsonWebKeySet, PublicJwk } from '../../core/key/public-jwk.js';
import type { ReadToken } from './read-token.js';

/** @inline */
interface HasKeySet {
  /** Its JWKS. */
  getKeySet(): JsonWebKeySet;
}

/** The keys of an issuer: a `JwtService`, a `KeyInfo` (the key that signs now), or a JWKS. */
export type KeysOfIssuer =
  HasKeySet | { readonly publicJwk: PublicJwk } | { readonly keys: readonly object[] };

/** Why a token is not signed by these keys; nothing where it is. */
export function signatureFaults(
  { header, signingInput, signature }: ReadToken,
  keys: KeysOfIssuer,
): string[] {
  const known = keysOf(keys);
  const { kid, alg } = header;
  if (kid === undefined && known.length > 1) {
    return [`its header has no "kid", and there are ${known.length} keys`];
  }
  const key = kid === undefined ? known[0] : known.find((each) => each.kid === kid);
  if (!key) {
    const kids = known.map((each) => each.kid).join(', ') || 'none';
    return [`it is signed with the key ${String(kid)}, and the keys are ${kids}`];
  }
  const algorithm = algorithmNamed(alg);
  if (!algorithm || algorithm !== algorithmNamed(key.alg ?? alg)) {
    return [`its header says "alg": ${JSON.stringify(alg)}, and the key ${key.kid} is for ${key.alg}`];
  }
  const publicKey = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
  const isGood = verify(
    algorithm.hash,
    Buffer.from(signingInput),
    { ...algorithm.parameters, key: publicKey },
    signature,
  );
  return isGood
    ? []
    : [
        `its signature is not by the key ${key.kid}: it was changed after it was signed, or another key signed it`,
      ];
}

interface NamedKey {
  readonly kid?: string;
  readonly alg?: string;
}

function keysOf(keys: KeysOfIssuer): readonly NamedKey[] {
  if ('getKeySet' in keys) return keys.getKeySet().keys;
  return 'publicJwk' in keys ? [keys.publicJwk] : keys.keys;
}
