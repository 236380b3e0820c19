import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { JsonWebKey } from '../../core/json-web-key.js';
import { algorithmNamed, fits } from '../../core/algorithms.js';
import { keysOf } from './keys-of-issuer.js';
import type { KeysOfIssuer, NamedKey } from './keys-of-issuer.js';
import type { ReadToken } from './read-token.js';
import { shown } from './shown.js';

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
  const { use, key_ops: operations = ['verify'] } = key;
  if ((use !== undefined && use !== 'sig') || !operations.includes('verify')) {
    return [
      `the key ${key.kid} is not for signatures ("use": ${shown(use)}, "key_ops": ${shown(key.key_ops)})`,
    ];
  }
  const algorithm = algorithmNamed(alg);
  // `EdDSA` and `Ed25519` are one algorithm, and relying parties compare the names.
  if (!algorithm || alg !== (key.alg ?? alg)) {
    return [`its header says "alg": ${shown(alg)}, and the key ${key.kid} is for ${key.alg}`];
  }
  const publicKey = publicKeyOf(key);
  if (!publicKey) return [`the key ${key.kid} is no public key that can be read`];
  // Where the key does not say its algorithm, the token alone must not.
  if (!fits(publicKey, algorithm)) {
    return [
      `its header says "alg": ${shown(alg)}, which takes ${algorithm.keyDescription}, and the key ${key.kid} is none`,
    ];
  }
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

function publicKeyOf(key: NamedKey): KeyObject | undefined {
  try {
    return createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
  } catch {
    return undefined;
  }
}
