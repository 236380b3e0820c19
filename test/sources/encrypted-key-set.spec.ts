import { createDecipheriv, pbkdf2Sync } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import { CompactEncrypt } from 'jose';

import {
  decryptKeySet,
  encryptKeySet,
  isEncryptedKeySet,
  refusePlain,
} from '../../lib/sources/encrypted-key-set.js';
import { errorOf, everythingPrintedOf, rejectionOf } from '../support/errors.js';
import { setOf } from '../support/key-sets.js';

const text = setOf({ kid: 'a', iat: 0, nbf: 0 }).toText();
const passphrase = 'correct horse';
const where = 'OIDC_PRIVATE_KEY';
const remedy = 'Set OIDC_PRIVATE_KEY_PASSPHRASE';
const decrypt = (value: unknown, ...given: unknown[]) =>
  decryptKeySet(value, { where, passphrase: given.length > 0 ? given[0] : passphrase, remedy });
const headerOf = (jwe: string) =>
  JSON.parse(Buffer.from(jwe.split('.')[0]!, 'base64url').toString()) as object;

const encryptedAs = (alg: string, enc: string, p2c = 1000) =>
  new CompactEncrypt(Buffer.from(text))
    .setProtectedHeader({ alg, enc })
    .setKeyManagementParameters({ p2c })
    .encrypt(Buffer.from(passphrase));

describe('an encrypted key set (RFC 7517 section 7)', () => {
  it('is a compact JWE with these parameters, and says no more', async () => {
    const jwe = await encryptKeySet(text, passphrase);
    expect(headerOf(jwe)).toEqual({
      alg: 'PBES2-HS512+A256KW',
      enc: 'A256GCM',
      cty: 'jwk-set+json',
      p2c: 210_000,
      p2s: expect.stringMatching(/^[\w-]{22,}$/),
    });
    expect(isEncryptedKeySet(jwe)).toBe(true);
    expect(await encryptKeySet(text, passphrase)).not.toBe(jwe);
  });

  it('is read by node:crypto alone, as RFC 7518 section 4.8 has it', async () => {
    const jwe = await encryptKeySet(text, passphrase);
    const [header, ...parts] = jwe.split('.');
    const [wrapped, iv, ciphertext, tag] = parts.map((part) => Buffer.from(part, 'base64url')) as Buffer[];
    const { alg, p2s, p2c } = headerOf(jwe) as { alg: string; p2s: string; p2c: number };
    const salt = Buffer.concat([Buffer.from(`${alg}\0`), Buffer.from(p2s, 'base64url')]);
    const wrapping = pbkdf2Sync(passphrase, salt, p2c, 32, 'sha512');
    const unwrap = createDecipheriv('id-aes256-wrap', wrapping, Buffer.alloc(8, 0xa6));
    const key = Buffer.concat([unwrap.update(wrapped!), unwrap.final()]);
    const decipher = createDecipheriv('aes-256-gcm', key, iv!).setAAD(Buffer.from(header!)).setAuthTag(tag!);
    expect(Buffer.concat([decipher.update(ciphertext!), decipher.final()]).toString()).toBe(text);
  });

  it('comes back, also with quotes and a line end around value and passphrase', async () => {
    const jwe = await encryptKeySet(text, `"${passphrase}"\n`);
    expect(await decrypt(jwe)).toBe(text);
    expect(await decrypt(` '${jwe}'\n`, `${passphrase}\n`)).toBe(text);
    expect(await decrypt(Buffer.from(jwe), `'${passphrase}'`)).toBe(text);
  });

  it.each([1_000, 1_000_000])('is read with %i rounds', async (rounds) => {
    expect(await decrypt(await encryptedAs('PBES2-HS512+A256KW', 'A256GCM', rounds))).toBe(text);
  });

  it.each<[string, () => Promise<string>, unknown, string, RegExp]>([
    [
      'a wrong passphrase',
      () => encryptKeySet(text, passphrase),
      'wrong',
      'OIDC_KEY_ENCRYPTED',
      /wrong.*Where the passphrase was changed/,
    ],
    [
      'no passphrase',
      () => encryptKeySet(text, passphrase),
      undefined,
      'OIDC_KEY_ENCRYPTED',
      /no passphrase is set\. Set OIDC_PRIVATE_KEY_PASSPHRASE/,
    ],
    [
      'an empty one',
      () => encryptKeySet(text, passphrase),
      '""',
      'OIDC_KEY_ENCRYPTED',
      /no passphrase is set/,
    ],
    [
      'a damaged value',
      async () => `${(await encryptKeySet(text, passphrase)).slice(0, -4)}AAAA`,
      passphrase,
      'OIDC_KEY_ENCRYPTED',
      /damaged/,
    ],
    [
      '999 rounds',
      () => encryptedAs('PBES2-HS512+A256KW', 'A256GCM', 999),
      passphrase,
      'OIDC_KEY_UNSUPPORTED',
      /1000 to 1000000/,
    ],
    [
      '1,000,001 rounds, which are not counted',
      async () => withRounds(1_000_001),
      passphrase,
      'OIDC_KEY_UNSUPPORTED',
      /1000 to 1000000/,
    ],
    [
      'rounds that are no number',
      async () => withRounds('many'),
      passphrase,
      'OIDC_KEY_UNSUPPORTED',
      /rounds/,
    ],
    [
      'another derivation',
      () => encryptedAs('PBES2-HS256+A128KW', 'A256GCM'),
      passphrase,
      'OIDC_KEY_UNSUPPORTED',
      /another way/,
    ],
    [
      'another cipher',
      () => encryptedAs('PBES2-HS512+A256KW', 'A128CBC-HS256'),
      passphrase,
      'OIDC_KEY_UNSUPPORTED',
      /another way/,
    ],
    ['a header that is none', async () => 'eyJ.a.b.c.d', passphrase, 'OIDC_KEY_UNSUPPORTED', /another way/],
  ])('%s is refused', async (_, make, given, code, message) => {
    const error = await rejectionOf(decrypt(await make(), given));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    expect(error.message).toMatch(/^OIDC_PRIVATE_KEY is|^OIDC_PRIVATE_KEY cannot/);
    expect(everythingPrintedOf(error)).not.toContain(passphrase);
  });

  it('is not made with an empty passphrase', async () => {
    expect((await rejectionOf(encryptKeySet(text, '""'))).code).toBe('OIDC_KEY_ENCRYPTED');
  });

  async function withRounds(p2c: unknown): Promise<string> {
    const [header, ...rest] = (await encryptKeySet(text, passphrase)).split('.');
    const members = JSON.parse(Buffer.from(header!, 'base64url').toString()) as object;
    return [Buffer.from(JSON.stringify({ ...members, p2c })).toString('base64url'), ...rest].join('.');
  }
});

describe('a plain document of a store', () => {
  it('is refused where a passphrase is set', () => {
    const error = errorOf(() => refusePlain(text, { where, passphrase }));
    expect([error.code, error.message]).toEqual([
      'OIDC_KEY_NOT_ENCRYPTED',
      expect.stringMatching(/who wrote it.*remove the passphrase/),
    ]);
  });

  it('is what it is where none is set, and an encrypted one is none', async () => {
    for (const none of [undefined, '', "''"])
      expect(() => refusePlain(text, { where, passphrase: none })).not.toThrow();
    const jwe = await encryptKeySet(text, passphrase);
    expect(() => refusePlain(`"${jwe}"`, { where, passphrase })).not.toThrow();
  });

  it.each([text, 'a.b.c', 'eyJhbGciOiJSUzI1NiJ9.e30.x', '-----BEGIN PRIVATE KEY-----', '', undefined])(
    'is not taken for an encrypted one: %j',
    (value) => {
      expect(isEncryptedKeySet(value)).toBe(false);
    },
  );
});
