import { base64OrBase64url, decodeBase64 } from '../../reading/base64.js';
import { exactTextOf } from '../../reading/text.js';
import { unescapeBase64, unescapeQuotes } from '../../reading/unescape.js';

const deepest = 4;

/**
 * The bytes, and what they may encode: a text in UTF-16, one whose quotes and line ends are escaped, base64, hexadecimal,
 * a number, what a URL makes of a text, and each of these within another.
 */
export function* readingsOf(bytes: Buffer, depth = deepest): Generator<Buffer> {
  yield bytes;
  if (depth === 0) return;
  for (const decoded of decodedFrom(bytes)) yield* readingsOf(decoded, depth - 1);
}

function decodedFrom(bytes: Buffer): Buffer[] {
  const text = exactTextOf(bytes);
  // It is no text.
  if (text.includes('\ufffd')) return [];
  const plain = unescapeQuotes(unescapeBase64(text)).trim();
  const texts = [text, plain, fromUrl(plain)].filter((each) => each !== bytes.toString());
  const base64 = plain.replace(/^data:[\w/+.-]*;base64,/, '');
  const decoded = [
    ...texts.map((each) => Buffer.from(each)),
    fromLatin1(text),
    decodeBase64(base64, base64OrBase64url),
    fromHexadecimal(plain),
    fromDecimal(plain),
  ];
  const present = decoded.filter((each) => each !== undefined).filter(({ length }) => length > 0);
  return [...new Map(present.map((each) => [each.toString('latin1'), each])).values()];
}

/** Bytes that were read as a text of one character each. */
function fromLatin1(text: string): Buffer | undefined {
  return /^[\0-\xff]*[\x80-\xff][\0-\xff]*$/.test(text) ? Buffer.from(text, 'latin1') : undefined;
}

function fromUrl(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // It is none.
    return text;
  }
}

/** As openssl and others print it: `Modulus=C0FFEE`, `c0:ff:ee`, `0xC0FFEE`. */
function fromHexadecimal(text: string): Buffer | undefined {
  const digits = text.replace(/^(modulus\s*[=:]\s*)?(0x)?/i, '').replaceAll(/[\s:]/g, '');
  return /^[\da-f]{2,}$/i.test(digits) ? Buffer.from(evenly(digits), 'hex') : undefined;
}

function fromDecimal(text: string): Buffer | undefined {
  // The modulus of 16,384 bits has as many digits.
  return /^\d{20,5000}$/.test(text) ? Buffer.from(evenly(BigInt(text).toString(16)), 'hex') : undefined;
}

function evenly(digits: string): string {
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}
