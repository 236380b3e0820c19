import * as fc from 'fast-check';

import { at, place } from '../places.js';
import { passphrase, unusableKeys, usableKeys } from './base-keys.js';
import { casesOf } from './key-case.js';

const insertions = [
  ' ',
  '\n',
  '\r',
  '\t',
  '\0',
  '\uFEFF',
  '\u00A0',
  '\u2028',
  '\\',
  '\\n',
  '\\\\\\n',
  '\\u000a',
  '\\x0a',
  '"',
  "'",
  '`',
  '\\"',
  '&#10;',
  '%0A',
  '$',
  '${x}',
  '=',
  '==',
  '-',
  '-----',
  '_',
  '+',
  '/',
  '.',
  ',',
  'é',
  '\u{1F511}',
  '\uD800',
  'A',
  '{',
  '}',
  '[',
  '-----BEGIN ',
  '-----END ',
  'Proc-Type: 4,ENCRYPTED\n',
  '-----END PRIVATE KEY-----',
  '-----BEGIN PRIVATE KEY-----',
  '-----BEGIN CERTIFICATE-----',
  '{"keys":[]}',
  'DEK-Info: AES-256-CBC,00',
];

const labels = ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'PUBLIC KEY'];
const otherLabels = [
  'CERTIFICATE',
  'OPENSSH PRIVATE KEY',
  'ANY PRIVATE KEY',
  ' PRIVATE KEY',
  'private key',
  '',
];

interface TextDamage {
  readonly damage: string;
  readonly from: number;
  readonly to: number;
  readonly insertion: string;
  readonly other: string;
}

/** What is done to a text on its way, by hand or by a machine. */
const damages: Readonly<Record<string, (text: string, damage: TextDamage) => string>> = {
  insert: (text, { from, insertion }) => {
    const index = at(from, text.length);
    return text.slice(0, index) + insertion + text.slice(index);
  },
  'insert at a line end': (text, { from, insertion }) =>
    onLines(text, (lines) => lines.splice(at(from, lines.length), 0, insertion)),
  replace: (text, { from, insertion }) => {
    const index = at(from, text.length);
    return text.slice(0, index) + insertion + text.slice(index + 1);
  },
  'cut the end': (text, { from }) => text.slice(0, at(from, text.length)),
  'cut the beginning': (text, { from }) => text.slice(at(from, text.length)),
  'cut out': (text, { from, to }) => {
    const [a, b] = [at(from, text.length), at(to, text.length)];
    return text.slice(0, Math.min(a, b)) + text.slice(Math.max(a, b));
  },
  'swap two lines': (text, { from, to }) =>
    onLines(text, (lines) => {
      const [a, b] = [at(from, lines.length), at(to, lines.length)];
      [lines[a], lines[b]] = [lines[b]!, lines[a]!];
    }),
  'turn the lines round': (text) =>
    onLines(text, (lines) => lines.splice(0, Infinity, ...lines.toReversed())),
  'lose a line': (text, { from }) => onLines(text, (lines) => lines.splice(at(from, lines.length), 1)),
  'repeat a line': (text, { from }) =>
    onLines(text, (lines) => {
      const index = at(from, lines.length);
      lines.splice(index, 0, lines[index]!);
    }),
  'put another behind it': (text, { other }) => text + other,
  'put another before it': (text, { other }) => other + text,
  'put another into it': (text, { from, other }) =>
    text.slice(0, at(from, text.length)) + other + text.slice(at(from, text.length)),
  'swap BEGIN and END': (text) =>
    text.replaceAll('BEGIN', '\0').replaceAll('END', 'BEGIN').replaceAll('\0', 'END'),
  'change the label': (text, { from }) => {
    const all = [...labels, ...otherLabels];
    return text.replaceAll(/(BEGIN|END) [A-Z ]+-----/g, `$1 ${all[at(from, all.length)]}-----`);
  },
  'change one label': (text, { from }) => {
    const all = [...labels, ...otherLabels];
    return text.replace(/(BEGIN|END) [A-Z ]+-----/, `$1 ${all[at(from, all.length)]}-----`);
  },
  'escape doubly': (text) => JSON.stringify(JSON.stringify(text)),
  'encode for a URL': (text) => encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '')),
  'encode in hexadecimal': (text) => Buffer.from(text).toString('hex'),
  'encode in base64 twice': (text) => Buffer.from(Buffer.from(text).toString('base64')).toString('base64'),
  'encode in base64': (text) => Buffer.from(text).toString('base64'),
  'encode as UTF-16, read as latin1': (text) => Buffer.from(text, 'utf16le').toString('latin1'),
  'lower case': (text) => text.toLowerCase(),
  'fewer dashes': (text) => text.replaceAll('-----', '----'),
  'other dashes': (text) => text.replaceAll('-----', '\u2014'),
  'spaces for plus': (text) => text.replaceAll('+', ' '),
  'base64url for base64': (text) => text.replaceAll('+', '-').replaceAll('/', '_'),
  'as a member of JSON': (text) => JSON.stringify({ key: text }),
};

function onLines(text: string, change: (lines: string[]) => unknown): string {
  const lines = text.split('\n');
  change(lines);
  return lines.join('\n');
}

const texts = [...usableKeys, ...usableKeys, ...unusableKeys].flatMap(({ pems, jwk }) => [
  ...pems,
  ...(jwk ? [JSON.stringify(jwk, null, 2)] : []),
]);

const damage = fc.record({
  damage: fc.constantFrom(...Object.keys(damages)),
  from: place,
  to: place,
  insertion: fc.constantFrom(...insertions),
  other: fc.nat(texts.length - 1),
});

/** Text that something was done to, once or several times. */
export const damagedText = casesOf(
  'damaged text',
  fc.record({
    source: fc.nat(texts.length - 1),
    damages: fc.array(damage, { minLength: 1, maxLength: 4 }),
    hasPassphrase: fc.boolean(),
    carrier: fc.constantFrom('text', 'Buffer', 'UTF-16'),
  }),
  ({ source, damages: all, hasPassphrase, carrier }) => {
    const text = all.reduce(
      (value, each) => damages[each.damage]!(value, { ...each, other: texts[each.other]! }),
      texts[source]!,
    );
    const bytes = {
      Buffer: () => Buffer.from(text),
      'UTF-16': () => Buffer.from(`\uFEFF${text}`, 'utf16le'),
    };
    return {
      input: carrier === 'text' ? text : bytes[carrier](),
      ...(hasPassphrase && { passphrase }),
    };
  },
);
