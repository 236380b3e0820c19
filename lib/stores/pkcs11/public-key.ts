import { createPublicKey } from 'node:crypto';

import type { JsonWebKey } from '../../core/json-web-key.js';

/** What a token says of the public half of a key. */
export type PublicValues =
  | { readonly modulus: Buffer; readonly exponent: Buffer }
  | {
      /** CKA_EC_PARAMS. */
      readonly curve: Buffer;
      /** CKA_EC_POINT. */
      readonly point: Buffer;
    };

/** Object identifiers in DER, and the name that older modules write for Ed25519. */
const curves: Readonly<Record<string, { readonly crv: string; readonly bytes: number }>> = {
  '06082a8648ce3d030107': { crv: 'P-256', bytes: 32 },
  '06052b81040022': { crv: 'P-384', bytes: 48 },
  '06052b81040023': { crv: 'P-521', bytes: 66 },
  '06032b6570': { crv: 'Ed25519', bytes: 32 },
  '130c656477617264733235353139': { crv: 'Ed25519', bytes: 32 },
};

/** The public key in DER (SPKI); undefined where it is of a kind that no algorithm here takes. */
export function publicKeyOf(values: PublicValues): Buffer | undefined {
  const jwk = 'modulus' in values ? rsa(values) : onCurve(values);
  if (!jwk) return undefined;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' });
  } catch {
    // A point that is on no curve. What OpenSSL says of it helps nobody.
    return undefined;
  }
}

function rsa({ modulus, exponent }: { readonly modulus: Buffer; readonly exponent: Buffer }): JsonWebKey {
  return { kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') };
}

function onCurve({
  curve,
  point,
}: {
  readonly curve: Buffer;
  readonly point: Buffer;
}): JsonWebKey | undefined {
  const known = curves[curve.toString('hex')];
  if (!known) return undefined;
  const { crv, bytes } = known;
  const isEdwards = crv === 'Ed25519';
  const raw = point.subarray(-(isEdwards ? bytes : 2 * bytes + 1));
  // By the standard a DER octet string; some modules give the bytes alone. The length tells.
  if (!isEdwards && raw[0] !== 4) return undefined;
  if (isEdwards) return { kty: 'OKP', crv, x: raw.toString('base64url') };
  const x = raw.subarray(1, 1 + bytes).toString('base64url');
  return { kty: 'EC', crv, x, y: raw.subarray(1 + bytes).toString('base64url') };
}
