import { OidcKeyError } from '../errors.js';
import type { OidcKeyErrorCode } from '../errors.js';
import { isObject } from '../objects.js';
import { membersOfLife } from './key-set-document.js';
import { refuseMisspelt } from './misspelt-members.js';

const instants = ['iat', 'nbf', 'exp'] as const;

/** The year 5138; more than that are milliseconds. */
const latest = 100_000_000_000;

/**
 * Checks what a key says of its life; the key itself is looked at later.
 *
 * @throws OidcKeyError `OIDC_KEY_MALFORMED`
 */
export function checkMembersOfKey(jwk: Readonly<Record<string, unknown>>, where: string): void {
  refuseMisspelt(jwk, [...membersOfLife], where);
  for (const name of instants) checkInstant(jwk[name], `"${name}"`, where);
  const { iat, nbf, exp } = jwk as { iat?: number; nbf?: number; exp?: number };
  if (nbf !== undefined && iat !== undefined && nbf < iat) {
    throw malformed(
      where,
      'is to sign ("nbf") before it is published ("iat"). "nbf" has to be propagation later than "iat", or the same ' +
        'for the first key of an issuer',
    );
  }
  if (exp !== undefined && exp < (nbf ?? iat ?? -Infinity)) {
    throw malformed(
      where,
      `is to go ("exp") before it is to sign ("${nbf === undefined ? 'iat' : 'nbf'}"). Correct "exp", or remove it: ` +
        'the next write sets it',
    );
  }
  checkRevocation(jwk.revoked, where);
  checkSigner(jwk, where);
}

/** @throws OidcKeyError `OIDC_KEY_MALFORMED` */
export function checkMembersOfDocument(document: Readonly<Record<string, unknown>>, where: string): void {
  refuseMisspelt(document, ['keys', 'base'], where);
  const { base } = document;
  if (base === undefined || Number.isSafeInteger(base) || (typeof base === 'string' && base !== '')) return;
  throw malformed(where, 'has a "base" that is no version: a whole number or a text with something in it');
}

function checkInstant(value: unknown, name: string, where: string): void {
  if (value === undefined) return;
  if (Number.isSafeInteger(value) && (value as number) >= 0) {
    if ((value as number) < latest) return;
    throw malformed(where, `has milliseconds in ${name}. Give it in seconds since 1970`);
  }
  throw malformed(where, `has no instant in ${name}. Give it in whole seconds since 1970, as a number`);
}

function checkRevocation(revoked: unknown, where: string): void {
  if (revoked === undefined) return;
  const remedy = 'It has to be { "revoked_at": SECONDS }, with "reason" if you like';
  if (!isObject(revoked)) throw malformed(where, `has a "revoked" that is no object. ${remedy}`);
  refuseMisspelt(revoked, ['revoked_at', 'reason'], `${where} ("revoked")`);
  if (revoked.revoked_at === undefined) {
    throw malformed(where, `has a "revoked" without "revoked_at". ${remedy}`);
  }
  checkInstant(revoked.revoked_at, '"revoked_at"', where);
  if (revoked.reason !== undefined && typeof revoked.reason !== 'string') {
    throw malformed(where, `has a "reason" of its revocation that is no text. ${remedy}`);
  }
}

function checkSigner({ signer, d }: Readonly<Record<string, unknown>>, where: string): void {
  if (signer === undefined) return;
  if (typeof signer !== 'string' || signer === '') {
    throw malformed(where, 'has a "signer" that is no reference. Name the key of the KMS or HSM as a text');
  }
  if (d === undefined) return;
  throw inconsistent(
    'OIDC_KEY_CONFLICT',
    where,
    'has a private half and a "signer". Remove one of them: a key signs here or elsewhere',
  );
}

function malformed(where: string, defect: string): OidcKeyError {
  return inconsistent('OIDC_KEY_MALFORMED', where, defect);
}

function inconsistent(code: OidcKeyErrorCode, where: string, defect: string): OidcKeyError {
  return new OidcKeyError(code, `${where} ${defect}.`);
}
