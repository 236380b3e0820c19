import { createPrivateKey } from 'node:crypto';

import * as fc from 'fast-check';

import { passphrase, usableKeys } from './base-keys.js';
import type { BaseKey } from './base-keys.js';
import { casesOf } from './key-case.js';

/** What environments, shells and editors do to line ends. */
const lineManglings: Readonly<Record<string, (text: string) => string>> = {
  CRLF: (text) => text.replaceAll('\n', '\r\n'),
  'literal \\n': (text) => text.replaceAll('\n', '\\n'),
  'literal \\r\\n': (text) => text.replaceAll('\n', '\\r\\n'),
  'literal \\n and \\t': (text) => text.replaceAll('\n', '\\n\\t'),
  'backslashes doubled': (text) => text.replaceAll('\\', '\\\\'),
  spaces: (text) => text.replaceAll('\n', ' '),
  'blank lines': (text) => text.replaceAll('\n', '\n\n'),
  indented: (text) => text.replaceAll(/^/gm, '    '),
  'with tabs': (text) => text.replaceAll(/^/gm, '\t'),
  'trailing spaces': (text) => text.replaceAll('\n', '  \n'),
};

/** What ends up around a value. */
const wrappings: Readonly<Record<string, (text: string) => string>> = {
  'a byte order mark': (text) => `\uFEFF${text}`,
  'double quotes': (text) => `"${text}"`,
  'single quotes': (text) => `'${text}'`,
  backticks: (text) => `\`${text}\``,
  'white space': (text) => ` \t${text}\r\n`,
  trimmed: (text) => text.trim(),
};

const encodings: Readonly<Record<string, (bytes: Buffer) => string>> = {
  base64: (bytes) => bytes.toString('base64'),
  'base64 without padding': (bytes) => bytes.toString('base64').replace(/=+$/, ''),
  base64url: (bytes) => bytes.toString('base64url'),
  'base64 in lines': (bytes) => bytes.toString('base64').replaceAll(/.{76}/g, '$&\n'),
};

/** How a value reaches us. */
const carriers: Readonly<Record<string, (text: string) => string | Buffer>> = {
  text: (text) => text,
  Buffer: (text) => Buffer.from(text),
  'UTF-16': (text) => Buffer.from(`\uFEFF${text}`, 'utf16le'),
};

/** Only a PEM may lose its line ends altogether: JSON needs none, and base64 is spelt out above. */
const oneLine = (text: string) => text.replaceAll('\n', '');
const withTextAround = (text: string) => `Bag Attributes\n  friendlyName: issuer\n${text}\nthe end\n`;
const asJsonString = (text: string) => JSON.stringify(text).slice(1, -1);

function encryptedPems({ pems }: BaseKey): string[] {
  return pems.flatMap((pem) => {
    const key = createPrivateKey(pem);
    const type = pem.includes('RSA PRIVATE KEY')
      ? 'pkcs1'
      : pem.includes('EC PRIVATE KEY')
        ? 'sec1'
        : 'pkcs8';
    return ['aes-256-cbc', 'des-ede3-cbc'].map((cipher) =>
      key.export({ format: 'pem', type, cipher, passphrase }).toString(),
    );
  });
}

type Document = { readonly text: string } | { readonly bytes: Buffer };

const documents = usableKeys.map((key) => {
  const json = JSON.stringify(key.jwk);
  const pretty = JSON.stringify(key.jwk, null, 2);
  const pems = [...key.pems, ...encryptedPems(key)];
  return {
    key,
    forms: [
      ...[...pems, ...pems.map(oneLine), ...pems.map(withTextAround)].map((text) => ({ text })),
      ...[json, pretty, `{"keys":[${json}]}`, json, pretty].map((text) => ({ text })),
      ...[asJsonString(json), asJsonString(pretty), asJsonString(asJsonString(json))].map((text) => ({
        text,
      })),
      ...key.ders.map((bytes) => ({ bytes })),
    ] as readonly Document[],
  };
});

const mangled = (
  text: string,
  names: readonly string[],
  table: Readonly<Record<string, (text: string) => string>>,
) => names.reduce((value, name) => table[name]!(value), text);

const names = (table: object) => fc.constantFrom(...Object.keys(table));

const recipes = fc.record({
  key: fc.nat(documents.length - 1),
  form: fc.nat(100),
  lines: fc.array(names(lineManglings), { maxLength: 4 }),
  wraps: fc.array(names(wrappings), { maxLength: 4 }),
  encoding: fc.option(names(encodings), { nil: undefined }),
  carrier: names(carriers),
  linesOfEncoded: fc.array(names(lineManglings), { maxLength: 2 }),
  wrapsOfEncoded: fc.array(names(wrappings), { maxLength: 3 }),
});

/** Forms that have to be accepted, composed at random. */
export const acceptedForms = casesOf('accepted form', recipes, (recipe) => {
  const { key, forms } = documents[recipe.key]!;
  const form = forms[recipe.form % forms.length]!;
  const isEncrypted = 'text' in form && form.text.includes('ENCRYPTED');
  const given = { kid: key.kid, ...(isEncrypted && { passphrase }) };
  const carry = carriers[recipe.carrier]!;
  let bytes: Buffer;
  if ('text' in form) {
    const text = mangled(mangled(form.text, recipe.lines, lineManglings), recipe.wraps, wrappings);
    if (recipe.encoding === undefined) return { ...given, input: carry(text) };
    bytes = Buffer.from(text);
  } else {
    if (recipe.encoding === undefined) return { ...given, input: form.bytes };
    ({ bytes } = form);
  }
  const encoded = encodings[recipe.encoding]!(bytes);
  const text = mangled(
    mangled(encoded, recipe.linesOfEncoded, lineManglings),
    recipe.wrapsOfEncoded,
    wrappings,
  );
  return { ...given, input: carry(text) };
});
