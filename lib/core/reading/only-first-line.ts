import { OidcKeyError } from '../errors.js';
import { base64OrBase64url, decodeBase64 } from './base64.js';
import { declaredLengthOf } from './der.js';

// The lengths at which `openssl` and `base64` break lines.
const wrappedLine = /^(?:[\w+/-]{64}|[\w+/-]{76})$/;

const firstLines: readonly RegExp[] = [
  /^-----BEGIN [A-Z0-9 ]{0,40}-{0,5}$/,
  // A JWK, a JWK Set or a list over several lines.
  /^(?:\{|\[\s*\{?)$/,
  // What OpenSSL writes before the block.
  /^(?:Bag Attributes|(?:RSA )?Private-Key: \(.{1,40}\))$/,
];

/** Whether a text is what is left of a key of several lines where a setting ends with its first line. */
export function isOnlyFirstLine(text: string): boolean {
  if (text.length > 80) return false;
  return firstLines.some((pattern) => pattern.test(text)) || (wrappedLine.test(text) && isBeginning(text));
}

function isBeginning(text: string): boolean {
  const bytes = decodeBase64(text, base64OrBase64url);
  if (!bytes) return false;
  // An Ed25519 key is whole in 64 characters.
  return (
    (declaredLengthOf(bytes) ?? 0) > bytes.length || /^(?:-----BEGIN |[{[])/.test(bytes.toString('latin1'))
  );
}

export function onlyFirstLine(where: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} is cut off: it ends after the first line of a key. In a \`.env\` file a key of several lines has to stand ` +
      'in quotes, or on one line with \\n for each line end; `docker run --env-file` knows no quotes and takes the ' +
      'latter alone. Or put the key into a file, and its path into the name with _FILE. ' +
      '`npx nestjs-oidc-key generate --env` writes a new key as such a line.',
  );
}
