import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';

/** These certificates of authorities, and those that Node knows: a list of one's own takes the place of both of its lists. */
export function authoritiesBeside(ca: string | Buffer): (string | Buffer)[] {
  return [...rootCertificates, ...extraAuthorities(), ca];
}

function extraAuthorities(): readonly Buffer[] {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  if (file === undefined || file === '') return [];
  try {
    return [readFileSync(file)];
  } catch {
    // Node has warned of it when it started.
    return [];
  }
}

/** Why this is no list of certificates in PEM, in words that go on after its name; OpenSSL passes over what it cannot read. */
export function defectOfAuthorities(ca: string | Buffer): string | undefined {
  const blocks = ca.toString().match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return 'has no certificate in PEM';
  const bad = blocks.findIndex((block) => !isCertificate(block));
  return bad === -1
    ? undefined
    : `has a certificate that cannot be read, number ${bad + 1} of ${blocks.length}`;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    // It is none.
    return false;
  }
}
