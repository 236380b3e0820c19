import { createPrivateKey, createPublicKey } from 'node:crypto';

import { expect, it } from '@jest/globals';

import { isWritableEcKey } from '../../../lib/core/key/ec.js';
import { derElement } from '../../support/der.js';
import { makeKeyPair } from '../../support/key-pairs.js';

/** Each curve by its name, with its object identifier. */
const curves = [
  ['P-256', '2a8648ce3d030107'],
  ['P-384', '2b81040022'],
  ['P-521', '2b81040023'],
] as const;

it.each(curves)('false for the point at infinity as public key on %s', (_, curve) => {
  const algorithm = Buffer.concat(
    ['2a8648ce3d0201', curve].map((oid) => derElement(0x06, Buffer.from(oid, 'hex'))),
  );
  // X.690 section 8.6: no unused bits; SEC 1 section 2.3.3: the point at infinity is a single zero.
  const point = derElement(0x03, Buffer.from([0, 0]));
  const key = derElement(0x30, Buffer.concat([derElement(0x30, algorithm), point]));
  expect(isWritableEcKey(createPublicKey({ key, format: 'der', type: 'spki' }))).toBe(false);
});

it.each(curves.map(([name]) => [name]))('true for both halves of a real key on %s', (namedCurve) => {
  const { privateKey, publicKey } = makeKeyPair('ec', { namedCurve });
  expect(isWritableEcKey(privateKey)).toBe(true);
  expect(isWritableEcKey(publicKey)).toBe(true);
  expect(isWritableEcKey(createPrivateKey(privateKey.export({ format: 'pem', type: 'sec1' })))).toBe(true);
});
