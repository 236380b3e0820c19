import { describe, expect, it } from '@jest/globals';

import { Fingerprints } from '../../../lib/core/ring/fingerprints.js';
import { makeKeyPair } from '../../support/key-pairs.js';

const { privateKey } = makeKeyPair('ed25519');
const sign = () => undefined;
const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

/** Each made anew, so that only what it holds can be the same. */
const values: Record<string, () => unknown> = {
  'a text': () => 'key',
  'another text': () => 'other',
  bytes: () => Buffer.from('key'),
  'other bytes': () => Buffer.from('other'),
  'a list of bytes': () => [Buffer.from('key')],
  'a list of other bytes': () => [Buffer.from('other')],
  'described bytes': () => ({ key: new Uint8Array([1, 2, 3]) }),
  'other described bytes': () => ({ key: new Uint8Array([3, 2, 1]) }),
  'bytes with a passphrase': () => ({ key: new Uint8Array([1, 2, 3]), passphrase: 'x' }),
  'a KeyObject': () => privateKey,
  'a signer': () => ({ key: 'public', signer: { sign } }),
  'another signer': () => ({ key: 'public', signer: { sign: () => undefined } }),
  'another KeyObject': () => makeKeyPair('ed25519').privateKey,
};

/** Of these, each is another one. */
const madeAnew = ['another KeyObject', 'another signer'];

describe('a fingerprint', () => {
  const fingerprints = new Fingerprints();

  it.each(Object.entries(values).filter(([name]) => !madeAnew.includes(name)))(
    'is the same for the same value: %s',
    (_, value) => {
      expect(fingerprints.of(['current', value()])).toBe(fingerprints.of(['current', value()]));
    },
  );

  it('differs where the values do', () => {
    const all = Object.values(values).map((value) => fingerprints.of(value()));
    expect(new Set(all).size).toBe(all.length);
  });

  it('of a value that cannot be written down is new each time', () => {
    expect(fingerprints.of(cyclic)).not.toBe(fingerprints.of(cyclic));
  });
});

it.each([
  ['bare', (key: object) => key],
  ['in a list', (key: object) => [key]],
  ['described', (key: object) => ({ key })],
])('an object that says itself how it is written counts as new each time, %s', (_, given) => {
  const fingerprints = new Fingerprints();
  class Hidden {
    toJSON = () => '[redacted]';
  }
  for (const key of [new Hidden(), { kty: 'RSA', toJSON: () => '[redacted]' }]) {
    expect(fingerprints.of(given(key))).not.toBe(fingerprints.of(given(key)));
  }
});
