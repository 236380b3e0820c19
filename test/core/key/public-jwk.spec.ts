import { createPublicKey } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { publicJwkOf, thumbprintOf } from '../../../lib/core/key/public-jwk.js';
import { SigningKey } from '../../../lib/core/key/signing-key.js';
import { derOf, jwkOf, makeRsaKey, pemOf } from '../../support/keys.js';

const rfc7638Key = {
  kty: 'RSA',
  n:
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj' +
    'hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ' +
    'vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK' +
    'nqDKgw',
  e: 'AQAB',
  alg: 'RS256',
  kid: '2011-04-29',
};

describe('RFC 7638, JWK thumbprint', () => {
  it('section 3.1: the example key has the thumbprint of the example', () => {
    const key = createPublicKey({ key: rfc7638Key, format: 'jwk' });
    expect(thumbprintOf(key)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });

  it('section 1: it is one for PEM, DER, JWK and KeyObject of one key', () => {
    const key = makeRsaKey();
    const forms = [pemOf(key), pemOf(key, 'pkcs1'), derOf(key), derOf(key, 'pkcs1'), jwkOf(key), key];
    const kids = forms
      .flatMap((value) => loadKeyMaterial({ name: 'key', value }))
      .map((material) => new SigningKey(material).kid);
    expect(new Set(kids)).toEqual(new Set([thumbprintOf(createPublicKey(key))]));
    expect(kids).toHaveLength(forms.length);
  });
});

describe('RFC 7517, public JWK', () => {
  const key = createPublicKey({ key: rfc7638Key, format: 'jwk' });

  it('section 4: holds the public members, use, alg and kid, and nothing else', () => {
    expect(publicJwkOf(key, 'RS256')).toEqual({
      kty: 'RSA',
      n: rfc7638Key.n,
      e: 'AQAB',
      use: 'sig',
      alg: 'RS256',
      kid: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    });
  });

  it('section 4.5: a kid that is given is kept', () => {
    expect(publicJwkOf(key, 'RS256', '2011-04-29').kid).toBe('2011-04-29');
  });

  it('is projected from the public key alone, also where the private one is handed in', () => {
    const members = Object.keys(publicJwkOf(makeRsaKey(), 'RS256')).toSorted();
    expect(members).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });

  it('RFC 7518 section 6.3.1.1: n has no leading zero octet', () => {
    const { n } = publicJwkOf(createPublicKey(makeRsaKey()), 'RS256') as { n: string };
    expect(Buffer.from(n, 'base64url')).toHaveLength(256);
  });
});
