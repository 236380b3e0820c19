import { createPublicKey } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { thumbprintOf } from '../../support/loaded.js';
import { VerificationKey } from '../../../lib/core/key/verification-key.js';
import { errorOf } from '../../support/errors.js';
import { derElement } from '../../support/der.js';
import { derOf, makeRsaKey } from '../../support/keys.js';

const name = 'OIDC_PREVIOUS_KEYS';
const key = makeRsaKey();
const publicKey = createPublicKey(key);

describe('RFC 8017 appendix A.1.1, a PKCS#1 public key', () => {
  it.each([
    ['PEM', publicKey.export({ format: 'pem', type: 'pkcs1' })],
    ['DER', publicKey.export({ format: 'der', type: 'pkcs1' })],
  ])('loads from %s', (_, value) => {
    const kids = loadKeyMaterial({ name, value }).map((material) => new VerificationKey(material).kid);
    expect(kids).toEqual([thumbprintOf(publicKey)]);
  });
});

describe('X.690 section 8.1, lengths', () => {
  const withIndefiniteLength = Buffer.from(derOf(key));
  withIndefiniteLength[1] = 0x80;

  it.each([
    ['of the indefinite form', Buffer.from('3080020100', 'hex')],
    ['of the indefinite form, in a real key', withIndefiniteLength],
    ['of nine bytes', Buffer.from('30890000000000000000ff', 'hex')],
    ['of nine bytes, with members behind them', Buffer.from('308900000000000000000002010030', 'hex')],
    ['that are cut off', Buffer.from('3082', 'hex')],
    ['that are not there', Buffer.from('30', 'hex')],
    ['of 4 GiB', Buffer.from('3084ffffffff', 'hex')],
  ])('%s are refused', (_, value) => {
    expect(errorOf(() => loadKeyMaterial({ name, value }))).toMatchObject({
      name: 'OidcKeyError',
      code: 'OIDC_KEY_MALFORMED',
    });
  });

  it('what begins with another tag than a sequence is no key', () => {
    const value = Buffer.from('04030201', 'hex');
    expect(errorOf(() => loadKeyMaterial({ name, value })).code).toBe('OIDC_KEY_MALFORMED');
  });
});

describe('RFC 5915 section 3, the private number of an EC key', () => {
  const curve = Buffer.from('06082a8648ce3d030107', 'hex');
  const version = Buffer.from([0x02, 1, 1]);
  const ecKeyOf = (number: Buffer) =>
    derElement(0x30, Buffer.concat([version, derElement(0x04, number), derElement(0xa0, curve)]));
  const load = (number: Buffer) =>
    loadKeyMaterial({ name, value: ecKeyOf(number) }).map((material) => new VerificationKey(material));

  it('makes a key without its public half', () => {
    expect(load(Buffer.alloc(32, 1)).map(({ alg }) => alg)).toEqual(['ES256']);
  });

  it.each([
    // Of this one node:crypto would end the process.
    ['longer than the curve', Buffer.alloc(40, 1)],
    ['zero', Buffer.alloc(32)],
    ['empty', Buffer.alloc(0)],
    [
      'the order of the curve',
      Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex'),
    ],
  ])('is refused where it is %s', (_, number) => {
    expect(errorOf(() => load(number))).toMatchObject({ name: 'OidcKeyError', code: 'OIDC_KEY_MALFORMED' });
  });
});

describe('RFC 5958 section 2, the algorithm of a PKCS#8 key', () => {
  const codeOf = (value: Buffer) => errorOf(() => loadKeyMaterial({ name, value })).code;
  const version = Buffer.from([0x02, 1, 0]);
  const pkcs8Of = (algorithm: Buffer, content: Buffer) =>
    derElement(0x30, Buffer.concat([version, derElement(0x30, algorithm), derElement(0x04, content)]));

  it('is one that JWS has: DSA is refused', () => {
    const { privateKey } = makeKeyPair('dsa', { modulusLength: 1024, divisorLength: 160 });
    expect(codeOf(privateKey.export({ format: 'der', type: 'pkcs8' }))).toBe('OIDC_KEY_UNSUPPORTED');
  });

  it('is asked for before the key is opened, for which OpenSSL would need minutes', () => {
    const long = derElement(0x02, Buffer.alloc(8_001, 0x55));
    const parameters = derElement(0x30, Buffer.concat([long, long, long]));
    const dsa = Buffer.concat([Buffer.from('06072a8648ce380401', 'hex'), parameters]);
    expect(codeOf(pkcs8Of(dsa, long))).toBe('OIDC_KEY_UNSUPPORTED');
  });

  it.each([
    ['missing', Buffer.alloc(0)],
    ['no object identifier', Buffer.from('0500', 'hex')],
    ['cut off', Buffer.from('06ff2a', 'hex')],
  ])('that is %s is refused', (_, algorithm) => {
    expect(codeOf(pkcs8Of(algorithm, Buffer.alloc(3)))).toBe('OIDC_KEY_MALFORMED');
  });
});
