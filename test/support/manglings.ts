const utf16 = (text: string) => Buffer.from(text, 'utf16le');
const bigEndian = (text: string) => utf16(text).swap16();

/** What shells, editors, YAML and JSON make of any text, a key as well as a list of kids. */
export const manglings: Readonly<Record<string, (text: string) => string | Buffer>> = {
  'as it is': (text) => text,
  'as bytes': (text) => Buffer.from(text),
  'a last line end': (text) => `${text}\n`,
  'a last line end of Windows, as bytes': (text) => Buffer.from(`${text}\r\n`),
  'white space around': (text) => ` \t${text}\r\n\n`,
  'double quotes': (text) => `"${text}"`,
  'single quotes': (text) => `'${text}'`,
  backticks: (text) => `\`${text}\``,
  'quotes within quotes, and a line end': (text) => `'"${text}"'\n`,
  'a byte order mark': (text) => `\uFEFF${text}`,
  'a byte order mark before quotes, as bytes': (text) => Buffer.from(`\uFEFF"${text}"\n`),
  'UTF-16 with a byte order mark': (text) => utf16(`\uFEFF${text}\r\n`),
  'UTF-16 without one': (text) => utf16(text),
  'UTF-16, big endian, with a byte order mark': (text) => bigEndian(`\uFEFF${text}`),
  'UTF-16, big endian, without one': (text) => bigEndian(text),
  'UTF-16 with quotes': (text) => utf16(`\uFEFF'${text}'`),
  'UTF-16 cut off within a character': (text) =>
    Buffer.concat([bigEndian(`\uFEFF${text}`), Buffer.from([0])]),
  'literal \\n': (text) => `${text.replaceAll('\n', '\\n')}\\n`,
  'a JSON string': (text) => JSON.stringify(text),
  'a JSON string in quotes': (text) => `'${JSON.stringify(text)}'`,
  'a JSON string within JSON': (text) => JSON.stringify(JSON.stringify(text)),
  'a JSON string without its quotes': (text) => JSON.stringify(text).slice(1, -1),
  'a JSON string as PHP writes it': (text) => JSON.stringify(text).replaceAll('/', '\\/'),
  'a JSON string as Gson and .NET write it': (text) =>
    JSON.stringify(text).replaceAll('+', '\\u002B').replaceAll('=', '\\u003d'),
  'a JSON string in UTF-16': (text) => utf16(`\uFEFF${JSON.stringify(text)}`),
};
