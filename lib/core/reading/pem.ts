import { OidcKeyError } from '../errors.js';
import { decodeBase64 } from './base64.js';
import { looksLikeKeyInText, remedyOfLabel } from './look-alikes.js';
import { unescapeBase64 } from './unescape.js';

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

export function looksLikePem(text: string): boolean {
  return anyBoundary.test(text);
}

/**
 * The blocks of a PEM text (RFC 7468), whatever happened to its line ends: the labels are found, and of each
 * body only its base64 characters are kept. Explanatory text may stand outside of blocks (section 5.2), a key may not.
 *
 * @throws OidcKeyError `OIDC_KEY_MALFORMED` where a block is cut off or holds something else than base64, and where
 * something that looks like a key stands outside of the blocks.
 */
export function readPemBlocks(text: string, where: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  const outside: string[] = [];
  let end = 0;
  for (const match of text.matchAll(begin)) {
    const label = match[1] ?? '';
    const bodyStart = match.index + match[0].length;
    const bodyEnd = text.indexOf(`-----END ${label}-----`, bodyStart);
    // A BEGIN within a block, an END without one: some part of the text is missing.
    if (bodyEnd < 0 || match.index < end) throw cutOff(where);
    outside.push(text.slice(end, match.index));
    if (anyBoundary.test(outside.at(-1)!)) throw cutOff(where);
    blocks.push(readBlock(label, text.slice(bodyStart, bodyEnd), where));
    end = bodyEnd + `-----END ${label}-----`.length;
  }
  outside.push(text.slice(end));
  if (blocks.length === 0 || anyBoundary.test(outside.at(-1)!)) throw cutOff(where);
  if (outside.some(looksLikeKeyInText)) throw mixed(where, 'more than PEM blocks');
  return blocks;
}

/** Whatever stood beside what is read would be dropped without a word. */
export function mixed(where: string, what: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} holds ${what}: something that looks like another key stands beside. Give each key an entry of its own.`,
  );
}

function cutOff(where: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} is cut off: a PEM block has no matching BEGIN and END line. ` +
      'Copy the whole file, from "-----BEGIN" to the last dash.',
  );
}

function readBlock(label: string, rawBody: string, where: string): PemBlock {
  const remedy = remedyOfLabel(label);
  if (remedy)
    throw new OidcKeyError('OIDC_KEY_MALFORMED', `${where} is no key that can be used here. ${remedy}`);
  let body = unescapeBase64(rawBody);
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
