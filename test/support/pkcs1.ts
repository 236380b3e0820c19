import type { JsonWebKey } from 'node:crypto';

import { derElement } from './der.js';
import { base64urlUInt } from './integers.js';

/** An RSAPrivateKey (RFC 8017 appendix A.1.2) of these numbers, whether they fit each other or not. */
export function pkcs1Of({ n, e, d, p, q, dp, dq, qi }: JsonWebKey): Buffer {
  const members = [n, e, d, p, q, dp, dq, qi].map((member) => integer(Buffer.from(member!, 'base64url')));
  return derElement(0x30, Buffer.concat([integer(Buffer.from([0])), ...members]));
}

/** The same of more than two primes: each of the others with its exponent and its coefficient. */
export function multiPrimePkcs1Of(
  numbers: readonly bigint[],
  others: readonly (readonly bigint[])[],
): Buffer {
  const integers = (values: readonly bigint[]) =>
    Buffer.concat(values.map((value) => integer(Buffer.from(base64urlUInt(value), 'base64url'))));
  const otherPrimeInfos = others.map((other) => derElement(0x30, integers(other)));
  return derElement(
    0x30,
    Buffer.concat([integers([1n, ...numbers]), derElement(0x30, Buffer.concat(otherPrimeInfos))]),
  );
}

function integer(bytes: Buffer): Buffer {
  // A leading bit would make it negative.
  return derElement(0x02, bytes[0]! < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]));
}
