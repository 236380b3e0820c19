import { usableKeys, unusableKeys } from './base-keys.js';

/** As many characters of a key as may turn up in a text by chance, and one more. */
const traceLength = 16;

const run = /[A-Za-z0-9+/=_-]{16,}/g;

function* windowsOf(text: string): Generator<string> {
  for (let start = 0; start + traceLength <= text.length; start++)
    yield text.slice(start, start + traceLength);
}

/** Every piece of every key of this run, in the encodings in which it might be repeated. */
const pieces = new Set(
  [...usableKeys, ...unusableKeys].flatMap(({ ders, pems, jwk }) => {
    const members = Object.values(jwk ?? {}).filter((member) => typeof member === 'string');
    const texts = [
      ...members,
      ...members.map((member) => Buffer.from(member, 'base64url').toString('hex')),
      ...ders.flatMap((der) => [der.toString('base64'), der.toString('base64url'), der.toString('hex')]),
      ...[...pems, JSON.stringify(jwk ?? {})].flatMap((text) =>
        ['', ' ', '  '].map((shift) => Buffer.from(shift + text).toString('base64')),
      ),
    ];
    return texts.flatMap((text) => [...windowsOf(text)]);
  }),
);

/** A piece of a key in a text, or of what was given, which may be damaged beyond recognition. */
export function traceIn(printed: string, message: string, given: string): string | undefined {
  for (const text of printed.match(run) ?? []) {
    for (const piece of windowsOf(text)) if (pieces.has(piece)) return piece;
  }
  for (const text of message.match(run) ?? []) {
    // A label of RFC 7468 is a word, and so is a path in the advice.
    for (const piece of windowsOf(text)) if (given.includes(piece)) return piece;
  }
  return undefined;
}
