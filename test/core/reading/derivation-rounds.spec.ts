import { describe, expect, it } from '@jest/globals';

import { derivationRoundsOf } from '../../../lib/core/reading/derivation-rounds.js';
import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { derElement } from '../../support/der.js';
import { errorOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';

const sequence = (...members: Buffer[]) => derElement(0x30, Buffer.concat(members));
const identifier = (hex: string) => derElement(0x06, Buffer.from(hex, 'hex'));
const octets = (length: number) => derElement(0x04, Buffer.alloc(length, 7));
const number = (value: number) => {
  const hex = value.toString(16);
  // With a zero before it, so that no number is negative.
  return derElement(0x02, Buffer.from(`00${hex.padStart(hex.length + (hex.length % 2), '0')}`, 'hex'));
};

const aes = sequence(identifier('60864801650304012a'), octets(16));
const encryptedBy = (...scheme: Buffer[]) => sequence(sequence(...scheme), octets(64));
const pbes2 = (...derivation: Buffer[]) =>
  encryptedBy(identifier('2a864886f70d01050d'), sequence(sequence(...derivation), aes));
const pbkdf2 = (rounds: number) =>
  pbes2(identifier('2a864886f70d01050c'), sequence(octets(8), number(rounds)));
const scrypt = (n: number, r: number, p: number) =>
  pbes2(identifier('2b06010401da47040b'), sequence(octets(8), number(n), number(r), number(p)));
const pbes1 = (scheme: string) => (rounds: number) =>
  encryptedBy(identifier(scheme), sequence(octets(8), number(rounds)));

const refusalOf = (value: Buffer) => {
  const { code, message } = errorOf(() => loadKeyMaterial({ name: 'a key', value, passphrase: 'secret' }));
  return { code, message };
};

describe.each<[string, (rounds: number) => Buffer]>([
  ['RFC 8018 section 6.2, PBES2 with PBKDF2', pbkdf2],
  ['RFC 8018 section 6.1, PBES1 with MD5 and DES', pbes1('2a864886f70d010503')],
  ['RFC 8018 section 6.1, PBES1 with SHA-1 and RC2', pbes1('2a864886f70d01050b')],
  ['RFC 7292 appendix C, PKCS#12 with 3DES', pbes1('2a864886f70d010c0103')],
  ['RFC 7914 section 7, scrypt, by its N', (rounds) => scrypt(rounds, 1, 1)],
  ['RFC 7914 section 7, scrypt, by its p', (rounds) => scrypt(2, 1, rounds / 2)],
])('%s', (_, encrypted) => {
  it.each([2_000, 10_000_000])('%d rounds are read', (rounds) => {
    expect(derivationRoundsOf(encrypted(rounds))).toBe(rounds);
  });

  it.each([10_000_002, 2 ** 31, 2 ** 40])(
    'a key of %d rounds is refused before it is decrypted',
    (rounds) => {
      const start = performance.now();
      expect(refusalOf(encrypted(rounds))).toEqual({
        code: 'OIDC_KEY_UNSUPPORTED',
        message: expect.stringMatching(/more than 10,000,000 rounds.*-iter 600000/),
      });
      // Ten million rounds take seconds.
      expect(performance.now() - start).toBeLessThan(1_000);
    },
  );
});

it('what cannot be read is damaged, and OpenSSL does not get to try', () => {
  const damaged = [
    pbes2(),
    pbes2(identifier('2a864886f70d01050c'), sequence(octets(8))),
    pbes2(identifier('2a864886f70d01050c'), sequence(octets(8), octets(3))),
    pbes2(identifier('2b06010401da47040b'), sequence(octets(8), number(2), number(2))),
    encryptedBy(identifier('2a864886f70d01050d'), Buffer.from('3080', 'hex')),
  ];
  for (const value of damaged) expect(refusalOf(value).code).toBe('OIDC_KEY_MALFORMED');
  expect(derivationRoundsOf(Buffer.alloc(0))).toBeNaN();
});

it('a scheme that OpenSSL does not have is left to it', () => {
  expect(derivationRoundsOf(encryptedBy(identifier('2a0304'), sequence()))).toBeUndefined();
  expect(derivationRoundsOf(pbes2(identifier('2a0304'), sequence()))).toBeUndefined();
});

it('what node:crypto writes is read', () => {
  const { privateKey } = makeKeyPair('ed25519');
  const der = privateKey.export({
    format: 'der',
    type: 'pkcs8',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  });
  expect(derivationRoundsOf(der)).toBe(2_048);
});
