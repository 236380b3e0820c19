import { OidcKeyError } from '../errors.js';
import type { OidcKeyErrorCode } from '../errors.js';

/** What a key is needed for: a private key signs, and to verify a public one is enough. */
export type KeyRole = 'signs' | 'verifies';

type Refusal = readonly [OidcKeyErrorCode, string];

/** Refused with what fits the role: a certificate has the public key, which is of use to verify only. */
const certificate = (kind: string, command: string): Readonly<Record<KeyRole, Refusal>> => ({
  signs: ['OIDC_KEY_NOT_PRIVATE', `is ${kind}, which holds no private key. Keep only the private key here.`],
  verifies: [
    'OIDC_KEY_NOT_PRIVATE',
    `is ${kind}. Take the public key out of it with \`openssl ${command} -in FILE -pubkey -noout\`.`,
  ],
});
const issued = certificate('a certificate', 'x509');
const requested = certificate('a certificate signing request', 'req');

const always = (...refusal: Refusal): Readonly<Record<KeyRole, Refusal>> => ({
  signs: refusal,
  verifies: refusal,
});

/** What is recognised in order to be refused, with the reason. */
const refusals: Readonly<Record<string, Readonly<Record<KeyRole, Refusal>>>> = {
  CERTIFICATE: issued,
  'X509 CERTIFICATE': issued,
  'TRUSTED CERTIFICATE': issued,
  'CERTIFICATE REQUEST': requested,
  'NEW CERTIFICATE REQUEST': requested,
  PKCS12: always(
    'OIDC_KEY_UNSUPPORTED',
    'is a PKCS#12 file. Take the key out of it with `openssl pkcs12 -in FILE -nocerts -nodes`.',
  ),
  'DSA PRIVATE KEY': always(
    'OIDC_KEY_UNSUPPORTED',
    'is a DSA key, for which JWS has no algorithm. Use an RSA key.',
  ),
};

/** @throws OidcKeyError `OIDC_KEY_NOT_PRIVATE` (a certificate), `OIDC_KEY_UNSUPPORTED` */
export function refuseLabel(label: string, where: string, role: KeyRole): void {
  const refusal = refusals[label]?.[role];
  if (refusal) throw new OidcKeyError(refusal[0], `${where} ${refusal[1]}`);
}
