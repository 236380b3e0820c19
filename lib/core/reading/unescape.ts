const backslash = 0x5c;

const codesOf = (replacements: Readonly<Record<string, string>>) =>
  new Map(Object.entries(replacements).map(([from, to]) => [from.charCodeAt(0), to.charCodeAt(0)]));

const whiteSpace = codesOf({ n: '\n', r: '\n', t: '\n' });
const quote = codesOf({ '"': '"' });

/** Line ends and tabs, as environments and JSON leave them, however often they were escaped. */
export function unescapeWhiteSpace(text: string): string {
  return unescape(text, whiteSpace);
}

/** The quotes of a text that was written as JSON, once or several times. */
export function unescapeQuotes(text: string): string {
  return unescape(text, quote);
}

/**
 * Puts one character for another and all backslashes before it. A regular expression that does not go quadratic on a
 * megabyte of backslashes holds up the event loop on a megabyte of escapes.
 */
function unescape(text: string, replacements: ReadonlyMap<number, number>): string {
  if (!text.includes('\\')) return text;
  const codes = new Uint16Array(text.length);
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const start = index;
    while (text.charCodeAt(index) === backslash) index++;
    const code = text.charCodeAt(index);
    const replacement = index > start ? replacements.get(code) : undefined;
    if (replacement === undefined) {
      codes.fill(backslash, length, length + index - start);
      length += index - start;
    }
    if (index < text.length) codes[length++] = replacement ?? code;
  }
  return Buffer.from(codes.buffer, 0, length * 2).toString('utf16le');
}
