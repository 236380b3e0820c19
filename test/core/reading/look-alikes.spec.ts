import { expect, it } from '@jest/globals';

import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import type { KeyInput } from '../../../lib/core/reading/key-material.js';
import { errorOf } from '../../support/errors.js';
import { makeRsaKey, pemOf } from '../../support/keys.js';

const name = 'OIDC_PRIVATE_KEY';

it.each([
  [
    'an OpenSSH public key on P-256',
    'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY= !',
    /OpenSSH public/,
  ],
  ['a PuTTY key', 'PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none', /PuTTYgen/],
  ['a path of Windows', 'C:\\keys\\oidc', /_FILE/],
  ['a path of Windows with slashes', 'C:/keys/oidc', /_FILE/],
  ['a path from here', './oidc', /_FILE/],
  ['a path from above', '../oidc', /_FILE/],
  ['a file URL', 'file:oidc', /_FILE/],
  ['a text that is none of these', 'three words here', /shared secret/],
])('%s is no key, and the message says what it looks like', (_, value, message) => {
  const error = errorOf(() => loadKeyMaterial({ name, value }));
  expect(error).toMatchObject({ code: 'OIDC_KEY_MALFORMED', message: expect.stringMatching(message) });
});

it.each([
  ['null', null],
  ['null in a list', [null]],
  ['an empty JWK Set as JSON', '{"keys":[]}'],
  ['a JWK Set whose keys are a text', { keys: 'x' }],
  ['a JWK Set whose keys are an object', { keys: {} }],
  [
    'the curve of an EC key without the key',
    '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n',
  ],
])('%s holds no key', (_, value) => {
  expect(errorOf(() => loadKeyMaterial({ name, value: value as KeyInput })).code).toBe('OIDC_KEY_MISSING');
});

it('a list in a list is no key', () => {
  const value = [[pemOf(makeRsaKey())]] as unknown as KeyInput[];
  const error = errorOf(() => loadKeyMaterial({ name, value }));
  expect(error).toMatchObject({ code: 'OIDC_KEY_MALFORMED', message: expect.stringMatching(/is no key/) });
});
