const backslash = 0x5c;
const letterU = 0x75;

/** What stands behind a backslash, and what the two mean. */
interface Escapes {
  readonly characters: ReadonlyMap<number, number>;
  /** The characters that may be written by their number, as in `\u002B`. */
  readonly numbered?: ReadonlySet<number>;
}

const codesOf = (replacements: Readonly<Record<string, string>>) =>
  new Map(Object.entries(replacements).map(([from, to]) => [from.charCodeAt(0), to.charCodeAt(0)]));

const lineEnds = { n: '\n', r: '\n', t: '\n' };

const whiteSpace: Escapes = { characters: codesOf(lineEnds) };
const quote: Escapes = { characters: codesOf({ '"': '"' }) };
/** PHP writes a slash as `\/`; Gson and .NET write what stands in base64 by number. */
const base64: Escapes = {
  characters: codesOf({ ...lineEnds, '/': '/' }),
  numbered: new Set(codesOf({ '+': '', '/': '', '=': '', '-': '', _: '', '\n': '', '\r': '' }).keys()),
};

/** Line ends and tabs, as environments and JSON leave them, however often they were escaped. */
export function unescapeWhiteSpace(text: string): string {
  return unescape(text, whiteSpace);
}

/** The quotes of a text that was written as JSON, once or several times. */
export function unescapeQuotes(text: string): string {
  return unescape(text, quote);
}

/** White space and the characters of base64, as the writers of JSON leave them. */
export function unescapeBase64(text: string): string {
  return unescape(text, base64);
}

/**
 * Puts one character for another and all backslashes before it. A regular expression that does not go quadratic on a
 * megabyte of backslashes holds up the event loop on a megabyte of escapes.
 */
function unescape(text: string, escapes: Escapes): string {
  if (!text.includes('\\')) return text;
  const codes = new Uint16Array(text.length);
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const start = index;
    while (text.charCodeAt(index) === backslash) index++;
    const code = text.charCodeAt(index);
    const replacement = index > start ? escapes.characters.get(code) : undefined;
    const numbered = index > start && code === letterU ? numberedAt(text, index, escapes) : undefined;
    if (numbered !== undefined) index += 4;
    if (replacement === undefined && numbered === undefined) {
      for (let copied = start; copied < index; copied++) codes[length++] = backslash;
    }
    if (index < text.length) codes[length++] = numbered ?? replacement ?? code;
  }
  return Buffer.from(codes.buffer, 0, length * 2).toString('utf16le');
}

/** A space for each line end, tab and other control character, which may not stand in a string of JSON. */
export function spacesForControls(text: string): string {
  const bytes = Buffer.from(text, 'utf16le');
  for (let index = 0; index < bytes.length; index += 2) {
    if (bytes[index]! < 0x20 && bytes[index + 1] === 0) bytes[index] = 0x20;
  }
  return bytes.toString('utf16le');
}

function numberedAt(text: string, index: number, { numbered }: Escapes): number | undefined {
  const digits = numbered && text.slice(index + 1, index + 5);
  if (!digits || !/^00[0-9A-Fa-f]{2}$/.test(digits)) return undefined;
  const code = Number.parseInt(digits, 16);
  return numbered.has(code) ? code : undefined;
}
