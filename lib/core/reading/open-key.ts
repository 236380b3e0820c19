import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { algorithms } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import { declaredLengthOf, labelOfDer, privateKeyAlgorithmOf } from './der.js';
import { derivationRoundsOf, mostRounds } from './derivation-rounds.js';
import type { DerLabel } from './der.js';
import { belongsTo, takeApart } from './one-asymmetric-key.js';
import { openSshRemedyOf } from './openssh.js';
import { renderPemBlock } from './pem.js';
import type { PemBlock } from './pem.js';
import { privateKeyOf } from './private-key-of.js';
import { refuseLabel } from './refused-labels.js';
import type { KeyRole } from './refused-labels.js';

/** What a passphrase may be, in the order in which it is tried; none where it is not set. And how one is given. */
export interface Passphrase {
  readonly candidates: readonly string[];
  readonly remedy: string;
}

/** How node:crypto opens what a label announces. */
const containers: Readonly<Record<string, 'pkcs8' | 'pkcs1' | 'sec1' | 'spki'>> = {
  'PRIVATE KEY': 'pkcs8',
  'ENCRYPTED PRIVATE KEY': 'pkcs8',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
  'PUBLIC KEY': 'spki',
  'RSA PUBLIC KEY': 'pkcs1',
};

/**
 * The algorithms (RFC 5958 section 2) whose keys OpenSSL opens in no time. For a DSA or Diffie-Hellman key it computes
 * the public half, which takes hours where its numbers are long.
 */
const openedAlgorithms: ReadonlySet<string> = new Set([
  ...algorithms.map(({ objectIdentifier }) => objectIdentifier),
  // To be named in a refusal: RSA-PSS (RFC 8017 appendix A), X25519, X448 and Ed448 (RFC 8410).
  '2a864886f70d01010a',
  '2b656e',
  '2b656f',
  '2b6571',
]);

/**
 * Opens one PEM block or DER document. The label decides what is refused; what is in it decides how it is
 * opened, since tools put PKCS#1 under the label of PKCS#8 and the other way round.
 *
 * @throws OidcKeyError `OIDC_KEY_MALFORMED`, `OIDC_KEY_NOT_PRIVATE` (a certificate), `OIDC_KEY_UNSUPPORTED`,
 * `OIDC_KEY_ENCRYPTED`, `OIDC_KEY_MISMATCH`.
 */
export function openBlock(
  block: PemBlock,
  where: string,
  passphrase: Passphrase,
  role: KeyRole = 'signs',
): KeyObject {
  refuseLabel(block.label, where, role);
  if (block.label === 'OPENSSH PRIVATE KEY') {
    throw new OidcKeyError('OIDC_KEY_UNSUPPORTED', `${where} ${openSshRemedyOf(block.bytes)}`);
  }
  if (block.encryption) return decrypt({ key: renderPemBlock(block) }, where, passphrase);
  refuseOtherLength(block.bytes, where);
  const label = labelOfDer(block.bytes);
  if (!label) throw damaged(where, containers[block.label] ? block.label : 'a key');
  refuseLabel(label, where, role);
  return openDer(block.bytes, label, where, passphrase);
}

function openDer(bytes: Buffer, label: DerLabel, where: string, passphrase: Passphrase): KeyObject {
  if (label === 'PRIVATE KEY') return openPkcs8(bytes, where);
  if (label === 'ENCRYPTED PRIVATE KEY') {
    refuseManyRounds(bytes, where);
    return decrypt({ key: bytes, format: 'der', type: 'pkcs8' }, where, passphrase);
  }
  return open({ key: bytes, format: 'der', type: containers[label] }, label, where);
}

function openPkcs8(bytes: Buffer, where: string): KeyObject {
  refuseOtherAlgorithms(bytes, where);
  const { pkcs8, spki } = takeApart(bytes);
  const privateKey = open({ key: pkcs8, format: 'der', type: 'pkcs8' }, 'PRIVATE KEY', where);
  if (!spki || belongsTo(privateKey, spki)) return privateKey;
  throw new OidcKeyError(
    'OIDC_KEY_MISMATCH',
    `${where} is a private key with a public key beside it that is not its own. ` +
      'Export the key again, or make a new one.',
  );
}

function open(
  source: { key: Buffer; format: 'der'; type: string | undefined },
  label: string,
  where: string,
): KeyObject {
  try {
    return label.endsWith('PUBLIC KEY')
      ? createPublicKey({ ...source, type: source.type as 'spki' | 'pkcs1' })
      : privateKeyOf({ ...source, type: source.type as 'pkcs8' | 'pkcs1' | 'sec1' });
  } catch {
    // OpenSSL's reason is a chain of parser states; what helps is in our message, and none of its text gets out.
    throw damaged(where, label);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

function refuseOtherLength(bytes: Buffer, where: string): void {
  const declared = declaredLengthOf(bytes);
  if (declared === undefined || declared === bytes.length) return;
  const defect = declared > bytes.length ? 'is cut off' : 'has something behind its end';
  throw new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} ${defect}: ${declared} bytes belong to the key and ${bytes.length} are there. ` +
      'Copy the whole file again, unedited.',
  );
}

function refuseManyRounds(pkcs8: Buffer, where: string): void {
  const rounds = derivationRoundsOf(pkcs8);
  if (rounds === undefined || rounds <= mostRounds) return;
  if (Number.isNaN(rounds)) throw damaged(where, 'ENCRYPTED PRIVATE KEY');
  throw new OidcKeyError(
    'OIDC_KEY_UNSUPPORTED',
    `${where} is encrypted and asks for more than ${mostRounds.toLocaleString('en-US')} rounds of key derivation, ` +
      'for which the process would stand still. Encrypt it again with ' +
      '`openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000`.',
  );
}

function refuseOtherAlgorithms(pkcs8: Buffer, where: string): void {
  const algorithm = privateKeyAlgorithmOf(pkcs8);
  if (algorithm === undefined) throw damaged(where, 'PRIVATE KEY');
  if (openedAlgorithms.has(algorithm)) return;
  throw new OidcKeyError(
    'OIDC_KEY_UNSUPPORTED',
    `${where} is a key for an algorithm that JWS does not have, such as DSA. Use an RSA key.`,
  );
}

function damaged(where: string, label: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} is damaged: OpenSSL cannot read it as ${label}. Copy the file again, unedited, or make a new key.`,
  );
}

type EncryptedSource = { key: string } | { key: Buffer; format: 'der'; type: 'pkcs8' };

function decrypt(source: EncryptedSource, where: string, { candidates, remedy }: Passphrase): KeyObject {
  if (candidates.length === 0) {
    throw new OidcKeyError(
      'OIDC_KEY_ENCRYPTED',
      `${where} is encrypted and no passphrase is set. ${remedy}, or store the key unencrypted.`,
    );
  }
  for (const passphrase of candidates) {
    try {
      return privateKeyOf({ ...source, passphrase });
    } catch (error) {
      // What a wrong passphrase decrypts is now and then taken for a key of an unknown kind: ERR_OSSL_UNSUPPORTED.
      if (/(EVP|PEM)_UNSUPPORTED/.test(codeOf(error))) {
        throw new OidcKeyError(
          'OIDC_KEY_UNSUPPORTED',
          `${where} is encrypted with a cipher that this OpenSSL does not have. ` +
            'Encrypt it again with `openssl pkcs8 -topk8 -v2 aes-256-cbc`.',
        );
      }
    }
  }
  throw new OidcKeyError(
    'OIDC_KEY_ENCRYPTED',
    `${where} cannot be decrypted: the passphrase is wrong, or the key is damaged. ${remedy}.`,
  );
}
