import { finderOf } from '../kinds-of-findings.js';

const ourRotation = 'nestjs-oidc-key, docs/rotation.md';
const ourSecurity = 'nestjs-oidc-key, SECURITY.md';
const ourMessages = 'nestjs-oidc-key, docs/troubleshooting.md';
const relyingParties = 'what relying parties do, docs/relying-parties.md';

/** What may be said of an environment, but for the codes with which a boot is refused. */
export const kindsOfEnvironment = {
  BOOT_WARNS: {
    severity: 'warning',
    rule: ourMessages,
    remedy: 'Read it: the application would start, and say this in its log.',
  },
  KEY_IS_CURRENT: { severity: 'note', rule: ourRotation, remedy: 'Nothing.' },
  KEY_IS_NEXT: { severity: 'note', rule: ourRotation, remedy: 'Nothing.' },
  KEY_IS_PREVIOUS: { severity: 'note', rule: ourRotation, remedy: 'Nothing.' },
  NO_NEXT_KEY: {
    severity: 'note',
    rule: ourRotation,
    remedy: 'Publish a next key, where being without logins for that long is too much.',
  },
  NO_RS256_KEY: {
    severity: 'warning',
    rule: 'OpenID Connect Discovery 1.0 section 3, id_token_signing_alg_values_supported',
    remedy: 'Add an RSA key, unless every relying party of this issuer takes another algorithm.',
  },
  OWN_KEY_NAMED_ED25519: {
    severity: 'warning',
    rule: `RFC 9864 section 2.2; ${relyingParties}`,
    remedy: 'Give the key the alg "EdDSA", unless every relying party is known to take the other name.',
  },
  OWN_KEY_OF_KIND_OKP: {
    severity: 'note',
    rule: `RFC 8037 section 2; ${relyingParties}`,
    remedy: 'Try it with the relying parties of this issuer before it signs.',
  },
  KEY_OLDER_THAN_A_YEAR: {
    severity: 'warning',
    rule: 'NIST SP 800-57 Part 1 section 5.3.6: one to three years for a private signature key',
    remedy: 'Run `npx nestjs-oidc-key rotate`, and from then on `rotate --every` on a schedule.',
  },
  RETENTION_SHORTER_THAN_TOKENS: {
    severity: 'error',
    rule: 'OpenID Connect Core 1.0 section 10.1.1',
    remedy: 'Raise it to that lifetime or more, before the next rotation.',
  },
  MAX_AGE_BELOW_AN_HOUR: {
    severity: 'warning',
    rule: relyingParties,
    remedy: 'Raise it to 3600, unless no relying party of this issuer does that.',
  },
  MAX_AGE_ABOVE_A_DAY: {
    severity: 'warning',
    rule: 'RFC 9111 section 5.2.2.1',
    remedy: 'Lower it to 86400 or less.',
  },
  NO_CLOCK_SKEW: {
    severity: 'warning',
    rule: 'RFC 7519 section 4.1.5',
    remedy: 'Set it to 60, or remove it.',
  },
  FILE_WRITABLE_BY_OTHERS: {
    severity: 'error',
    rule: ourSecurity,
    remedy: 'Run `chmod o-w` on it, and look at what the file holds.',
  },
  FILE_READABLE_BY_OTHERS: {
    severity: 'warning',
    rule: ourSecurity,
    remedy: 'Give it to the user of the application, and run `chmod 600` on it.',
  },
  STORE_CLOCK_DIFFERS: {
    severity: 'error',
    rule: 'nestjs-oidc-key, docs/rotate.md',
    remedy: 'Set the clock that is wrong: until then the commands write nothing.',
  },
} as const;

export const found = finderOf(kindsOfEnvironment);
