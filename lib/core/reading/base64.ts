/** White space that is not ASCII, of which node:buffer takes some characters for base64. */
const otherWhiteSpace = /[^\S \t\r\n\v\f]+/g;

/** RFC 4648 section 4, with white space anywhere. */
const base64 = /^[A-Za-z0-9+/\s]+(?:=\s*){0,2}$/;
/** The same, or of section 5, which writes the last two characters as `-` and `_`. */
export const base64OrBase64url = /^[A-Za-z0-9+/_\s-]+(?:=\s*){0,2}$/;

/** The bytes of a base64 text, or undefined where it is none. The decoder skips white space faster than we could. */
export function decodeBase64(text: string, alphabet = base64): Buffer | undefined {
  return alphabet.test(text) ? Buffer.from(text.replace(otherWhiteSpace, ''), 'base64') : undefined;
}
