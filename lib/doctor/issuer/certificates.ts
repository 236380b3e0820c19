import { createHash, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { Finding } from '../finding.js';
import { finderOf, quoted } from '../kinds-of-findings.js';

/** What a key says of its certificates. */
export const kindsOfCertificates = {
  CERTIFICATE_MALFORMED: {
    severity: 'error',
    rule: 'RFC 7517 section 4.7: x5c is an array of DER certificates in base64, not base64url; conformance suite: ValidateServerJWKs',
    remedy: 'Write each certificate as base64 of its DER, or leave x5c out.',
  },
  CERTIFICATE_OF_OTHER_KEY: {
    severity: 'error',
    rule: 'RFC 7517 section 4.7: the first certificate must be of this key; conformance suite: ValidateServerJWKs',
    remedy: 'Put the certificate of this key first, or leave x5c out.',
  },
  CERTIFICATE_EXPIRED: {
    severity: 'warning',
    rule: 'RFC 5280 section 4.1.2.5: relying parties that look at x5c refuse it outside of its time',
    remedy: 'Renew the certificate, or leave x5c out.',
  },
  CERTIFICATE_THUMBPRINT: {
    severity: 'error',
    rule: 'RFC 7517 sections 4.8 and 4.9: x5t and x5t#S256 are digests of the first certificate',
    remedy: 'Work the digest out of the DER of the certificate, as base64url.',
  },
  CERTIFICATE_ADDRESS: {
    severity: 'error',
    rule: 'RFC 7517 section 4.6: x5u is fetched with TLS',
    remedy: 'Name an https address, or leave x5u out.',
  },
} as const;

const found = finderOf(kindsOfCertificates);

/** @param now in milliseconds since 1970 */
export function aboutCertificates(
  jwk: Record<string, unknown>,
  key: KeyObject,
  where: string,
  now: number,
): Finding[] {
  const { x5c, x5u } = jwk;
  const address =
    x5u === undefined || (typeof x5u === 'string' && x5u.startsWith('https://'))
      ? []
      : [found('CERTIFICATE_ADDRESS', `${where}.x5u`, `It is ${quoted(x5u)}.`)];
  if (x5c === undefined) return address;
  const place = `${where}.x5c`;
  const certificate = Array.isArray(x5c) && x5c.every(isBase64) ? firstOf(x5c) : undefined;
  if (!certificate)
    return [...address, found('CERTIFICATE_MALFORMED', place, 'It holds no certificates in base64.')];
  const findings = [...address];
  if (!isOfKey(certificate, key)) {
    findings.push(found('CERTIFICATE_OF_OTHER_KEY', `${place}[0]`, 'The certificate is of another key.'));
  }
  if (Date.parse(certificate.validTo) < now || Date.parse(certificate.validFrom) > now) {
    const message = `It is valid from ${certificate.validFrom} to ${certificate.validTo}.`;
    findings.push(found('CERTIFICATE_EXPIRED', `${place}[0]`, message));
  }
  for (const [member, digest] of [
    ['x5t', 'sha1'],
    ['x5t#S256', 'sha256'],
  ] as const) {
    const value = jwk[member];
    if (value === undefined || value === createHash(digest).update(certificate.raw).digest('base64url'))
      continue;
    findings.push(
      found('CERTIFICATE_THUMBPRINT', `${where}.${member}`, 'It is not the digest of the certificate.'),
    );
  }
  return findings;
}

function isBase64(value: unknown): value is string {
  // With the white space in the expression, it costs the square of its length.
  return typeof value === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(value.replaceAll(/\s/g, ''));
}

function firstOf([first]: readonly string[]): X509Certificate | undefined {
  try {
    return first === undefined ? undefined : new X509Certificate(Buffer.from(first, 'base64'));
  } catch {
    // It is no certificate.
    return undefined;
  }
}

function isOfKey(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    const spki = { format: 'der', type: 'spki' } as const;
    return certificate.publicKey.export(spki).equals(key.export(spki));
  } catch {
    // A key that OpenSSL does not read is another one.
    return false;
  }
}
