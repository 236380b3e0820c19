import { describe, expect, it } from '@jest/globals';

import { idAttribute, pkcs11UriIn, tokenReference } from '../../../lib/stores/pkcs11/uri.js';
import { errorOf } from '../../support/errors.js';

describe('a URI of PKCS#11 (RFC 7512)', () => {
  it('names a token and a key, by text and by any bytes', () => {
    const { token, key } = pkcs11UriIn(
      'token=The%20Software%20PKCS%2311;serial=0001;manufacturer=Snake%20Oil%2c%20Inc.;model=1.0;object=m%c3%bcll+a%3B;id=%00%FFa;type=private',
      'it',
    );
    expect(token).toEqual({
      token: 'The Software PKCS#11',
      serial: '0001',
      manufacturer: 'Snake Oil, Inc.',
      model: '1.0',
    });
    expect(key.object?.toString()).toBe('müll+a;');
    expect(key.id).toEqual(Buffer.from([0, 255, 97]));
  });

  it('is written so that it is read as the same bytes', () => {
    const id = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    expect(pkcs11UriIn(`token=t;${idAttribute(id)}`, 'it').key.id).toEqual(id);
    const label = 'ü 1;2#3';
    expect(pkcs11UriIn(tokenReference({ token: label }).slice('pkcs11:'.length), 'it').token.token).toBe(
      label,
    );
  });

  it.each([
    ['token=a;token=b', 'has token twice'],
    ['token=a;id=%01;id=%02', 'has id twice'],
    ['object=a', 'names no token'],
    ['token=', 'none of them empty'],
    ['token=a;', 'none of them empty'],
    ['token=a;slot-id=1', 'its path has token'],
    ['token=a;pin-value=1234', 'its path has token'],
    ['token=a;id=%4', 'that no two hexadecimal digits follow'],
    ['token=a;id=%zz', 'that no two hexadecimal digits follow'],
    ['token=a;type=public', 'names something else than a private key'],
  ])('%s is refused', (path, words) => {
    const error = errorOf(() => pkcs11UriIn(path, 'It'));
    expect([error.code, error.message]).toEqual(['KEY_STORE_MISCONFIGURED', expect.stringContaining(words)]);
    expect(error.message).not.toContain('1234');
  });
});
