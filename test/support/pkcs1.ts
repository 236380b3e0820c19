import type { JsonWebKey } from 'node:crypto';

/** An RSAPrivateKey (RFC 8017 appendix A.1.2) of these numbers, whether they fit each other or not. */
export function pkcs1Of({ n, e, d, p, q, dp, dq, qi }: JsonWebKey): Buffer {
  const members = [n, e, d, p, q, dp, dq, qi].map((member) => integer(Buffer.from(member!, 'base64url')));
  return element(0x30, Buffer.concat([integer(Buffer.from([0])), ...members]));
}

function integer(bytes: Buffer): Buffer {
  // A leading bit would make it negative.
  return element(0x02, bytes[0]! < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]));
}

function element(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content)]), content]);
}

function lengthOf({ length }: Buffer): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}
