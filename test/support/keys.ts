import { generateKeyPairSync } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

/** A key of this run. Making one takes a tenth of a second, so a test file asks for as few as it needs. */
export function makeRsaKey(modulusLength = 2048, publicExponent = 65537): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey;
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

/** Every private member of a key, in each encoding in which it might turn up in a text. */
export function privateTraces(key: KeyObject): string[] {
  const jwk = jwkOf(key);
  const members = [jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi].map((member) =>
    Buffer.from(member ?? '', 'base64url'),
  );
  const bodies = [derOf(key), derOf(key, 'pkcs1')].map((der) => der.subarray(-256));
  return [...members, ...bodies].flatMap((bytes) => {
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
