import { constants, createECDH, createHash, privateEncrypt, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

// What a KMS does and node:crypto does not: it signs a digest that somebody else has made.

/** RFC 8017 section 9.2, note 1. */
const prefixes: Readonly<Record<string, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/** RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2). */
export function signPkcs1(hash: string, digest: Buffer, key: KeyObject): Buffer {
  const information = Buffer.concat([Buffer.from(prefixes[hash]!, 'hex'), digest]);
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, information);
}

/** RSASSA-PSS with a salt as long as the hash (RFC 8017 sections 8.1 and 9.1.1). */
export function signPss(hash: string, digest: Buffer, key: KeyObject): Buffer {
  const hashOf = (...parts: Buffer[]) => createHash(hash).update(Buffer.concat(parts)).digest();
  const salt = randomBytes(digest.length);
  const h = hashOf(Buffer.alloc(8), digest, salt);
  const length = key.asymmetricKeyDetails!.modulusLength! / 8;
  const db = Buffer.concat([Buffer.alloc(length - 2 * digest.length - 2), Buffer.of(1), salt]);
  for (let counter = 0, at = 0; at < db.length; counter++) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    for (const byte of hashOf(h, number)) if (at < db.length) db[at++]! ^= byte;
  }
  db[0]! &= 0x7f;
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, Buffer.concat([db, h, Buffer.of(0xbc)]));
}

/** Names of node:crypto, and the order of the group (SEC 2 sections 2.4.2, 2.5.1 and 2.6.1). */
const curves: Readonly<Record<string, readonly [curve: string, order: bigint]>> = {
  'P-256': ['prime256v1', 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
  'P-384': [
    'secp384r1',
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ],
  'P-521': [
    'secp521r1',
    0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  ],
};

/** ECDSA (SEC 1 section 4.1.3): R and S, each as long as the order. */
export function signEcdsa(digest: Buffer, key: KeyObject): readonly [Buffer, Buffer] {
  const { crv, d } = key.export({ format: 'jwk' });
  const [curve, order] = curves[crv!]!;
  const size = Math.ceil(order.toString(2).length / 8);
  const once = createECDH(curve);
  const point = once.generateKeys();
  const k = integer(once.getPrivateKey());
  const r = integer(point.subarray(1, 1 + size)) % order;
  // A digest that is longer than the order loses its last bits; none of ours is.
  const s = (inverse(k, order) * (integer(digest) + r * integer(Buffer.from(d!, 'base64url')))) % order;
  return [bytes(r, size), bytes(s, size)];
}

function integer(from: Buffer): bigint {
  return BigInt(`0x${from.toString('hex')}`);
}

function bytes(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex');
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value, modulus, 1n, 0n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % modulus) + modulus) % modulus;
}
