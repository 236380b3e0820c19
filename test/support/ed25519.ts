import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { makeKeyPair } from './key-pairs.js';

/** A point of edwards25519 (RFC 8032 section 5.1), with the formulas of the textbook: slow, and easy to compare. */
export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

export const fieldPrime = 2n ** 255n - 19n;
/** The order of the base point. */
const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;
const neutral: Point = { x: 0n, y: 1n };
const d = modulo(-121665n * inverse(121666n));

function modulo(value: bigint): bigint {
  return ((value % fieldPrime) + fieldPrime) % fieldPrime;
}

function power(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n) return 1n;
  const root = power(base, exponent / 2n);
  return (root * root * (exponent % 2n === 1n ? base : 1n)) % fieldPrime;
}

function inverse(value: bigint): bigint {
  return power(modulo(value), fieldPrime - 2n);
}

function sum(a: Point, b: Point): Point {
  const product = modulo(d * a.x * b.x * a.y * b.y);
  return {
    x: modulo((a.x * b.y + b.x * a.y) * inverse(1n + product)),
    y: modulo((a.y * b.y + a.x * b.x) * inverse(1n - product)),
  };
}

export function multiple(point: Point, times: bigint): Point {
  let result = neutral;
  for (let rest = times, doubled = point; rest > 0n; rest >>= 1n, doubled = sum(doubled, doubled)) {
    if (rest & 1n) result = sum(result, doubled);
  }
  return result;
}

/** The point with this y and an even x, or nothing where the curve has none. */
export function pointAt(y: bigint): Point | undefined {
  const square = modulo((y * y - 1n) * inverse(d * y * y + 1n));
  const root = power(square, (fieldPrime + 3n) / 8n);
  const x = [root, modulo(root * power(2n, (fieldPrime - 1n) / 4n))].find(
    (each) => modulo(each * each) === square,
  );
  if (x === undefined) return undefined;
  return { x: x % 2n === 0n ? x : modulo(-x), y };
}

/** The number of times after which the sum of a point of small order with itself is neutral. */
export function orderOf(point: Point): number {
  for (let order = 1, total = point; ; order++, total = sum(total, point)) {
    if (total.x === neutral.x && total.y === neutral.y) return order;
  }
}

/** All eight points of small order, found as what is left of other points when their large order is taken away. */
export function pointsOfSmallOrder(): Point[] {
  const found = new Map<string, Point>();
  for (let y = 2n; found.size < 8; y++) {
    const point = pointAt(y);
    if (!point) continue;
    const left = multiple(point, groupOrder);
    for (let times = 0n; times < 8n; times++) {
      const each = multiple(left, times);
      found.set(`${each.x} ${each.y}`, each);
    }
  }
  return [...found.values()];
}

/** The bytes of a public key, for any y of up to 255 bits and either sign. */
export function encoded(y: bigint, isOdd: boolean): Buffer {
  const number = y | (isOdd ? 1n << 255n : 0n);
  return Buffer.from(Buffer.from(number.toString(16).padStart(64, '0'), 'hex').toReversed());
}

/** The y that the bytes of a public key stand for. */
export function yOf(bytes: Buffer): bigint {
  return BigInt.asUintN(255, BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`));
}

export function ed25519KeyOf(bytes: Buffer): KeyObject {
  const key = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
  return createPublicKey({ key, format: 'jwk' });
}

/** A point of large order that belongs to a real key. */
export function realPoint(): Point {
  const { x } = makeKeyPair('ed25519').publicKey.export({ format: 'jwk' });
  return pointAt(yOf(Buffer.from(x!, 'base64url')))!;
}
