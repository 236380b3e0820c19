import { isUint8Array } from 'node:util/types';

const byteOrderMark = 0xfeff;

/** What has a text: bytes, and what a schema may have made of a text before we see it. */
type HasText = string | number | bigint | boolean | Uint8Array;

export function hasText(value: unknown): value is HasText {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value) || isUint8Array(value);
}

/**
 * The text of a setting or a file, without what shells, YAML and editors put around it: white space, line ends,
 * quotes, a byte order mark. Undefined where nothing is left, or where the value has no text.
 */
export function decodeText(value: unknown): string | undefined {
  const text = hasText(value) ? withoutWrapping(exactTextOf(value)) : '';
  return text === '' ? undefined : text;
}

/** Whether nothing is set: no value, an empty list, or a text in which nothing stands. */
export function isUnset(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : hasText(value) && decodeText(value) === undefined;
}

/** The text with everything around it except its byte order mark. */
export function exactTextOf(value: HasText): string {
  const text = isUint8Array(value) ? textOfBytes(Buffer.from(value)) : String(value);
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** UTF-8, or UTF-16 in either order, which the redirection of PowerShell writes. */
function textOfBytes(bytes: Buffer): string {
  const isLittleEndian = (bytes[0] === 0xff && bytes[1] === 0xfe) || hasZeroAtEachSecond(bytes, 1);
  if (isLittleEndian) return bytes.toString('utf16le');
  const isBigEndian = (bytes[0] === 0xfe && bytes[1] === 0xff) || hasZeroAtEachSecond(bytes, 0);
  if (!isBigEndian) return bytes.toString('utf8');
  // An odd byte at the end belongs to no character.
  return Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)))
    .swap16()
    .toString('utf16le');
}

/** UTF-16 without a byte order mark, as far as it is ASCII. */
function hasZeroAtEachSecond(bytes: Buffer, first: 0 | 1): boolean {
  if (bytes.length < 2 || bytes[1 - first] === 0) return false;
  for (let index = first; index < bytes.length; index += 2) if (bytes[index] !== 0) return false;
  return true;
}

/** The text without quotes, white space and byte order marks around it. */
export function withoutWrapping(text: string): string {
  return withoutAround(text, '"\'`');
}

/**
 * The text without some quotes, white space and byte order marks around it. A regular expression for each end would
 * take its time where a million spaces stand in between.
 */
export function withoutAround(text: string, quotes: string): string {
  const codes = new Set(quotes.split('').map((quote) => quote.charCodeAt(0)));
  const isAround = (code: number) => isWhiteSpace(code) || codes.has(code);
  let start = 0;
  let end = text.length;
  while (start < end && isAround(text.charCodeAt(start))) start++;
  while (end > start && isAround(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isWhiteSpace(code: number): boolean {
  // A regular expression for each of a million characters takes its time; `\s` has the byte order mark too.
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  return code === byteOrderMark || /\s/.test(String.fromCharCode(code));
}
