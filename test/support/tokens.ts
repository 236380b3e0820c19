import { constants, createHmac, createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export function base64url(value: unknown): string {
  const bytes =
    typeof value === 'string' || Buffer.isBuffer(value)
      ? Buffer.from(value as string)
      : Buffer.from(JSON.stringify(value));
  return bytes.toString('base64url');
}

/** A token with whatever header and payload, really signed with RS256. */
export function forge(
  key: KeyObject,
  header: object,
  payload: unknown,
  hash: string | null = 'sha256',
): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${sign(hash, Buffer.from(input), key).toString('base64url')}`;
}

/** A token really signed with PS256 (RFC 7518 section 3.5), so that nothing but the header's `alg` may be wrong. */
export function forgePss(key: KeyObject, header: object, payload: unknown): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  return `${input}.${sign('sha256', Buffer.from(input), { key, padding, saltLength }).toString('base64url')}`;
}

/** A token by HMAC, keyed with what an attacker can get of a public key. */
export function forgeHmac(
  secret: string | Buffer,
  header: object,
  payload: unknown,
  hash = 'sha256',
): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`;
}

export function partOf(token: string, index: 0 | 1): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}

export const headerOf = (token: string) => partOf(token, 0);
export const payloadOf = (token: string) => partOf(token, 1);

export function publicPemOf(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString();
}
