import { describe, expect, it } from '@jest/globals';

import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { passphrasesOf } from '../../../lib/core/reading/passphrases.js';
import { errorOf } from '../../support/errors.js';
import { makeRsaKey } from '../../support/keys.js';

const utf16 = (text: string) => Buffer.from(text, 'utf16le');

describe('what a setting may mean as a passphrase', () => {
  it.each<[string, unknown, string[]]>([
    ['a text', 'secret', ['secret']],
    ['white space, which belongs to it', '  secret\t ', ['  secret\t ']],
    ['a last line end', 'secret\n', ['secret']],
    ['a last line end of Windows', 'secret\r\n', ['secret']],
    ['two line ends, of which one belongs to it', 'secret\n\n', ['secret\n']],
    ['quotes', '"secret"', ['"secret"', 'secret']],
    ['quotes and a line end', "'secret'\n", ["'secret'", 'secret']],
    ['quotes that do not match', '"secret\'', ['"secret\'']],
    ['a quote alone', '"', ['"']],
    ['bytes with a byte order mark', Buffer.from('\uFEFFsecret\n'), ['secret']],
    ['UTF-16', utf16('\uFEFF"secret"\r\n'), ['"secret"', 'secret']],
    ['UTF-16 without a byte order mark', utf16('secret'), ['secret']],
    ['a number, which a schema made of it', 1234, ['1234']],
    ['undefined', undefined, []],
    ['null', null, []],
    ['an empty text', '', []],
    ['a line end', '\n', []],
    ['quotes around nothing', '""\n', []],
    ['an object', {}, []],
  ])('%s', (_, value, expected) => {
    expect(passphrasesOf(value)).toEqual(expected);
  });
});

describe('an encrypted key opens', () => {
  const key = makeRsaKey();
  const encryptedBy = (passphrase: string) =>
    key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }).toString();
  const load = (value: string, passphrase: unknown) =>
    loadKeyMaterial({ name: 'OIDC_PRIVATE_KEY', value, passphrase }).map(({ keyObject }) =>
      keyObject.equals(key),
    );

  it.each<[string, string, unknown]>([
    ['a line end behind the passphrase', 'secret', 'secret\n'],
    ['quotes around it', 'secret', '"secret"'],
    ['quotes that belong to it', '"secret"', '"secret"'],
    ['a space that belongs to it', ' secret', ' secret\n'],
    ['a file of PowerShell', 'secret', utf16('\uFEFFsecret\r\n')],
    ['a number', '1234', 1234],
  ])('with %s', (_, passphrase, given) => {
    expect(load(encryptedBy(passphrase), given)).toEqual([true]);
    if (typeof given !== 'string') return;
    const value = { key: encryptedBy(passphrase), passphrase: given };
    expect(loadKeyMaterial({ name: 'a key', value })).toHaveLength(1);
  });

  it('by no passphrase that is another one', () => {
    expect(errorOf(() => load(encryptedBy(' secret'), 'secret')).code).toBe('OIDC_KEY_ENCRYPTED');
  });

  it.each<unknown>([{}, 1234, null, utf16('secret')])('and beside it %p is no passphrase', (passphrase) => {
    const value = { key: encryptedBy('secret'), passphrase: passphrase as string };
    expect(errorOf(() => loadKeyMaterial({ name: 'a key', value })).code).toBe('OIDC_KEY_INVALID_OPTION');
  });

  it('RFC 1421: a wrong passphrase is never taken for a cipher that OpenSSL does not have', () => {
    const pem = key
      .export({ format: 'pem', type: 'pkcs1', cipher: 'aes-128-cbc', passphrase: 'secret' })
      .toString();
    // One in 256 decrypts to something that ends as a block does.
    const codes = Array.from(
      { length: 2_000 },
      (_, index) => errorOf(() => load(pem, `wrong ${index}`)).code,
    );
    expect(new Set(codes)).toEqual(new Set(['OIDC_KEY_ENCRYPTED']));
  });
});
