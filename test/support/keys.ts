import { KeyObject } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { makeKeyPair } from './key-pairs.js';

/** A key of this run. Making one takes a tenth of a second, so a test file asks for as few as it needs. */
export function makeRsaKey(modulusLength = 2048, publicExponent = 65537): KeyObject {
  return makeKeyPair('rsa', { modulusLength, publicExponent }).privateKey;
}

export function pemOf(key: KeyObject, type: 'pkcs8' | 'pkcs1' = 'pkcs8'): string {
  return key.export({ format: 'pem', type }).toString();
}

export function derOf(key: KeyObject, type: 'pkcs8' | 'pkcs1' = 'pkcs8'): Buffer {
  return key.export({ format: 'der', type });
}

export function jwkOf(key: KeyObject): JsonWebKey {
  return key.export({ format: 'jwk' });
}

/** What of a private key might turn up in a text: its private members and its DER, in each encoding. */
export function privateTraces(key: KeyObject): string[] {
  const ders = key.asymmetricKeyType === 'rsa' ? [derOf(key), derOf(key, 'pkcs1')] : [derOf(key)];
  return [...privateMembersOf(key), ...ders.map(endOf)].flatMap((bytes) => {
    const base64 = bytes.toString('base64');
    return [
      bytes.toString('hex'),
      bytes.toString('base64url'),
      base64,
      base64.slice(8, 48),
      BigInt(`0x${bytes.toString('hex')}`).toString(),
      [...bytes.subarray(4, 20)].join(','),
      bytes
        .subarray(4, 20)
        .toString('hex')
        .replaceAll(/(..)(?=.)/g, '$1 '),
    ];
  });
}

function privateMembersOf(key: KeyObject): Buffer[] {
  // Node has no JWK of an RSA-PSS key; its DER has to do.
  if (key.asymmetricKeyType === 'rsa-pss') return [];
  const { d, p, q, dp, dq, qi } = jwkOf(key);
  return [d, p, q, dp, dq, qi].flatMap((member) => (member ? Buffer.from(member, 'base64url') : []));
}

/** The last bytes, which are private in each form, from where base64 of the whole has a character of its own. */
function endOf(der: Buffer): Buffer {
  const start = Math.max(der.length - 256, 0);
  return der.subarray(start - (start % 3));
}

/** Pieces of a key in whatever form, and of what stands beside it, long enough not to occur by chance. */
export function tracesOf(value: unknown): string[] {
  if (typeof value === 'string')
    return value.match(/[A-Za-z0-9+/=_-]{12,}/g)?.filter((piece) => !/^-+$/.test(piece)) ?? [];
  if (Buffer.isBuffer(value))
    return [value.toString('base64'), value.toString('hex'), ...tracesOf(value.toString('latin1'))].filter(
      (trace) => trace.length > 11,
    );
  if (value instanceof KeyObject) return value.type === 'private' ? privateTraces(value) : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(tracesOf) : [];
}
