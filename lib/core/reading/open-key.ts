import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { declaredLengthOf, labelOfDer, privateKeyAlgorithmOf } from './der.js';
import { OidcKeyError } from '../errors.js';
import type { OidcKeyErrorCode } from '../errors.js';
import { renderPemBlock } from './pem.js';
import type { PemBlock } from './pem.js';

/** A passphrase, or its absence, and how one is given. */
export interface Passphrase {
  readonly passphrase: string | undefined;
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

const certificate: readonly [OidcKeyErrorCode, string] = [
  'OIDC_KEY_NOT_PRIVATE',
  'is a certificate. A certificate holds no private key: keep only the private key here.',
];

/** What is recognised in order to be refused, with the reason. */
const refusals: Readonly<Record<string, readonly [OidcKeyErrorCode, string]>> = {
  CERTIFICATE: certificate,
  'X509 CERTIFICATE': certificate,
  'TRUSTED CERTIFICATE': certificate,
  'CERTIFICATE REQUEST': certificate,
  'NEW CERTIFICATE REQUEST': certificate,
  PKCS12: [
    'OIDC_KEY_UNSUPPORTED',
    'is a PKCS#12 file. Take the key out of it with `openssl pkcs12 -in FILE -nocerts -nodes`.',
  ],
  'OPENSSH PRIVATE KEY': [
    'OIDC_KEY_UNSUPPORTED',
    'is an OpenSSH key. Convert a copy of it with `ssh-keygen -p -m PKCS8 -f COPY`.',
  ],
  'DSA PRIVATE KEY': [
    'OIDC_KEY_UNSUPPORTED',
    'is a DSA key, for which JWS has no algorithm. Use an RSA key.',
  ],
};

/**
 * The algorithms (RFC 5958 section 2) whose keys OpenSSL opens in no time. For a DSA or Diffie-Hellman key it computes
 * the public half, which takes hours where its numbers are long.
 */
const openedAlgorithms: ReadonlySet<string> = new Set([
  // RFC 8017 appendix A: RSA and RSA-PSS.
  '2a864886f70d010101',
  '2a864886f70d01010a',
  // RFC 5480: EC.
  '2a8648ce3d0201',
  // RFC 8410: X25519, X448, Ed25519 and Ed448.
  '2b656e',
  '2b656f',
  '2b6570',
  '2b6571',
]);

/**
 * Opens one PEM block or DER document. The label decides what is refused; what is in it decides how it is
 * opened, since tools put PKCS#1 under the label of PKCS#8 and the other way round.
 *
 * @throws OidcKeyError `OIDC_KEY_MALFORMED`, `OIDC_KEY_NOT_PRIVATE` (a certificate), `OIDC_KEY_UNSUPPORTED`,
 * `OIDC_KEY_ENCRYPTED`.
 */
export function openBlock(block: PemBlock, where: string, passphrase: Passphrase): KeyObject {
  refuse(block.label, where);
  if (block.encryption) return decrypt(renderPemBlock(block), where, passphrase);

  const declared = declaredLengthOf(block.bytes);
  if (declared !== undefined && declared !== block.bytes.length) {
    const defect = declared > block.bytes.length ? 'is cut off' : 'has something behind its end';
    throw new OidcKeyError(
      'OIDC_KEY_MALFORMED',
      `${where} ${defect}: ${declared} bytes belong to the key and ${block.bytes.length} are there. ` +
        'Copy the whole file again, unedited.',
    );
  }

  const label = labelOfDer(block.bytes);
  if (!label) throw damaged(where, containers[block.label] ? block.label : 'a key');
  refuse(label, where);
  if (label === 'PRIVATE KEY') refuseOtherAlgorithms(block.bytes, where);
  const source = { key: block.bytes, format: 'der', type: containers[label] } as const;
  if (label === 'ENCRYPTED PRIVATE KEY') return decrypt({ ...source, type: 'pkcs8' }, where, passphrase);
  try {
    return label.endsWith('PUBLIC KEY')
      ? createPublicKey({ ...source, type: source.type as 'spki' | 'pkcs1' })
      : createPrivateKey({ ...source, type: source.type as 'pkcs8' | 'pkcs1' | 'sec1' });
  } catch {
    // OpenSSL's reason is a chain of parser states; what helps is in our message, and none of its text gets out.
    throw damaged(where, label);
  }
}

function refuse(label: string, where: string): void {
  const refusal = refusals[label];
  if (refusal) throw new OidcKeyError(refusal[0], `${where} ${refusal[1]}`);
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

function decrypt(
  source: string | { key: Buffer; format: 'der'; type: 'pkcs8' },
  where: string,
  { passphrase, remedy }: Passphrase,
): KeyObject {
  if (!passphrase) {
    throw new OidcKeyError(
      'OIDC_KEY_ENCRYPTED',
      `${where} is encrypted and no passphrase is set. ${remedy}, or store the key unencrypted.`,
    );
  }
  try {
    return createPrivateKey({ ...(typeof source === 'string' ? { key: source } : source), passphrase });
  } catch (error) {
    if (/UNSUPPORTED/.test((error as NodeJS.ErrnoException).code ?? '')) {
      throw new OidcKeyError(
        'OIDC_KEY_UNSUPPORTED',
        `${where} is encrypted with a cipher that this OpenSSL does not have. ` +
          'Encrypt it again with `openssl pkcs8 -topk8 -v2 aes-256-cbc`.',
      );
    }
    throw new OidcKeyError(
      'OIDC_KEY_ENCRYPTED',
      `${where} cannot be decrypted: the passphrase is wrong, or the key is damaged. ${remedy}.`,
    );
  }
}
