import { compactVerify, decodeJwt, decodeProtectedHeader, errors } from 'jose';
import type { CompactVerifyResult, ProtectedHeaderParameters } from 'jose';

import { algorithm } from './algorithms.js';
import { OidcTokenError } from './errors.js';
import type { Claims } from './jwt-claims.js';
import type { KeyRing } from './key-ring.js';
import { isObject } from './objects.js';
import type { VerificationKey } from './verification-key.js';

/** RFC 7515 section 7.1. */
const compactSerialization = /^[\w-]+\.[\w-]*\.[\w-]*$/;

/**
 * Verifies the signature of a token against a ring, and says what was signed. jose parses and verifies; which key,
 * and so which algorithm, is decided here.
 *
 * @throws OidcTokenError `OIDC_TOKEN_MALFORMED`, `OIDC_TOKEN_INVALID_ALGORITHM`, `OIDC_TOKEN_INVALID_SIGNATURE`
 */
export async function verifySignature(
  token: string,
  ring: KeyRing,
  algorithms: string[] | undefined,
): Promise<{ claims: Claims; typ: unknown }> {
  const header = headerOf(token);
  // RFC 7797 changes what is signed; none of our tokens does that.
  if ('b64' in header) throw malformed();
  const accepted = candidatesOf(ring, header).filter((key) => isAccepted(key, header.alg, algorithms));
  if (accepted.length === 0) throw new OidcTokenError('OIDC_TOKEN_INVALID_ALGORITHM', 'invalid algorithm');
  const { payload, protectedHeader } = await verifyUnderOneOf(accepted, token);
  return { claims: parseClaims(payload), typ: protectedHeader.typ };
}

/** The claims of a JWT that nobody vouches for; null for what is none. */
export function unverifiedClaimsOf(token: string): Claims | null {
  try {
    headerOf(token);
    return decodeJwt(token);
  } catch {
    // That it is no JWT is the answer.
    return null;
  }
}

function candidatesOf(ring: KeyRing, header: ProtectedHeaderParameters): readonly VerificationKey[] {
  if (!Object.hasOwn(header, 'kid')) return ring.candidatesFor(header.alg);
  // The kid is untrusted (RFC 8725 section 3.10): it can only pick a key that is published.
  const key = typeof header.kid === 'string' ? ring.find(header.kid) : undefined;
  if (!key) throw invalidSignature();
  return [key];
}

function headerOf(token: string): ProtectedHeaderParameters {
  try {
    if (typeof token === 'string' && isCompact(token)) return decodeProtectedHeader(token);
  } catch {
    // jose's reason adds nothing to ours, and a caller must not learn how far a forged token got.
  }
  throw malformed();
}

/**
 * One token can be written in one way only: jose would skip white space and padding, and bits that base64url leaves
 * unused at the end of the signature, which is the one part that is not signed.
 */
function isCompact(token: string): boolean {
  if (!compactSerialization.test(token)) return false;
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

async function verifyUnderOneOf(
  keys: readonly VerificationKey[],
  token: string,
): Promise<CompactVerifyResult> {
  for (const { publicKey } of keys) {
    try {
      return await compactVerify(token, publicKey);
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue;
      throw error instanceof errors.JOSEError ? malformed() : error;
    }
  }
  throw invalidSignature();
}

/** The key decides which names of an algorithm it is verified under; the caller can only narrow. */
function isAccepted(key: VerificationKey, alg: unknown, callers: string[] | undefined): boolean {
  const { acceptedNames } = algorithm(key.algorithm);
  const includes = (name: unknown) => acceptedNames.some((each) => each === name);
  return includes(alg) && (callers === undefined || callers.some(includes));
}

function parseClaims(payload: Uint8Array): Record<string, unknown> {
  try {
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    if (isObject(claims)) return claims;
  } catch {
    // The parser's message would quote the token.
  }
  throw malformed();
}

function malformed(): OidcTokenError {
  return new OidcTokenError('OIDC_TOKEN_MALFORMED', 'jwt malformed');
}

function invalidSignature(): OidcTokenError {
  return new OidcTokenError('OIDC_TOKEN_INVALID_SIGNATURE', 'invalid signature');
}
