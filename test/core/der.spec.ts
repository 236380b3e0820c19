import { createPublicKey } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { loadKeyMaterial } from '../../lib/core/key-material.js';
import { thumbprintOf } from '../../lib/core/public-jwk.js';
import { VerificationKey } from '../../lib/core/verification-key.js';
import { errorOf } from '../support/errors.js';
import { derOf, makeRsaKey } from '../support/keys.js';

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
