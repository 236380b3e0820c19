import { createPublicKey } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { publicHalfOf } from '../../../lib/core/key/public-jwk.js';
import { derOf, jwkOf, makeRsaKey, pemOf } from '../../support/keys.js';
import { signingKeyNow } from '../../support/loaded.js';

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
    expect(publicHalfOf(key, 'RS256').thumbprint).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });

  it('section 1: it is one for PEM, DER, JWK and KeyObject of one key', () => {
    const key = makeRsaKey();
    const forms = [pemOf(key), pemOf(key, 'pkcs1'), derOf(key), derOf(key, 'pkcs1'), jwkOf(key), key];
    const kids = forms
      .flatMap((value) => loadKeyMaterial({ name: 'key', value }))
      .map((material) => signingKeyNow(material).key.kid);
    expect(new Set(kids)).toEqual(new Set([publicHalfOf(createPublicKey(key), 'RS256').thumbprint]));
    expect(kids).toHaveLength(forms.length);
  });
});

describe('RFC 7517, public JWK', () => {
  const key = createPublicKey({ key: rfc7638Key, format: 'jwk' });

  it('section 4: holds the public members, use, alg and kid, and nothing else', () => {
    expect(publicHalfOf(key, 'RS256').publicJwk).toEqual({
      kty: 'RSA',
      n: rfc7638Key.n,
      e: 'AQAB',
      use: 'sig',
      alg: 'RS256',
      kid: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    });
  });

  it('section 4.5: a kid that is given is kept', () => {
    const { publicJwk, thumbprint } = publicHalfOf(key, 'RS256', '2011-04-29');
    expect([publicJwk.kid, thumbprint]).toEqual(['2011-04-29', publicHalfOf(key, 'RS256').thumbprint]);
  });

  it('is projected from the public key alone, also where the private one is handed in', () => {
    const members = Object.keys(publicHalfOf(makeRsaKey(), 'RS256').publicJwk).toSorted();
    expect(members).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });

  it('RFC 7518 section 6.3.1.1: n has no leading zero octet', () => {
    const { n } = publicHalfOf(createPublicKey(makeRsaKey()), 'RS256').publicJwk as { n: string };
    expect(Buffer.from(n, 'base64url')).toHaveLength(256);
  });
});
