import { describe, expect, it } from '@jest/globals';

import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { errorOf } from '../../support/errors.js';
import { makeRsaKey, pemOf } from '../../support/keys.js';

const name = 'OIDC_PRIVATE_KEY';
const pem = pemOf(makeRsaKey());
const refusalOf = (value: string, passphrase?: string) => {
  const { code, message } = errorOf(() => loadKeyMaterial({ name, value, passphrase }));
  return { code, message };
};
const block = (label: string, ...lines: string[]) =>
  [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');

describe('a label decides what is refused', () => {
  it.each([
    ['X509 CERTIFICATE', 'OIDC_KEY_NOT_PRIVATE', /is a certificate/],
    ['TRUSTED CERTIFICATE', 'OIDC_KEY_NOT_PRIVATE', /is a certificate/],
    ['CERTIFICATE REQUEST', 'OIDC_KEY_NOT_PRIVATE', /is a certificate/],
    ['NEW CERTIFICATE REQUEST', 'OIDC_KEY_NOT_PRIVATE', /is a certificate/],
    ['DSA PRIVATE KEY', 'OIDC_KEY_UNSUPPORTED', /DSA/],
  ])('%s', (label, code, message) => {
    expect(refusalOf(block(label, 'MAA='))).toEqual({ code, message: expect.stringMatching(message) });
  });

  it('and what is in the block as well: a certificate under the label of a key', () => {
    expect(refusalOf(block('PRIVATE KEY', 'MAYwADAAMAA=')).code).toBe('OIDC_KEY_NOT_PRIVATE');
  });
});

describe('a certificate has a public key, which is of use only to verify', () => {
  const remedyOf = (label: string, role: 'signs' | 'verifies') =>
    errorOf(() => loadKeyMaterial({ name, value: block(label, 'MAA='), role })).message;

  it.each([
    ['CERTIFICATE', /openssl x509 -in FILE -pubkey -noout/],
    ['CERTIFICATE REQUEST', /openssl req -in FILE -pubkey -noout/],
  ])('%s', (label, command) => {
    expect(remedyOf(label, 'signs')).toMatch(/Keep only the private key/);
    expect(remedyOf(label, 'verifies')).toMatch(command);
  });
});

describe('a block that is damaged', () => {
  it.each([
    ['no DER in it', block('PRIVATE KEY', 'AAAA'), /damaged/],
    ['one that is cut off behind it', pem + pem.slice(0, 900), /cut off/],
    ['one without its beginning before it', pem.slice(100) + pem, /cut off/],
    [
      'an END of another label',
      pem.replace('END PRIVATE', 'END RSA PRIVATE'),
      /no matching BEGIN and END line/,
    ],
    ['an equals sign before its base64', pem.replace('\nM', '\n=M'), /something else than base64/],
  ])('%s', (_, value, message) => {
    expect(refusalOf(value)).toEqual({
      code: 'OIDC_KEY_MALFORMED',
      message: expect.stringMatching(message),
    });
  });
});

it('RFC 1421 section 4.6.1.3: a cipher that OpenSSL no longer has is named as the reason', () => {
  const headers = ['Proc-Type: 4,ENCRYPTED', 'DEK-Info: RC2-40-CBC,0123456789ABCDEF', ''];
  const body = Buffer.alloc(64, 7).toString('base64');
  expect(refusalOf(block('RSA PRIVATE KEY', ...headers, body), 'passphrase')).toEqual({
    code: 'OIDC_KEY_UNSUPPORTED',
    message: expect.stringMatching(/cipher that this OpenSSL does not have/),
  });
});
