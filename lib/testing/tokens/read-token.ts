import { isPromise } from 'node:util/types';

import { decodeJwt, decodeProtectedHeader } from 'jose';

import { isObject } from '../../core/objects.js';

/** What stands in a token, which nobody vouches for. */
export interface ReadToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signingInput: string;
  readonly signature: Buffer;
}

/** A token, or why it is none. */
export function readToken(value: unknown): ReadToken | string {
  if (isPromise(value)) return 'it is a promise: await the token first';
  if (typeof value !== 'string')
    return `it is no string, but ${isObject(value) ? 'an object' : String(value)}`;
  const parts = value.split('.');
  if (parts.length !== 3) {
    return `it is no JWT: it has ${parts.length} of the 3 parts that dots divide (RFC 7515 section 7.1)`;
  }
  if (!parts.every(isBase64url)) {
    return 'it is no JWT: one of its parts is no base64url, which has letters, digits, "-" and "_" (RFC 7515 section 2)';
  }
  const [header, payload, signature] = parts as [string, string, string];
  try {
    return {
      header: decodeProtectedHeader(value),
      claims: decodeJwt(value),
      signingInput: `${header}.${payload}`,
      signature: Buffer.from(signature, 'base64url'),
    };
  } catch (error) {
    return `it is no JWT: ${(error as Error).message}`;
  }
}

/** Node reads over whatever is none. */
function isBase64url(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}
