import { OidcKeyError } from '../core/errors.js';
import { isObject } from '../core/objects.js';
import { passphrasesOf } from '../core/reading/passphrases.js';
import { decodeText } from '../core/reading/text.js';

/** RFC 7518 section 4.8: SHA-512, and a wrapping key that is as long as the content key. */
const alg = 'PBES2-HS512+A256KW';
const enc = 'A256GCM';
/** RFC 7517 section 7. */
const cty = 'jwk-set+json';
/** For PBKDF2 with HMAC-SHA-512; a fifth of a second. */
const rounds = 210_000;
/** RFC 7518 section 4.8.1.2 asks for 1000; past the other, whoever wrote the value could hold up the process. */
const fewestRounds = 1_000;
const mostRounds = 1_000_000;

const compactJwe = /^eyJ[\w-]*(?:\.[\w-]+){4}$/;

/** Whether a text is a compact JWE (RFC 7516 section 7.1), and so may be an encrypted key set. */
export function isEncryptedKeySet(value: unknown): boolean {
  const text = decodeText(value);
  return text !== undefined && compactJwe.test(text);
}

/**
 * Encrypts a key set with a passphrase (RFC 7517 section 7): a compact JWE.
 *
 * @param passphrase as a setting has it: a line end behind it does not belong to it
 * @throws OidcKeyError `OIDC_KEY_ENCRYPTED` (an empty passphrase)
 */
export async function encryptKeySet(text: string, passphrase: unknown): Promise<string> {
  // Quotes around it are the environment's, as where a key is decrypted.
  const chosen = passphrasesOf(passphrase).at(-1);
  if (chosen === undefined) {
    throw new OidcKeyError(
      'OIDC_KEY_ENCRYPTED',
      'The key set cannot be encrypted: the passphrase is empty. Set one, or none at all.',
    );
  }
  // Most processes have no use for it, and a boot should not wait for it.
  const { CompactEncrypt } = await import('jose');
  return new CompactEncrypt(Buffer.from(text))
    .setProtectedHeader({ alg, enc, cty })
    .setKeyManagementParameters({ p2c: rounds })
    .encrypt(Buffer.from(chosen));
}

/** What a key set is decrypted with, and how messages speak of it. */
export interface Decryption {
  /** How messages call the value. */
  readonly where: string;
  /** As a setting has it; undefined where none is set. */
  readonly passphrase: unknown;
  /** How to give the passphrase. */
  readonly remedy?: string | undefined;
}

/**
 * Decrypts a key set.
 *
 * @returns its text; not checked yet
 * @throws OidcKeyError `OIDC_KEY_ENCRYPTED` (no passphrase, or a wrong one), `OIDC_KEY_UNSUPPORTED` (encrypted in another
 * way)
 */
export async function decryptKeySet(value: unknown, decryption: Decryption): Promise<string> {
  const { where, passphrase, remedy = 'Set the passphrase' } = decryption;
  const jwe = decodeText(value) ?? '';
  refuseOtherEncryption(jwe, where);
  const candidates = passphrasesOf(passphrase);
  if (candidates.length === 0) {
    throw new OidcKeyError(
      'OIDC_KEY_ENCRYPTED',
      `${where} is encrypted and no passphrase is set. ${remedy}.`,
    );
  }
  const { compactDecrypt } = await import('jose');
  for (const candidate of candidates) {
    try {
      const { plaintext } = await compactDecrypt(jwe, Buffer.from(candidate), {
        keyManagementAlgorithms: [alg],
        contentEncryptionAlgorithms: [enc],
        maxPBES2Count: mostRounds,
      });
      return Buffer.from(plaintext).toString('utf8');
    } catch {
      // The next one may be right. What jose throws says no more than that it was none.
    }
  }
  throw new OidcKeyError(
    'OIDC_KEY_ENCRYPTED',
    `${where} cannot be decrypted: the passphrase is wrong, or the value is damaged. ${remedy}. Where the passphrase was ` +
      'changed, give the one that the value was written with; the next command writes it with the one that is set.',
  );
}

/**
 * Refuses a plain document of a store where a passphrase is set: whoever can write the store could put keys in.
 *
 * @throws OidcKeyError `OIDC_KEY_NOT_ENCRYPTED`
 */
export function refusePlain(value: unknown, { where, passphrase }: Decryption): void {
  if (passphrasesOf(passphrase).length === 0 || isEncryptedKeySet(value)) return;
  throw new OidcKeyError(
    'OIDC_KEY_NOT_ENCRYPTED',
    `${where} is not encrypted although a passphrase is set, so that anybody who can write there could have put a key ` +
      'in. Look at who wrote it. If it is yours, remove the passphrase, or write it encrypted.',
  );
}

function refuseOtherEncryption(jwe: string, where: string): void {
  const header = headerOf(jwe);
  const count = header?.p2c;
  if (header?.alg === alg && header.enc === enc) {
    if (Number.isInteger(count) && (count as number) >= fewestRounds && (count as number) <= mostRounds)
      return;
    throw new OidcKeyError(
      'OIDC_KEY_UNSUPPORTED',
      `${where} is encrypted with another number of rounds ("p2c") than ${fewestRounds} to ${mostRounds}. Encrypt it ` +
        `again with ${rounds}.`,
    );
  }
  throw new OidcKeyError(
    'OIDC_KEY_UNSUPPORTED',
    `${where} is encrypted in another way than with a passphrase by ${alg} and ${enc} (RFC 7518 section 4.8). Encrypt ` +
      'it again so.',
  );
}

function headerOf(jwe: string): Record<string, unknown> | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(jwe.split('.')[0]!, 'base64url').toString('utf8'));
    return isObject(header) ? header : undefined;
  } catch {
    return undefined;
  }
}
