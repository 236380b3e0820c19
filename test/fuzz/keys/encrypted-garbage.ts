import { createPrivateKey } from 'node:crypto';

import * as fc from 'fast-check';

import { passphrase, usableKeys } from './base-keys.js';
import { byteDamage, damageBytes } from './damaged-bytes.js';
import { encodeDer, leavesIn, parseDer } from './der-tree.js';
import { casesOf } from './key-case.js';
import { at, place } from '../places.js';

const integer = 0x02;

const passphrases: Readonly<Record<string, string>> = {
  right: passphrase,
  wrong: 'incorrect-horse',
  empty: '',
  'with a NUL': `${passphrase}\0`,
  'not ASCII': 'pässphräse \u{1F511}',
  long: 'x'.repeat(5_000),
};
const anyPassphrase = fc.constantFrom(...Object.keys(passphrases));

const encryptedDers = usableKeys.flatMap(({ pems }) =>
  ['aes-256-cbc', 'aes-128-cbc', 'des-ede3-cbc'].map((cipher) =>
    createPrivateKey(pems[0]!).export({ format: 'der', type: 'pkcs8', cipher, passphrase }),
  ),
);

/** What is encrypted, and what it is encrypted with; not the integers, which say how long that takes. */
export const encryptedPkcs8 = casesOf(
  'encrypted PKCS#8',
  fc.record({
    source: fc.nat(encryptedDers.length - 1),
    member: place,
    damages: fc.array(byteDamage, { maxLength: 2 }),
    passphrase: anyPassphrase,
    isPem: fc.boolean(),
  }),
  ({ source, member, damages, passphrase: name, isPem }) => {
    const tree = parseDer(encryptedDers[source]!)!;
    const leaves = leavesIn(tree).filter(({ tag }) => tag !== integer);
    const leaf = leaves[at(member, leaves.length)]!;
    leaf.content = damageBytes(leaf.content, damages);
    const der = encodeDer(tree);
    const pem = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${der.toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----`;
    return { input: isPem ? pem : der, passphrase: passphrases[name]! };
  },
);

const ciphers = [
  'AES-256-CBC',
  'aes-128-cbc',
  'DES-EDE3-CBC',
  'DES-CBC',
  'RC2-40-CBC',
  'BF-CBC',
  'CAMELLIA-128-CBC',
  'AES-256-GCM',
  'AES-256-CTR',
  'ID-AES256-WRAP',
  'CHACHA20',
  'NONE',
  'A'.repeat(300),
  '-',
  'AES-256-CBC,',
];
const vectors = [
  '',
  '0',
  '00'.repeat(8),
  '00'.repeat(16),
  'ZZ'.repeat(16),
  'F'.repeat(31),
  'A'.repeat(400),
  '\u{1F511}',
];
const traditional = usableKeys
  .filter(({ name }) => !name.startsWith('Ed'))
  .map(({ pems }) =>
    createPrivateKey(pems[1]!)
      .export({
        format: 'pem',
        type: pems[1]!.includes('RSA PRIVATE KEY') ? 'pkcs1' : 'sec1',
        cipher: 'aes-128-cbc',
        passphrase,
      })
      .toString(),
  );

/** Traditional encryption (RFC 1421 section 4.6.1) whose headers are made up. */
export const traditionalEncryption = casesOf(
  'traditional encryption',
  fc.record({
    source: fc.nat(traditional.length - 1),
    cipher: fc.option(fc.constantFrom(...ciphers), { nil: undefined, freq: 1 }),
    vector: fc.option(fc.constantFrom(...vectors), { nil: undefined, freq: 1 }),
    body: fc.option(fc.array(byteDamage, { maxLength: 2 }), { nil: undefined, freq: 1 }),
    passphrase: anyPassphrase,
  }),
  ({ source, cipher, vector, body, passphrase: name }) => {
    let pem = traditional[source]!;
    if (body) {
      pem = pem.replace(/(?<=\n\n)[^-]+/, (text) => {
        const damaged = damageBytes(Buffer.from(text, 'base64'), body);
        return `${damaged.toString('base64')}\n`;
      });
    }
    if (cipher !== undefined) pem = pem.replace(/(?<=DEK-Info: )[^,]+/, cipher);
    if (vector !== undefined) pem = pem.replace(/(?<=DEK-Info: [^,]+,).*/, vector);
    return { input: pem, passphrase: passphrases[name]! };
  },
);
