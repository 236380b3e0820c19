import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { JsonWebKey } from '../../core/json-web-key.js';
import { OidcKeyError } from '../../core/errors.js';
import { publicNumbersOf } from '../../core/key/rsa.js';
import { sharesPrimeWith } from '../../core/key/shared-primes.js';
import { verificationKeyOf } from '../../core/key/signing-key.js';
import { runLater } from '../../core/key/steps.js';
import { isObject } from '../../core/objects.js';
import type { Finding } from '../finding.js';
import { finderOf, listOf, oncePerPlace, quoted } from '../kinds-of-findings.js';
import { aboutCertificates } from './certificates.js';
import { kindOf, secretMembers } from './key-kinds.js';
import type { JwkKind } from './key-kinds.js';
import { membersOf, nowOf } from './observation.js';
import type { Observation } from './observation.js';
import { aboutPurpose } from './purpose.js';

const suite = 'conformance suite: ValidateServerJWKs';

/** Whether each key is one, is public, and is strong. */
export const kindsOfKeys = {
  PRIVATE_KEY: {
    severity: 'error',
    rule: 'OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2 (jwks_uri): the set must not have private keys; conformance suite: EnsureServerJwksDoesNotContainPrivateOrSymmetricKeys',
    remedy: 'Revoke this key now: everybody can sign with it. Then publish public members alone.',
  },
  SYMMETRIC_KEY: {
    severity: 'error',
    rule: 'OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2 (jwks_uri): the set must not have symmetric keys; conformance suite: EnsureServerJwksDoesNotContainPrivateOrSymmetricKeys',
    remedy: 'Take this secret out of use now: everybody can sign with it. Sign with an asymmetric key.',
  },
  KEY_NO_OBJECT: {
    severity: 'error',
    rule: `RFC 7517 section 5.1: each key is a JWK, a JSON object; ${suite}`,
    remedy: 'Publish nothing but JWKs in "keys".',
  },
  KTY_MISSING: {
    severity: 'error',
    rule: `RFC 7517 section 4.1: kty must be present, a string; ${suite}`,
    remedy: 'Say which kind of key it is: "RSA", "EC" or "OKP".',
  },
  KIND_UNKNOWN: {
    severity: 'warning',
    rule: 'RFC 7517 section 5: keys that are not understood should be ignored, and some readers refuse the whole set; conformance suite: WarnOnUnusableJwksKeys',
    remedy: 'Take the key out, unless every relying party can bear it.',
  },
  MEMBER_MISSING: {
    severity: 'error',
    rule: `RFC 7518 sections 6.2.1 and 6.3.1, RFC 8037 section 2: the members of a public key; ${suite}`,
    remedy: 'Export the whole public key.',
  },
  NOT_BASE64URL: {
    severity: 'error',
    rule: `RFC 7515 section 2: base64url without padding; ${suite}`,
    remedy: 'Write the number with - and _, without = and white space.',
  },
  COORDINATE_LENGTH: {
    severity: 'error',
    rule: 'RFC 7518 sections 6.2.1.2 and 6.2.1.3, RFC 8037 section 2: a coordinate is as long as its curve has it, leading zeros included',
    remedy: 'Pad the coordinate with zeros to its full length.',
  },
  LEADING_ZEROS: {
    severity: 'warning',
    rule: 'RFC 7518 sections 2 and 6.3.1.1: Base64urlUInt has no leading zero octets',
    remedy: 'Write the number without the zero octet in front; it changes the thumbprint.',
  },
  KEY_UNUSABLE: {
    severity: 'error',
    rule: `RFC 7518 section 6, RFC 8037 section 2: the members make a key, such as a point of the curve; ${suite}`,
    remedy: 'Export the public key again from the key that signs.',
  },
  KEY_TOO_WEAK: {
    severity: 'error',
    rule: 'RFC 7518 sections 3.3 and 3.5 (2048 bits), FIPS 186-5 (exponent and primes), CVE-2017-15361, CVE-2022-26320',
    remedy: 'Revoke the key, make a new one with `nestjs-oidc-key generate`, and rotate to it.',
  },
  RSA_TOO_LONG: {
    severity: 'warning',
    rule: 'RFC 7518 section 3.3 has no limit; OpenSSL and others refuse to verify with more than 16384 bits, nestjs-oidc-key with more than 8192',
    remedy: 'Sign with an RSA key of 2048 to 4096 bits.',
  },
  SHARED_PRIME: {
    severity: 'error',
    rule: 'FIPS 186-5 appendix A.1: primes are random; whoever sees both keys can work out both private halves',
    remedy: 'Revoke both keys, and make new ones on a machine with a sound source of random numbers.',
  },
  KID_NO_STRING: {
    severity: 'error',
    rule: 'RFC 7517 section 4.5: kid is a case-sensitive string; conformance suite: CheckForKeyIdInServerJWKs',
    remedy: 'Write the kid as a string with something in it.',
  },
  KID_ODD: {
    severity: 'warning',
    rule: 'RFC 7515 section 4.1.4: the kid travels in the header of every token, and into logs and caches',
    remedy: 'Take a kid of letters, digits, - and _, such as the thumbprint (RFC 7638).',
  },
  KEY_REVOKED: {
    severity: 'error',
    rule: 'OpenID Federation 1.0, claim "revoked": a key that must not be trusted any more',
    remedy: 'Take the key out of the JWKS: relying parties trust what is published there.',
  },
  KEY_EXPIRED: {
    severity: 'note',
    rule: 'OpenID Federation 1.0, claim "exp": what its owner says of the key; relying parties do not look at it',
    remedy: 'Take the key out of the JWKS, once no token of it can be valid any more.',
  },
} as const;

const found = finderOf(kindsOfKeys);

/** The numbers of each cost some milliseconds; AWS and Azure look at no more either. */
const mostKeys = 100;

export async function keysRule(seen: Observation): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const strong: StrongRsaKey[] = [];
  for (const { json } of seen.jwks) {
    // A single JWK in place of a set.
    if (isObject(json) && json.kty !== undefined) findings.push(...aboutSecrets(json, 'jwks'));
  }
  for (const [index, { value: jwk, where }] of membersOf(seen).entries()) {
    if (!isObject(jwk)) {
      // It is not shown: it may be a key in another form.
      findings.push(found('KEY_NO_OBJECT', where, 'It is no object.'));
      continue;
    }
    findings.push(...aboutSecrets(jwk, where), ...aboutKid(jwk, where), ...aboutPurpose(jwk, where));
    findings.push(...aboutTimes(jwk, where, nowOf(seen)));
    if (index < mostKeys) findings.push(...(await aboutNumbers(jwk, where, nowOf(seen), strong)));
  }
  return oncePerPlace(findings);
}

interface StrongRsaKey {
  readonly where: string;
  readonly modulus: bigint;
}

/** @param strong the RSA keys before it, to which it is added */
async function aboutNumbers(
  jwk: Record<string, unknown>,
  where: string,
  now: number,
  strong: StrongRsaKey[],
): Promise<Finding[]> {
  const kind = kindOf(jwk);
  if (!kind) return aboutUnknownKind(jwk, where);
  const defects = aboutMembers(jwk, kind, where);
  // A number with a zero in front is one that can be computed with.
  const isWhole = defects.every(({ code }) => code === 'LEADING_ZEROS');
  if (!isWhole || !['RSA', 'EC', 'OKP'].includes(kind.kty)) return defects;
  const publicKey = publicKeyOf(jwk, kind);
  if (!publicKey) return [...defects, found('KEY_UNUSABLE', where, 'Its members make no key.')];
  const weakness = await weaknessOf(publicKey, where);
  return [
    ...defects,
    ...aboutCertificates(jwk, publicKey, where, now),
    ...weakness,
    ...(weakness.length === 0 ? aboutPrimes(publicKey, where, strong) : []),
  ];
}

function aboutPrimes(publicKey: KeyObject, where: string, strong: StrongRsaKey[]): Finding[] {
  if (publicKey.asymmetricKeyType !== 'rsa') return [];
  const { modulus } = publicNumbersOf(publicKey);
  // The key itself may be there under another kid.
  const others = strong.filter((other) => other.modulus !== modulus);
  strong.push({ where, modulus });
  if (others.length === 0) return [];
  const moduli = others.map((other) => other.modulus);
  const shared = sharesPrimeWith(modulus, moduli);
  return shared === undefined
    ? []
    : [found('SHARED_PRIME', where, `It has a prime in common with ${others[shared]!.where}.`)];
}

function aboutSecrets(jwk: Record<string, unknown>, where: string): Finding[] {
  if (jwk.kty === 'oct')
    return [found('SYMMETRIC_KEY', where, 'It is a shared secret, and everybody can read it.')];
  const there = secretMembers.filter((member) => jwk[member] !== undefined);
  return there.length === 0
    ? []
    : [
        found(
          'PRIVATE_KEY',
          where,
          `It has private members (${listOf(there)}), and everybody can read them.`,
        ),
      ];
}

function aboutKid({ kid }: Record<string, unknown>, where: string): Finding[] {
  if (kid === undefined) return [];
  if (typeof kid !== 'string' || kid.trim() === '') {
    return [found('KID_NO_STRING', `${where}.kid`, `It is ${quoted(kid)}.`)];
  }
  const longest = 255;
  if (kid.length > longest) return [found('KID_ODD', `${where}.kid`, `It has ${kid.length} characters.`)];
  return /^[\x21-\x7e]+$/.test(kid)
    ? []
    : [found('KID_ODD', `${where}.kid`, 'It has characters that are not printable ASCII, or white space.')];
}

function aboutTimes({ revoked, exp }: Record<string, unknown>, where: string, now: number): Finding[] {
  return [
    ...(isObject(revoked) ? [found('KEY_REVOKED', where, 'It says of itself that it is revoked.')] : []),
    ...(typeof exp === 'number' && exp * 1000 < now
      ? [found('KEY_EXPIRED', where, 'Its "exp" is past.')]
      : []),
  ];
}

function aboutUnknownKind({ kty }: Record<string, unknown>, where: string): Finding[] {
  return typeof kty === 'string' && kty !== ''
    ? [found('KIND_UNKNOWN', `${where}.kty`, `${quoted(kty)} is no kind of key that is known here.`)]
    : [found('KTY_MISSING', `${where}.kty`, 'It is not there, or no string.')];
}

function aboutMembers(
  jwk: Record<string, unknown>,
  { kty, members, curves }: JwkKind,
  where: string,
): Finding[] {
  const { crv } = jwk;
  if (curves && crv === undefined) return [found('MEMBER_MISSING', `${where}.crv`, 'It is not there.')];
  const length = curves && typeof crv === 'string' && Object.hasOwn(curves, crv) ? curves[crv] : undefined;
  if (curves && length === undefined) {
    return [found('KIND_UNKNOWN', `${where}.crv`, `${quoted(crv)} is no curve that is known here.`)];
  }
  return members.flatMap((member): Finding[] => {
    const value = jwk[member];
    const place = `${where}.${member}`;
    if (value === undefined) return [found('MEMBER_MISSING', place, 'It is not there.')];
    if (typeof value !== 'string' || !/^[\w-]+$/.test(value) || value.length % 4 === 1) {
      return [found('NOT_BASE64URL', place, 'It is no base64url without padding.')];
    }
    const bytes = Buffer.from(value, 'base64url');
    if (length !== undefined && bytes.length !== length) {
      return [
        found('COORDINATE_LENGTH', place, `It has ${bytes.length} bytes, and ${quoted(crv)} has ${length}.`),
      ];
    }
    return kty === 'RSA' && bytes[0] === 0
      ? [found('LEADING_ZEROS', place, 'It begins with a zero octet.')]
      : [];
  });
}

/** Of the public members alone, whatever else is published. */
function publicKeyOf(jwk: Record<string, unknown>, { kty, members }: JwkKind): KeyObject | undefined {
  const key = Object.fromEntries(['crv', ...members].map((member) => [member, jwk[member]]));
  try {
    return createPublicKey({ key: { kty, ...key } as JsonWebKey, format: 'jwk' });
  } catch {
    // The reason is in OpenSSL's words, and quotes the member.
    return undefined;
  }
}

async function weaknessOf(keyObject: KeyObject, where: string): Promise<Finding[]> {
  try {
    await runLater(verificationKeyOf({ keyObject, where: 'It' }));
    return [];
  } catch (error) {
    if (!(error instanceof OidcKeyError)) throw error;
    // What follows speaks to the owner of a setting.
    const message = `${error.message.split(/\. |; more/)[0]}.`.replace('..', '.');
    if (error.code === 'OIDC_KEY_TOO_WEAK') return [found('KEY_TOO_WEAK', where, message)];
    if (error.code === 'OIDC_KEY_MALFORMED') return [found('KEY_UNUSABLE', where, message)];
    // Kinds that do not sign here are said elsewhere.
    return keyObject.asymmetricKeyType === 'rsa' ? [found('RSA_TOO_LONG', where, message)] : [];
  }
}
