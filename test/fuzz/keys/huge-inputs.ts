import { createPrivateKey } from 'node:crypto';

import * as fc from 'fast-check';

import { at, place } from '../places.js';
import { unusableKeys, usableKeys } from './base-keys.js';
import { encodeDer, leavesIn, parseDer } from './der-tree.js';
import { casesOf } from './key-case.js';

const largest = 1_000_000;

const fillers = [
  ' ',
  '\n',
  '\r\n',
  '	',
  '﻿',
  '\0',
  '"',
  "'",
  '`',
  '\\',
  '\\n',
  '\\\\n',
  '\\"',
  'A',
  'A\n',
  'A ',
  'A\\n',
  '=',
  '-',
  '-----',
  '-----BEGIN ',
  '-----END ',
  '-----BEGIN A-----',
  '-----END A-----',
  'MII',
  '0',
  '_',
  '.',
  '{',
  '[',
  '{"a":',
  '{"keys":[',
  '[{"kty":"RSA"},',
  '"kty",',
  ' "',
  "'\n",
  'é',
  '🔑',
  '\ud800',
  '%0A',
  '-----BEGIN A-----\nAAAA\n-----END A-----\n',
  '-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n',
  'Proc-Type: 4,ENCRYPTED\n',
  'DEK-Info: ',
  'ssh-rsa ',
  './',
  'a.',
  '4,ENCRYPTED ',
];

const shapes: Readonly<Record<string, (filling: string, pem: string) => string>> = {
  alone: (filling) => filling,
  'behind a letter': (filling) => `x${filling}`,
  'between letters': (filling) => `x${filling}x`,
  'behind a zero': (filling) => `0${filling}`,
  'behind a brace': (filling) => `{${filling}}`,
  'as a text of JSON': (filling) => `{"kty":"RSA","n":${JSON.stringify(filling)}}`,
  'as a kid': (filling) => `{"kid":${JSON.stringify(filling)},${JSON.stringify(usableKeys[1]!.jwk).slice(1)}`,
  'as a block': (filling) => `-----BEGIN PRIVATE KEY-----${filling}-----END PRIVATE KEY-----`,
  'as an encrypted block': (filling) =>
    `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${filling}\n-----END RSA PRIVATE KEY-----`,
  'before the headers of an encrypted block': (filling) =>
    `-----BEGIN RSA PRIVATE KEY-----${filling}Proc-Type:${filling}DEK-Info:-----END RSA PRIVATE KEY-----`,
  'as a label': (filling) => `-----BEGIN ${filling}-----\nAAAA\n-----END ${filling}-----`,
  'behind BEGIN': (filling) => `-----BEGIN ${filling}`,
  'before a key': (filling, pem) => filling + pem,
  'behind a key': (filling, pem) => pem + filling,
  'within a key': (filling, pem) => pem.slice(0, 100) + filling + pem.slice(100),
  'in base64': (filling) => Buffer.from(filling).toString('base64'),
};

const carriers: Readonly<Record<string, (text: string) => unknown>> = {
  text: (text) => text,
  Buffer: (text) => Buffer.from(text),
  'UTF-16': (text) => Buffer.from(`\uFEFF${text}`, 'utf16le'),
  described: (text) => ({ key: text }),
};

/** Some are nearly as large as they may be, most are not, so that the many do not take a day. */
const size = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1_000, max: 60_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: largest - 50_000, max: largest }) },
);

export const hugeTexts = casesOf(
  'huge text',
  fc.record({
    filler: fc.constantFrom(...fillers),
    shape: fc.constantFrom(...Object.keys(shapes)),
    carrier: fc.constantFrom(...Object.keys(carriers)),
    key: fc.nat(usableKeys.length - 1),
    size,
  }),
  (recipe) => {
    const inputOf = (length: number) => {
      const filling = recipe.filler.repeat(Math.ceil(length / recipe.filler.length));
      return carriers[recipe.carrier]!(shapes[recipe.shape]!(filling, usableKeys[recipe.key]!.pems[0]!));
    };
    const input = inputOf(recipe.size);
    // Escapes, UTF-16 and shapes that repeat the filling make more of it.
    const excess = lengthOf(input) / largest;
    return { input: excess > 1 ? inputOf(recipe.size / excess) : input };
  },
);

function lengthOf(input: unknown): number {
  if (Buffer.isBuffer(input)) return input.length;
  return Buffer.byteLength(typeof input === 'string' ? input : (input as { key: string }).key);
}

const dsa = unusableKeys.filter(({ name }) => ['DSA', 'DH', 'sect571r1', 'RSA-PSS'].includes(name));
const ders = [...usableKeys, ...dsa, ...dsa].flatMap((key) => key.ders);

/** One number of a key, or several, of a length that no key has. */
export const hugeNumbers = casesOf(
  'huge number',
  fc.record({
    source: fc.nat(ders.length - 1),
    members: fc.array(place, { minLength: 1, maxLength: 4 }),
    byte: fc.constantFrom(0x7f, 0x55, 0x01, 0xff, 0x00),
    size,
  }),
  (recipe) => {
    const tree = parseDer(ders[recipe.source]!)!;
    const leaves = leavesIn(tree);
    for (const member of recipe.members) {
      const leaf = leaves[at(member, leaves.length)]!;
      leaf.content = Buffer.alloc(Math.ceil(recipe.size / recipe.members.length), recipe.byte);
      // Or it would be negative, or have a leading zero, and be refused before anything is computed.
      leaf.content[0] = 0x7f;
      leaf.content[leaf.content.length - 1]! |= 1;
    }
    return { input: encodeDer(tree) };
  },
);

const jwkMembers = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'x', 'y', 'crv', 'kty', 'alg', 'kid', 'use'];

export const hugeMembers = casesOf(
  'huge member',
  fc.record({
    key: fc.nat(usableKeys.length - 1),
    members: fc.uniqueArray(fc.constantFrom(...jwkMembers), { minLength: 1, maxLength: 4 }),
    letter: fc.constantFrom('V', '_', 'A'),
    isObject: fc.boolean(),
    size,
  }),
  (recipe) => {
    const jwk: Record<string, unknown> = { ...usableKeys[recipe.key]!.jwk };
    for (const member of recipe.members) {
      if (member in jwk || recipe.members.length === 1)
        jwk[member] = recipe.letter.repeat(Math.ceil(recipe.size / recipe.members.length));
    }
    return { input: recipe.isObject ? jwk : JSON.stringify(jwk) };
  },
);

const ed = usableKeys.find(({ name }) => name.startsWith('Ed'))!;
const sec1 = createPrivateKey(usableKeys[1]!.pems[0]!).export({ format: 'pem', type: 'sec1' }).toString();

const crowds: Readonly<Record<string, (count: number) => unknown>> = {
  'one PEM many times in a text': (count) => ed.pems[0]!.repeat(count),
  'one EC PEM many times in a text': (count) => sec1.repeat(count),
  'one JWK many times in a JWK Set': (count) => ({ keys: Array.from({ length: count }, () => ed.jwk) }),
  'one JWK many times in JSON': (count) =>
    JSON.stringify({ keys: Array.from({ length: count }, () => ed.jwk) }),
  'one PEM many times in a list': (count) => Array.from({ length: count }, () => ed.pems[0]),
  'many operations': (count) => ({ ...ed.jwk, key_ops: Array.from({ length: count * 10 }, () => 'sing') }),
  'many members': (count) => ({
    ...ed.jwk,
    ...Object.fromEntries(Array.from({ length: count * 5 }, (_, index) => [`member${index}`, index])),
  }),
};

export const crowdedInputs = casesOf(
  'crowded input',
  fc.record({ crowd: fc.constantFrom(...Object.keys(crowds)), count: fc.integer({ min: 2, max: 1_500 }) }),
  ({ crowd, count }) => ({ input: crowds[crowd]!(count) }),
);
