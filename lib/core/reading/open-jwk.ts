import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { JsonWebKey } from '../json-web-key.js';
import { algorithmOfJwk } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import type { OidcKeyErrorCode } from '../errors.js';
import type { KeyRole } from './refused-labels.js';

/** The members of an RSA private key that node:crypto needs (RFC 7518 section 6.3.2). */
const rsaPrivateMembers = algorithmOfJwk('RSA')!.jwk.privateMembers;

/**
 * Opens a JWK, private or public (RFC 7517, RFC 7518 section 6).
 *
 * @throws OidcKeyError `OIDC_KEY_MALFORMED`, `OIDC_KEY_NOT_PRIVATE` (a shared secret), `OIDC_KEY_UNSUPPORTED`,
 * `OIDC_KEY_MISMATCH`.
 */
export function openJwk(
  jwk: JsonWebKey,
  where: string,
  role: KeyRole = 'signs',
): { keyObject: KeyObject; kid?: string | undefined; algorithm?: string | undefined } {
  const defect = defectOf(jwk, role);
  if (defect) throw new OidcKeyError(defect[0], `${where} ${defect[1]}`);
  const { kid, alg } = jwk as { kid?: string; alg?: string };
  const keyObject = keyObjectOf(jwk, where);
  if (keyObject.type === 'private' && jwk.kty === 'OKP') refuseOtherPublicHalf(keyObject, jwk, where);
  return { keyObject, kid, algorithm: alg };
}

function keyObjectOf(jwk: JsonWebKey, where: string): KeyObject {
  try {
    const open = jwk.d === undefined ? createPublicKey : createPrivateKey;
    return open({ key: jwk, format: 'jwk' });
  } catch {
    // Node's message would quote the member.
    throw new OidcKeyError(
      'OIDC_KEY_MALFORMED',
      `${where} is a JWK whose members make no key. Export it again, or make a new one.`,
    );
  }
}

/** Of an OKP key (RFC 8037 section 2) node:crypto reads the private half only, and works the other one out. */
function refuseOtherPublicHalf(privateKey: KeyObject, { x = '' }: JsonWebKey, where: string): void {
  const bytesOf = (member: string | undefined) => Buffer.from(member ?? '', 'base64url');
  if (bytesOf(privateKey.export({ format: 'jwk' }).x).equals(bytesOf(x))) return;
  throw new OidcKeyError(
    'OIDC_KEY_MISMATCH',
    `${where} is a private key whose halves do not belong together. Export the key again, or make a new one.`,
  );
}

function defectOf(jwk: unknown, role: KeyRole): [OidcKeyErrorCode, string] | undefined {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk) || !('kty' in jwk)) {
    return ['OIDC_KEY_MALFORMED', 'is an object but no JWK: it has no "kty" (RFC 7517 section 4.1).'];
  }
  const members = jwk as Record<string, unknown>;
  if (members.kty === 'oct') {
    return ['OIDC_KEY_NOT_PRIVATE', 'is a shared secret (JWK "oct"). Use a private key.'];
  }
  if (members.use !== undefined && members.use !== 'sig') {
    return [
      'OIDC_KEY_UNSUPPORTED',
      'is a JWK for another use: its "use" is not "sig" (RFC 7517 section 4.2).',
    ];
  }
  const operation = members.d === undefined ? 'verify' : 'sign';
  // Of a private key that only verifies from now on, the public half is needed.
  const sufficient: unknown[] = role === 'verifies' ? [operation, 'verify'] : [operation];
  const { key_ops: operations } = members;
  if (
    operations !== undefined &&
    !(Array.isArray(operations) && operations.some((each) => sufficient.includes(each)))
  ) {
    return ['OIDC_KEY_UNSUPPORTED', `is a JWK whose "key_ops" lack "${operation}" (RFC 7517 section 4.3).`];
  }
  if (members.kid !== undefined && (typeof members.kid !== 'string' || members.kid === '')) {
    return ['OIDC_KEY_MALFORMED', 'is a JWK whose "kid" is not a string with something in it.'];
  }
  if (members.alg !== undefined && typeof members.alg !== 'string') {
    return ['OIDC_KEY_MALFORMED', 'is a JWK whose "alg" is not a string.'];
  }
  return members.kty === 'RSA' ? rsaDefectOf(members) : undefined;
}

function rsaDefectOf(members: Record<string, unknown>): [OidcKeyErrorCode, string] | undefined {
  const isPrivate = rsaPrivateMembers.some((member) => members[member] !== undefined);
  const needed = ['n', 'e', ...(isPrivate ? rsaPrivateMembers : [])];
  const bad = needed.filter((member) => {
    const value = members[member];
    return typeof value !== 'string' || !/^[A-Za-z0-9_-]+$/.test(value);
  });
  if (bad.length > 0) {
    const names = bad.map((member) => `"${member}"`).join(', ');
    return [
      'OIDC_KEY_MALFORMED',
      `is an RSA JWK without a base64url value in ${names} (RFC 7518 section 6.3). Export the whole key.`,
    ];
  }
  return members.oth === undefined
    ? undefined
    : ['OIDC_KEY_UNSUPPORTED', 'is an RSA key of more than two primes ("oth"). Use a key of two primes.'];
}
