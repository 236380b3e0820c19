import * as fc from 'fast-check';

import { at, place } from '../places.js';
import { unusableKeys, usableKeys } from './base-keys.js';
import { byteDamage, damageBytes } from './damaged-bytes.js';
import type { ByteDamage } from './damaged-bytes.js';
import { encodeDer, leavesIn, parseDer, siblingsIn } from './der-tree.js';
import type { DerNode } from './der-tree.js';
import { casesOf } from './key-case.js';

/** Contents that an integer, a string or an object identifier should not have. */
const contents: Readonly<Record<string, (old: Buffer, other: Buffer, size: number) => Buffer>> = {
  nothing: () => Buffer.alloc(0),
  zero: () => Buffer.from([0]),
  one: () => Buffer.from([1]),
  two: () => Buffer.from([2]),
  'minus one': () => Buffer.from([0xff]),
  zeros: (old) => Buffer.alloc(old.length),
  ones: (old) => Buffer.alloc(old.length, 0xff),
  'that of another': (_old, other) => other,
  'plus one': (old) => increment(old),
  'with leading zeros': (old) => Buffer.concat([Buffer.alloc(3), old]),
  'cut in half': (old) => old.subarray(0, old.length >> 1),
  long: (old, _other, size) => Buffer.concat([old, Buffer.alloc(size, 0x55)]),
  'long and odd': (_old, _other, size) => Buffer.alloc(size + 1, 0x7f),
};

function increment(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[copy.length - 1]!++;
  return copy;
}

const structures: Readonly<Record<string, (siblings: DerNode[], index: number, tag: number) => void>> = {
  remove: (siblings, index) => void siblings.splice(index, 1),
  repeat: (siblings, index) => void siblings.splice(index, 0, siblings[index]!),
  reverse: (siblings) => void siblings.splice(0, Infinity, ...siblings.toReversed()),
  'change the tag': (siblings, index, tag) => {
    siblings[index] = { ...siblings[index]!, tag };
  },
};

const tags = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x10, 0x30, 0x31, 0x80, 0xa0, 0xa1];

interface MemberDamage {
  readonly member: number;
  readonly other: number;
  readonly content: string;
  readonly size: number;
}

interface StructureDamage {
  readonly structure: string;
  readonly siblings: number;
  readonly index: number;
  readonly tag: number;
}

const memberDamage: fc.Arbitrary<MemberDamage> = fc.record({
  member: place,
  other: place,
  content: fc.constantFrom(...Object.keys(contents)),
  size: fc.oneof({ weight: 9, arbitrary: fc.nat(300) }, { weight: 1, arbitrary: fc.nat(20_000) }),
});

const structureDamage: fc.Arbitrary<StructureDamage> = fc.record({
  structure: fc.constantFrom(...Object.keys(structures)),
  siblings: place,
  index: place,
  tag: fc.constantFrom(...tags),
});

/** Damage that leaves every length right, so that it is not found before the key is computed with. */
function damageTree(der: Buffer, members: readonly MemberDamage[], all: readonly StructureDamage[]): Buffer {
  const tree = parseDer(der)!;
  for (const { member, other, content, size } of members) {
    const leaves = leavesIn(tree);
    const [leaf, another] = [leaves[at(member, leaves.length)], leaves[at(other, leaves.length)]];
    if (leaf && another) leaf.content = contents[content]!(leaf.content, another.content, size);
  }
  for (const { structure, siblings, index, tag } of all) {
    const lists = siblingsIn(tree);
    const list = lists[at(siblings, lists.length)]!;
    if (list.length > 0) structures[structure]!(list, at(index, list.length), tag);
  }
  return encodeDer(tree);
}

const carriers: Readonly<Record<string, (der: Buffer) => string | Buffer>> = {
  DER: (der) => der,
  base64: (der) => der.toString('base64'),
  'PRIVATE KEY': (der) => pemOf('PRIVATE KEY', der),
  'RSA PRIVATE KEY': (der) => pemOf('RSA PRIVATE KEY', der),
  'EC PRIVATE KEY': (der) => pemOf('EC PRIVATE KEY', der),
  'PUBLIC KEY': (der) => pemOf('PUBLIC KEY', der),
  'ENCRYPTED PRIVATE KEY': (der) => pemOf('ENCRYPTED PRIVATE KEY', der),
};

function pemOf(label: string, der: Buffer): string {
  return `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`;
}

const ders = [...usableKeys, ...usableKeys, ...unusableKeys].flatMap((key) => key.ders);
const source = fc.nat(ders.length - 1);
const carrier = fc.constantFrom(...Object.keys(carriers));

/** DER whose bytes are damaged anywhere. */
export const damagedDer = casesOf(
  'damaged DER',
  fc.record({ source, carrier, damages: fc.array(byteDamage, { maxLength: 4 }) }),
  (recipe: { source: number; carrier: string; damages: ByteDamage[] }) => ({
    input: carriers[recipe.carrier]!(damageBytes(ders[recipe.source]!, recipe.damages)),
  }),
);

/** DER that is well formed and says something wrong. */
export const wrongDer = casesOf(
  'wrong DER',
  fc.record({
    source,
    carrier,
    members: fc.array(memberDamage, { minLength: 1, maxLength: 3 }),
    structures: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(structureDamage, { maxLength: 2 }) },
    ),
  }),
  (recipe) => ({
    input: carriers[recipe.carrier]!(damageTree(ders[recipe.source]!, recipe.members, recipe.structures)),
  }),
);
