import { createHash, sign, verify } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { joinedSignature } from '../../lib/stores/joined-signature.js';
import { makeKeyPair } from '../support/key-pairs.js';

const numberOf = (bytes: number[]) => Buffer.from([2, bytes.length, ...bytes]);
const sequenceOf = (...elements: Buffer[]) => {
  const body = Buffer.concat(elements);
  return Buffer.concat([
    Buffer.from(body.length < 0x80 ? [0x30, body.length] : [0x30, 0x81, body.length]),
    body,
  ]);
};

describe('a signature of ECDSA, from DER to the form of a JWS (RFC 7518 section 3.4)', () => {
  it.each([
    ['P-256', 32],
    ['P-384', 48],
    ['P-521', 66],
  ])('is the same signature on %s, whatever zeros its numbers begin with', (namedCurve, size) => {
    const { privateKey, publicKey } = makeKeyPair('ec', { namedCurve });
    const lengths = new Set<number>();
    for (let index = 0; index < 400; index++) {
      const data = createHash('sha256').update(String(index)).digest();
      const der = sign('sha256', data, privateKey);
      lengths.add(der.length);
      const joined = joinedSignature(der, size)!;
      expect(joined).toHaveLength(2 * size);
      expect(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, joined)).toBe(true);
    }
    expect(lengths.size).toBeGreaterThan(2);
  });

  it.each([
    ['short numbers', [[1], [2, 3]], '0000000100000203'],
    ['a zero before a set bit', [[0, 0x80, 0, 0, 1], [0x7f]], '800000010000007f'],
    ['nothing but a zero', [[0], [1]], '0000000000000001'],
  ])('pads %s', (_, [r, s], joined) => {
    expect(joinedSignature(sequenceOf(numberOf(r!), numberOf(s!)), 4)!.toString('hex')).toBe(joined);
  });

  const one = numberOf([1]);
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['something else', Buffer.from('no DER')],
    ['one number', sequenceOf(one)],
    ['three numbers', sequenceOf(one, one, one)],
    ['a number that is too long', sequenceOf(numberOf([1, 2, 3, 4, 5]), one)],
    ['something behind it', Buffer.concat([sequenceOf(one, one), Buffer.from([0])])],
    ['less than it says', sequenceOf(one, one).subarray(0, -1)],
    ['a number that says more than there is', Buffer.from([0x30, 6, 2, 1, 1, 2, 9, 1])],
    ['a number of no bytes', Buffer.from([0x30, 5, 2, 1, 1, 2, 0])],
    ['a text in place of a number', Buffer.from([0x30, 6, 2, 1, 1, 4, 1, 1])],
  ])('is none where there is %s', (_, der) => {
    expect(joinedSignature(der, 4)).toBeUndefined();
  });
});
