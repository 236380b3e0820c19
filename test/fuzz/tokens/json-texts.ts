import * as fc from 'fast-check';

import { at, place } from '../places.js';

/** Members as they are written, in order, so that a name can stand there twice. */
export type Member = readonly [name: string, json: string];

export interface JsonStyle {
  readonly style: string;
  readonly where: number;
}

/** Ways to write one object, right and wrong. */
const styles: Readonly<Record<string, (json: string, where: number) => Buffer>> = {
  'as it is': (json) => Buffer.from(json),
  'with white space': (json) => Buffer.from(` ${json.replaceAll(',', ' ,\r\n\t')}\n`),
  'with a byte order mark': (json) => Buffer.from(`\uFEFF${json}`),
  'with something behind it': (json) => Buffer.from(`${json}x`),
  'with a NUL behind it': (json) => Buffer.from(`${json}\0`),
  'with a comma too many': (json) => Buffer.from(json.replace(/\}$/, ',}')),
  'with a comment': (json) => Buffer.from(json.replace(/\}$/, '/**/}')),
  'with single quotes': (json) => Buffer.from(json.replaceAll('"', "'")),
  'with escaped names': (json) =>
    Buffer.from(
      json.replaceAll(
        /"(\w)(\w*)":/g,
        (_, first: string, rest: string) => `"\\u00${first.charCodeAt(0).toString(16)}${rest}":`,
      ),
    ),
  'with a byte that is no UTF-8': (json, where) => spliced(Buffer.from(json), where, Buffer.from([0xff])),
  'with a long form of UTF-8': (json, where) => spliced(Buffer.from(json), where, Buffer.from([0xc0, 0xa2])),
  'with a lone surrogate': (json, where) =>
    spliced(Buffer.from(json), where, Buffer.from([0xed, 0xa0, 0x80])),
  'with a character too many': (json, where) => spliced(Buffer.from(json), where, Buffer.from('"')),
  'in UTF-16': (json) => Buffer.from(json, 'utf16le'),
  'in latin1': (json) => Buffer.from(`${json.slice(0, -1)},"name":"\u00e9"}`, 'latin1'),
  'in a list': (json) => Buffer.from(`[${json}]`),
  'as a text': (json) => Buffer.from(JSON.stringify(json)),
  'cut off': (json, where) => Buffer.from(json).subarray(0, at(where, json.length)),
  twice: (json) => Buffer.from(json + json),
  null: () => Buffer.from('null'),
  'a number': () => Buffer.from('1'),
  'an empty list': () => Buffer.from('[]'),
  'an empty object': () => Buffer.from('{}'),
  nothing: () => Buffer.alloc(0),
};

function spliced(bytes: Buffer, where: number, insertion: Buffer): Buffer {
  const index = at(where, bytes.length);
  return Buffer.concat([bytes.subarray(0, index), insertion, bytes.subarray(index)]);
}

export const jsonStyle: fc.Arbitrary<JsonStyle> = fc.record({
  style: fc.oneof(
    { weight: 3, arbitrary: fc.constant('as it is') },
    { weight: 1, arbitrary: fc.constantFrom(...Object.keys(styles)) },
  ),
  where: place,
});

export const plainStyle: JsonStyle = { style: 'as it is', where: 0 };

export function written(members: readonly Member[], { style, where }: JsonStyle): Buffer {
  const json = `{${members.map(([name, value]) => `${JSON.stringify(name)}:${spelledOut(value)}`).join(',')}}`;
  return styles[style]!(json, where);
}

/** JSON values of every type, some of which no parser likes. */
const oddValues = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '1',
  '-1',
  '1.5',
  '1e3',
  '1e999',
  '-1e999',
  '9007199254740993',
  '"0"',
  '""',
  '" "',
  '"x"',
  '"\\u0000"',
  '"\\ud800"',
  '[]',
  '[null]',
  '[""]',
  '["x"]',
  '{}',
  '{"a":1}',
  '[[]]',
  'NaN',
  'Infinity',
  '01',
  '+1',
  '.5',
  '1.',
  '0x10',
  "'x'",
  'undefined',
  '"	"',
  '[1,]',
];

/** Stands in a recipe for a value that would fill pages. */
const deepList = /^deep list (\d+)$/;
const deepObject = /^deep object (\d+)$/;

function spelledOut(value: string): string {
  return value
    .replace(deepList, (_, depth: string) => '['.repeat(Number(depth)) + ']'.repeat(Number(depth)))
    .replace(
      deepObject,
      (_, depth: string) => `${'{"a":'.repeat(Number(depth))}1${'}'.repeat(Number(depth))}`,
    );
}

export const oddValue: fc.Arbitrary<string> = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...oddValues) },
  { weight: 5, arbitrary: fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.nat(3_000).map((depth) => `deep list ${depth}`) },
  { weight: 1, arbitrary: fc.nat(3_000).map((depth) => `deep object ${depth}`) },
);

/** Removes, sets, or repeats with another value. */
export interface MemberChange {
  readonly name: string;
  readonly change: 'remove' | 'set' | 'repeat before' | 'repeat behind';
  readonly value: string;
}

export function memberChange(
  names: fc.Arbitrary<string>,
  values: fc.Arbitrary<string>,
): fc.Arbitrary<MemberChange> {
  return fc.record({
    name: names,
    change: fc.constantFrom<MemberChange['change']>(
      'remove',
      'set',
      'set',
      'set',
      'repeat before',
      'repeat behind',
    ),
    value: values,
  });
}

export function changed(members: readonly Member[], changes: readonly MemberChange[]): Member[] {
  return changes.reduce<Member[]>(
    (all, { name, change, value }) => {
      const others = all.filter(([each]) => each !== name);
      if (change === 'remove') return others;
      if (change === 'set') return [...others, [name, value]];
      return change === 'repeat before' ? [[name, value], ...all] : [...all, [name, value]];
    },
    [...members],
  );
}
