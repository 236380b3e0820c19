import { OidcKeyError } from '../errors.js';
import { unescapeWhiteSpace } from './unescape.js';

/** The encryption headers of a traditional PEM (RFC 1421 section 4.6.1.3). */
interface EncryptionHeaders {
  readonly cipher: string;
  readonly initializationVector: string;
}

export interface PemBlock {
  readonly label: string;
  readonly bytes: Buffer;
  readonly encryption?: EncryptionHeaders;
}

const begin = /-----BEGIN ([A-Z0-9 ]+)-----/g;
const anyBoundary = /-----(?:BEGIN|END) /;

/** White space that is not ASCII, of which node:buffer takes some characters for base64. */
const otherWhiteSpace = /[^\S \t\r\n\v\f]+/g;

/** RFC 4648 section 4, with white space anywhere. */
const base64 = /^[A-Za-z0-9+/\s]+(?:=\s*){0,2}$/;
/** The same, or of section 5. */
export const base64OrBase64url = /^[A-Za-z0-9+/_\s-]+(?:=\s*){0,2}$/;

/** The bytes of a base64 text, or undefined where it is none. The decoder skips white space faster than we could. */
export function decodeBase64(text: string, alphabet = base64): Buffer | undefined {
  return alphabet.test(text) ? Buffer.from(text.replace(otherWhiteSpace, ''), 'base64') : undefined;
}

export function looksLikePem(text: string): boolean {
  return anyBoundary.test(text);
}

/**
 * The blocks of a PEM text (RFC 7468), whatever happened to its line ends: the labels are found, and of each
 * body only its base64 characters are kept.
 *
 * @throws OidcKeyError `OIDC_KEY_MALFORMED` where a block is cut off or holds something else than base64.
 */
export function readPemBlocks(text: string, where: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let end = 0;
  for (const match of text.matchAll(begin)) {
    const label = match[1] ?? '';
    const bodyStart = match.index + match[0].length;
    const bodyEnd = text.indexOf(`-----END ${label}-----`, bodyStart);
    // A BEGIN within a block, an END without one: some part of the text is missing.
    if (bodyEnd < 0 || match.index < end || anyBoundary.test(text.slice(end, match.index)))
      throw cutOff(where);
    blocks.push(readBlock(label, text.slice(bodyStart, bodyEnd), where));
    end = bodyEnd + `-----END ${label}-----`.length;
  }
  if (blocks.length === 0 || anyBoundary.test(text.slice(end))) throw cutOff(where);
  return blocks;
}

function cutOff(where: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} is cut off: a PEM block has no matching BEGIN and END line. ` +
      'Copy the whole file, from "-----BEGIN" to the last dash.',
  );
}

function readBlock(label: string, rawBody: string, where: string): PemBlock {
  let body = unescapeWhiteSpace(rawBody);
  const encryption = readEncryptionHeaders(body);
  if (encryption) body = body.slice(encryption.length);
  const bytes = decodeBase64(body);
  if (!bytes) {
    throw new OidcKeyError(
      'OIDC_KEY_MALFORMED',
      `${where} is damaged: between a BEGIN and an END line there is something else than base64. ` +
        'Copy the file again, unedited.',
    );
  }
  return {
    label,
    bytes,
    ...(encryption && { encryption: encryption.headers }),
  };
}

function readEncryptionHeaders(body: string): { headers: EncryptionHeaders; length: number } | undefined {
  const match = /^\s*Proc-Type:\s*4,ENCRYPTED\s*DEK-Info:\s*([A-Z0-9-]+),/i.exec(body);
  if (!match?.[1]) return undefined;
  const cipher = match[1];
  // Where the line ends are gone, nothing but its length tells the vector from the base64 behind it.
  const digits = /^(DES|RC2|BF|CAST5|IDEA)/i.test(cipher) ? 16 : 32;
  const length = match[0].length + digits;
  return { headers: { cipher, initializationVector: body.slice(match[0].length, length) }, length };
}

/** The block as PEM text with the line ends that OpenSSL wants. */
export function renderPemBlock({ label, bytes, encryption }: PemBlock): string {
  const headers = encryption
    ? `Proc-Type: 4,ENCRYPTED\nDEK-Info: ${encryption.cipher},${encryption.initializationVector}\n\n`
    : '';
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${headers}${lines.join('\n')}\n-----END ${label}-----\n`;
}
