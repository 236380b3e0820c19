import { createPublicKey, createSecretKey } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import type { KeyInput } from '../../../lib/core/reading/key-material.js';
import type { VerificationKey } from '../../../lib/core/key/verification-key.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { signingKeyNow } from '../../support/loaded.js';
import { errorOf, everythingPrintedOf } from '../../support/errors.js';
import { derOf, jwkOf, makeRsaKey, pemOf, tracesOf } from '../../support/keys.js';

const name = 'OIDC_PRIVATE_KEY';
const passphrase = 'correct horse "battery" $taple';
const key = makeRsaKey();
const { kid } = signingKeyNow({ keyObject: key, where: name }).key;

const pkcs8 = pemOf(key);
const pkcs1 = pemOf(key, 'pkcs1');
const encryptedPkcs8 = key
  .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase })
  .toString();
const encryptedTraditional = key
  .export({ format: 'pem', type: 'pkcs1', cipher: 'aes-256-cbc', passphrase })
  .toString();
const traditionalDes = key
  .export({ format: 'pem', type: 'pkcs1', cipher: 'des-ede3-cbc', passphrase })
  .toString();
const encryptedDer = key.export({ format: 'der', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase });
const json = JSON.stringify(jwkOf(key));
const base64 = (value: string | Buffer) => Buffer.from(value).toString('base64');

function load(value: KeyInput, withPassphrase?: string): VerificationKey {
  const [material, ...others] = loadKeyMaterial({ name, value, passphrase: withPassphrase });
  expect(others).toEqual([]);
  return signingKeyNow(material!).key;
}

/** What environments, shells and editors do to a text. */
const manglings: Record<string, (text: string) => string> = {
  'as it is': (text) => text,
  'literal \\n': (text) => text.replaceAll('\n', '\\n'),
  'doubled \\\\n': (text) => text.replaceAll('\n', '\\\\n'),
  'literal \\r\\n': (text) => text.replaceAll('\n', '\\r\\n'),
  CRLF: (text) => text.replaceAll('\n', '\r\n'),
  'a byte order mark': (text) => `\uFEFF${text}`,
  'double quotes': (text) => `"${text}"`,
  'single quotes and white space': (text) => `  '${text}'\n`,
  'a byte order mark, quotes and literal \\n': (text) => `\uFEFF"${text.replaceAll('\n', '\\n')}"`,
  'newlines as spaces': (text) => text.replaceAll('\n', ' '),
  // Of these the decoder of node:buffer would take one for a slash.
  'narrow no-break spaces': (text) => text.replaceAll('\n', '\u202F'),
  'one line': (text) => text.replaceAll('\n', ''),
  indented: (text) => text.replaceAll(/^/gm, '    '),
  'tabs and blank lines': (text) => text.replaceAll('\n', '\n\n\t'),
  backticks: (text) => `\`${text}\``,
  'literal \\n and \\t': (text) => text.replaceAll('\n', '\\n\\t'),
  trimmed: (text) => text.trim(),
  'text before and after': (text) => `Bag Attributes\n  friendlyName: issuer\n${text}\nthe end\n`,
};

const plainTexts = { 'PKCS#8': pkcs8, 'PKCS#1': pkcs1 };
const encryptedTexts = {
  'encrypted PKCS#8': encryptedPkcs8,
  'traditional encrypted PEM': encryptedTraditional,
  'traditional encrypted PEM, 3DES': traditionalDes,
};

describe('accepted forms', () => {
  for (const [form, text] of Object.entries({ ...plainTexts, ...encryptedTexts })) {
    it.each(Object.entries(manglings))(`${form}, %s`, (_, mangle) => {
      expect(load(mangle(text), passphrase).kid).toBe(kid);
      expect(load(Buffer.from(mangle(text)), passphrase).kid).toBe(kid);
    });
  }

  it.each([
    ['base64 of PEM', base64(pkcs8)],
    ['base64 of PEM with literal \\n', base64(pkcs8.replaceAll('\n', '\\n'))],
    ['base64 of PKCS#1 PEM', base64(pkcs1)],
    ['base64 of encrypted PEM', base64(encryptedPkcs8)],
    ['base64 of DER', base64(derOf(key))],
    ['base64 of PKCS#1 DER', base64(derOf(key, 'pkcs1'))],
    ['base64 of DER, wrapped and quoted', `"${base64(derOf(key)).replaceAll(/.{64}/g, '$&\\n')}"`],
    ['base64url of DER', derOf(key).toString('base64url')],
    ['base64 of encrypted DER', base64(encryptedDer)],
    ['base64 of a JWK', base64(json)],
    ['a JWK as JSON', json],
    ['a JWK as JSON, quoted', `'${json}'`],
    ['a JWK as JSON in backticks', `\`${json}\``],
    ['a JWK as pretty JSON with literal \\n', JSON.stringify(jwkOf(key), null, 2).replaceAll('\n', '\\n')],
    ['a JWK Set of one as JSON', `{"keys":[${json}]}`],
    ['a JWK as JSON with escaped quotes', JSON.stringify(json).slice(1, -1)],
    ['a JWK as pretty JSON within JSON', JSON.stringify(JSON.stringify(jwkOf(key), null, 2))],
    ['a JWK as JSON with quotes escaped twice', JSON.stringify(JSON.stringify(json).slice(1, -1))],
    ['base64 of a quoted JWK', base64(`'${json}'`)],
    ['base64 of UTF-16 with a byte order mark', base64(Buffer.from(`\uFEFF${pkcs8}`, 'utf16le'))],
    ['a JWK object', jwkOf(key)],
    ['a JWK Set object', { keys: [jwkOf(key)] }],
    ['DER', derOf(key)],
    ['PKCS#1 DER', derOf(key, 'pkcs1')],
    ['encrypted DER', encryptedDer],
    ['DER as Uint8Array', new Uint8Array(derOf(key))],
    ['a Buffer of a JWK', Buffer.from(json)],
    ['a Buffer of base64', Buffer.from(base64(pkcs8))],
    ['UTF-16 with a byte order mark', Buffer.from(`\uFEFF${pkcs8}`, 'utf16le')],
    ['a KeyObject', key],
    ['{ key }', { key: pkcs8 }],
    ['{ key, passphrase }', { key: encryptedPkcs8, passphrase }],
    ['PKCS#1 under the label of PKCS#8', pkcs1.replaceAll('RSA PRIVATE KEY', 'PRIVATE KEY')],
    ['PKCS#8 under the label of PKCS#1', pkcs8.replaceAll('PRIVATE KEY', 'RSA PRIVATE KEY')],
  ] as [string, KeyInput][])('%s', (_, value) => {
    expect(load(value, passphrase).kid).toBe(kid);
  });

  it('a kid that is given wins over the one of a JWK, and that over the thumbprint', () => {
    expect(load({ ...jwkOf(key), kid: 'own' }).kid).toBe('own');
    expect(load({ key: { ...jwkOf(key), kid: 'own' }, kid: 'given' }).kid).toBe('given');
    expect(load({ key: pkcs8, kid: 'given' }).kid).toBe('given');
  });

  it('an algorithm that is given wins over the one of a JWK', () => {
    expect(load({ key: { ...jwkOf(key), alg: 'PS256' }, algorithm: 'RS256' }).alg).toBe('RS256');
  });

  it('a passphrase beside the key wins over the one of the setting', () => {
    expect(load({ key: encryptedPkcs8, passphrase }, 'of the setting').kid).toBe(kid);
  });

  it('several blocks, skipping the curve before an EC key', () => {
    const ec = makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey;
    const curve = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    const text = curve + ec.export({ format: 'pem', type: 'sec1' }).toString() + pkcs1;
    const kinds = loadKeyMaterial({ name, value: text }).map(({ keyObject, where }) => [
      keyObject.asymmetricKeyType,
      where,
    ]);
    expect(kinds).toEqual([
      ['ec', `${name} (key 1 of 2)`],
      ['rsa', `${name} (key 2 of 2)`],
    ]);
  });
});

const publicPem = createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString();
const openssh = `-----BEGIN OPENSSH PRIVATE KEY-----\n${base64('openssh-key-v1\0'.padEnd(200, 'x'))}\n-----END OPENSSH PRIVATE KEY-----\n`;
const certificate = `-----BEGIN CERTIFICATE-----\n${base64(Buffer.from('3003300030003000', 'hex'))}\n-----END CERTIFICATE-----\n`;
const ecKey = (namedCurve: string) => makeKeyPair('ec', { namedCurve }).privateKey;
const ec = ecKey('P-256');
const pss = makeKeyPair('rsa-pss', { modulusLength: 2048 }).privateKey;
const jwk = jwkOf(key);
const wrongPassphrase = 'incorrect-horse';
const flipped = Buffer.from(derOf(key));
flipped.fill(0xff, 20, 30);

const refused: [string, KeyInput | undefined, string, RegExp][] = [
  ['nothing', undefined, 'OIDC_KEY_MISSING', /holds no key.*generate/],
  ['an empty text', '', 'OIDC_KEY_MISSING', /holds no key/],
  ['quotes around nothing', '""', 'OIDC_KEY_MISSING', /holds no key/],
  ['an empty Buffer', Buffer.alloc(0), 'OIDC_KEY_MISSING', /holds no key/],
  ['an empty JWK Set', { keys: [] }, 'OIDC_KEY_MISSING', /holds no key/],
  ['a number', 42 as unknown as string, 'OIDC_KEY_MALFORMED', /is no key/],
  ['a plain secret', 'correct-horse-battery-staple', 'OIDC_KEY_MALFORMED', /shared secret/],
  ['a path', '/run/secrets/oidc_private.pem', 'OIDC_KEY_MALFORMED', /_FILE/],
  ['a name of a file', 'oidc_private.pem', 'OIDC_KEY_MALFORMED', /_FILE/],
  ['a path from home', '~/keys/oidc_private', 'OIDC_KEY_MALFORMED', /_FILE/],
  [
    'a label that is a secret',
    '-----BEGIN MYSECRETPASSPHRASE-----\n!!\n-----END MYSECRETPASSPHRASE-----',
    'OIDC_KEY_MALFORMED',
    /base64/,
  ],
  [
    'a block of an unknown kind',
    `-----BEGIN MYSECRETPASSPHRASE-----\n${base64('x'.repeat(40))}\n-----END MYSECRETPASSPHRASE-----`,
    'OIDC_KEY_MALFORMED',
    /damaged/,
  ],
  [
    'an OpenSSH public key',
    `ssh-rsa ${base64(derOf(key).subarray(0, 200))}`,
    'OIDC_KEY_MALFORMED',
    /OpenSSH public key/,
  ],
  ['a public PEM', publicPem, 'OIDC_KEY_NOT_PRIVATE', /public key/],
  ['a public PEM with literal \\n', publicPem.replaceAll('\n', '\\n'), 'OIDC_KEY_NOT_PRIVATE', /public key/],
  ['a public PEM in base64', base64(publicPem), 'OIDC_KEY_NOT_PRIVATE', /public key/],
  ['a public JWK', { kty: 'RSA', n: jwk.n!, e: jwk.e! }, 'OIDC_KEY_NOT_PRIVATE', /public key/],
  ['a public KeyObject', createPublicKey(key), 'OIDC_KEY_NOT_PRIVATE', /public key/],
  ['a secret KeyObject', createSecretKey(Buffer.alloc(32)), 'OIDC_KEY_NOT_PRIVATE', /shared secret/],
  ['a secret JWK', { kty: 'oct', k: 'AAAA' }, 'OIDC_KEY_NOT_PRIVATE', /shared secret/],
  ['a certificate', certificate, 'OIDC_KEY_NOT_PRIVATE', /is a certificate/],
  ['a certificate beside the key', pkcs8 + certificate, 'OIDC_KEY_NOT_PRIVATE', /key 2 of 2.*certificate/],
  [
    'a certificate as DER',
    Buffer.from('3006300030003000', 'hex'),
    'OIDC_KEY_NOT_PRIVATE',
    /is a certificate/,
  ],
  [
    'an EC key for RS256',
    { key: ec, algorithm: 'RS256' },
    'OIDC_KEY_UNSUPPORTED',
    /ec on the curve prime256v1, and RS256 needs an RSA key/,
  ],
  [
    'an RSA key for ES256',
    { key, algorithm: 'ES256' },
    'OIDC_KEY_UNSUPPORTED',
    /rsa, and ES256 needs an EC key on P-256/,
  ],
  [
    'an EC key on P-224',
    pemOf(ecKey('secp224r1')),
    'OIDC_KEY_UNSUPPORTED',
    /curve secp224r1.*Supported: RS256/,
  ],
  ['an EC key on secp256k1, as PEM', pemOf(ecKey('secp256k1')), 'OIDC_KEY_UNSUPPORTED', /curve secp256k1/],
  ['an Ed448 key', makeKeyPair('ed448').privateKey, 'OIDC_KEY_UNSUPPORTED', /ed448/],
  ['an X25519 key', makeKeyPair('x25519').privateKey, 'OIDC_KEY_UNSUPPORTED', /x25519/],
  ['an RSA-PSS key', pss, 'OIDC_KEY_UNSUPPORTED', /rsa-pss/],
  ['an OpenSSH key', openssh, 'OIDC_KEY_UNSUPPORTED', /OpenSSH.*ssh-keygen/],
  ['a JWK for RSA-OAEP', { ...jwk, alg: 'RSA-OAEP' }, 'OIDC_KEY_UNSUPPORTED', /Supported: RS256/],
  ['a JWK for HS256', { ...jwk, alg: 'HS256' }, 'OIDC_KEY_UNSUPPORTED', /Supported: RS256/],
  ['a JWK for encryption', { ...jwk, use: 'enc' }, 'OIDC_KEY_UNSUPPORTED', /use/],
  ['a JWK that may not sign', { ...jwk, key_ops: ['verify'] }, 'OIDC_KEY_UNSUPPORTED', /key_ops/],
  ['a JWK with three primes', { ...jwk, oth: [] }, 'OIDC_KEY_UNSUPPORTED', /two primes/],
  ['1024 bits', makeRsaKey(1024), 'OIDC_KEY_TOO_WEAK', /1024 bits.*2048/],
  ['exponent 3', makeRsaKey(2048, 3), 'OIDC_KEY_TOO_WEAK', /exponent/],
  ['exponent 1', { ...jwk, e: 'AQ' }, 'OIDC_KEY_TOO_WEAK', /exponent/],
  ['an even exponent', { ...jwk, e: 'AQAC' }, 'OIDC_KEY_TOO_WEAK', /exponent/],
  ['a truncated block', pkcs8.slice(0, 900), 'OIDC_KEY_MALFORMED', /cut off/],
  ['a block without its beginning', pkcs8.slice(100), 'OIDC_KEY_MALFORMED', /cut off/],
  [
    'a block whose body is cut',
    pkcs8.replace(/\n.{64}\n-----END/, '\n-----END').replace(/.{65}(?=.{1,64}\n-----END)/s, ''),
    'OIDC_KEY_MALFORMED',
    /cut off/,
  ],
  ['truncated DER', derOf(key).subarray(0, 500), 'OIDC_KEY_MALFORMED', /cut off: \d+ bytes.*500/],
  [
    'DER with something behind it',
    Buffer.concat([derOf(key), Buffer.from('x')]),
    'OIDC_KEY_MALFORMED',
    /behind its end/,
  ],
  ['damaged DER', flipped, 'OIDC_KEY_MALFORMED', /damaged/],
  ['a block that is not base64', pkcs8.replace('\nM', '\n!'), 'OIDC_KEY_MALFORMED', /base64/],
  ['JSON that is cut off', json.slice(0, 200), 'OIDC_KEY_MALFORMED', /not JSON/],
  ['an object that is no JWK', { n: jwk.n! }, 'OIDC_KEY_MALFORMED', /kty/],
  ['a JWK without p', { ...jwk, p: undefined as unknown as string }, 'OIDC_KEY_MALFORMED', /"p"/],
  ['a JWK with a damaged n', { ...jwk, n: 'not base64url!' }, 'OIDC_KEY_MALFORMED', /"n"/],
  ['a JWK with an empty kid', { ...jwk, kid: '' }, 'OIDC_KEY_MALFORMED', /kid/],
  ['an empty kid', { key, kid: '' }, 'OIDC_KEY_INVALID_OPTION', /kid/],
  ['one kid for two keys', { key: pkcs8 + pkcs1, kid: 'x' }, 'OIDC_KEY_SEVERAL', /2 keys/],
  ['an encrypted key without passphrase', encryptedPkcs8, 'OIDC_KEY_ENCRYPTED', /no passphrase is set/],
  [
    'an encrypted key with an empty passphrase',
    { key: encryptedPkcs8, passphrase: '' },
    'OIDC_KEY_ENCRYPTED',
    /no passphrase is set/,
  ],
  [
    'a traditional encrypted key without passphrase',
    encryptedTraditional,
    'OIDC_KEY_ENCRYPTED',
    /no passphrase is set/,
  ],
  [
    'a wrong passphrase',
    { key: encryptedPkcs8, passphrase: wrongPassphrase },
    'OIDC_KEY_ENCRYPTED',
    /passphrase is wrong/,
  ],
  [
    'a wrong passphrase, traditional',
    { key: encryptedTraditional, passphrase: wrongPassphrase },
    'OIDC_KEY_ENCRYPTED',
    /passphrase is wrong/,
  ],
  [
    'a wrong passphrase, DER',
    { key: encryptedDer, passphrase: wrongPassphrase },
    'OIDC_KEY_ENCRYPTED',
    /passphrase is wrong/,
  ],
];

describe('attack 2: what cannot be a signing key is refused', () => {
  it.each(refused)('%s', (_, value, code, message) => {
    const error = errorOf(() => load(value as KeyInput));
    expect([error.name, error.code]).toEqual(['OidcKeyError', code]);
    expect(error.message).toMatch(new RegExp(`^${name}`));
    expect(error.message).toMatch(message);
  });

  it.each(refused)('without a cause: %s', (_, value) => {
    expect(errorOf(() => load(value as KeyInput)).cause).toBeUndefined();
  });

  it.each(refused.filter(([, value]) => tracesOf(value).length > 0))(
    'without a piece of the value: %s',
    (_, value) => {
      const printed = everythingPrintedOf(errorOf(() => load(value as KeyInput)));
      for (const trace of tracesOf(value)) expect(printed).not.toContain(trace);
    },
  );

  it.each([
    ['EC', ec],
    ['Ed25519', makeKeyPair('ed25519').privateKey],
    ['RSA-PSS', pss],
  ])('which would be found: a private key of the kind %s', (_, each) => {
    const leak = pemOf(each).replaceAll('\n', '');
    expect(tracesOf({ key: each }).filter((trace) => leak.includes(trace))).not.toEqual([]);
  });

  it('which would be found: a passphrase', () => {
    expect(tracesOf({ key: encryptedPkcs8, passphrase: wrongPassphrase })).toContain(wrongPassphrase);
  });
});

describe('huge and hostile texts are refused at once', () => {
  it.each([
    ['white space', `x${' '.repeat(1_000_000)}x`],
    ['quotes', `x${'"'.repeat(1_000_000)}x`],
    ['backslashes', `-----BEGIN PRIVATE KEY-----${'\\'.repeat(500_000)}-----END PRIVATE KEY-----`],
    ['beginnings', '-----BEGIN A-----'.repeat(60_000)],
    ['braces', '{'.repeat(1_000_000)],
    ['brackets before a key', '['.repeat(1_000_000) + pkcs8 + pkcs8.slice(0, 99)],
    ['objects in objects', '{"a":'.repeat(200_000)],
    ['escapes by number', `{${'\\u002'.repeat(160_000)}}`],
    ['byte order marks', `x${'\uFEFF'.repeat(300_000)}x`],
    ['base64', 'A'.repeat(1_000_000)],
  ])('1 MB of %s', (_, text) => {
    // A quadratic search would take minutes, and the test's own time limit ends it.
    expect(errorOf(() => load(text)).code).toMatch(/^OIDC_KEY_/);
  });
});
