import { randomBytes, verify } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { refuseWeakEd25519 } from '../../../lib/core/key/ed25519.js';
import {
  ed25519KeyOf,
  encoded,
  fieldPrime,
  multiple,
  orderOf,
  pointAt,
  pointsOfSmallOrder,
  realPoint,
  yOf,
} from '../../support/ed25519.js';
import { errorOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';

const where = 'OIDC_PREVIOUS_KEYS';
const refuse = (bytes: Buffer) => refuseWeakEd25519(ed25519KeyOf(bytes), where);

const smallPoints = pointsOfSmallOrder();
const smallYs = [...new Set(smallPoints.map(({ y }) => y))];
/** Numbers of 255 bits that are larger than the field, and are taken for a y of small order. */
const largeYs = smallYs.map((y) => y + fieldPrime).filter((y) => y < 2n ** 255n);

describe('an Ed25519 key of small order', () => {
  it('the test finds all eight points, of the orders 1, 2, 4 and 8', () => {
    expect(smallPoints.map(orderOf).toSorted((a, b) => a - b)).toEqual([1, 2, 4, 4, 8, 8, 8, 8]);
    expect(largeYs).toHaveLength(2);
  });

  const spellings = [...smallYs, ...largeYs].flatMap((y) => [false, true].map((isOdd) => encoded(y, isOdd)));

  it.each(spellings.map((bytes) => [bytes.toString('hex'), bytes] as const))('%s', (_, bytes) => {
    expect(errorOf(() => refuse(bytes))).toMatchObject({
      code: 'OIDC_KEY_TOO_WEAK',
      message: expect.stringMatching(/^OIDC_PREVIOUS_KEYS is an Ed25519 key of small order, .*anybody/),
    });
  });

  it('32 bytes of zeros', () => {
    expect(errorOf(() => refuse(Buffer.alloc(32))).code).toBe('OIDC_KEY_TOO_WEAK');
  });

  it('would let anybody sign: a signature without a private key is valid for one text in eight', () => {
    const signature = Buffer.concat([encoded(1n, false), Buffer.alloc(32)]);
    const isForged = (bytes: Buffer) =>
      Array.from({ length: 400 }).some(() => verify(null, randomBytes(16), ed25519KeyOf(bytes), signature));
    for (const { x, y } of smallPoints) expect(isForged(encoded(y, x % 2n === 1n))).toBe(true);
    const { publicKey } = makeKeyPair('ed25519');
    expect(verify(null, randomBytes(16), publicKey, signature)).toBe(false);
  });
});

describe('RFC 8032 section 5.1.3, bytes that are no point', () => {
  const candidates = Array.from({ length: 64 }, (_, y) => BigInt(y) + 2n);
  const offCurve = candidates.filter((y) => !pointAt(y)).map((y) => [y] as const);

  it.each(offCurve)('y = %d, for which the curve has no x', (y) => {
    for (const isOdd of [false, true]) {
      expect(errorOf(() => refuse(encoded(y, isOdd)))).toMatchObject({
        code: 'OIDC_KEY_MALFORMED',
        message: expect.stringMatching(/no point of the curve/),
      });
    }
  });

  // A y of 2 to 18, but for what is of small order.
  it.each(Array.from({ length: 17 }, (_, y) => [BigInt(y) + 2n] as const))('y = p + %d', (y) => {
    for (const isOdd of [false, true]) {
      expect(errorOf(() => refuse(encoded(fieldPrime + y, isOdd))).code).toBe('OIDC_KEY_MALFORMED');
    }
  });

  it('half of all random bytes', () => {
    const codes = Array.from({ length: 64 }, () => {
      const bytes = randomBytes(32);
      const isPoint = pointAt(yOf(bytes)) !== undefined;
      if (isPoint) expect(() => refuse(bytes)).not.toThrow();
      else expect(errorOf(() => refuse(bytes)).code).toBe('OIDC_KEY_MALFORMED');
      return isPoint;
    });
    expect(new Set(codes).size).toBe(2);
  });
});

describe('an Ed25519 key that can be trusted', () => {
  it('one that was made properly', () => {
    for (let count = 0; count < 50; count++) {
      const { publicKey } = makeKeyPair('ed25519');
      expect(() => refuseWeakEd25519(publicKey, where)).not.toThrow();
    }
  });

  it.each([2n, 3n, 8n, 2n ** 200n + 1n])('%d times a proper one', (times) => {
    const { x, y } = multiple(realPoint(), times);
    expect(() => refuse(encoded(y, x % 2n === 1n))).not.toThrow();
  });
});
