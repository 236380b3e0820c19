import { contentOf, elementAt, identifierOf, integer, membersOf } from './der.js';
import type { Element } from './der.js';

/** A few seconds of work, in which nothing else is done by the process. */
export const mostRounds = 10_000_000;

/** RFC 8018 appendix A.4 and A.2, RFC 7914 section 7. */
const pbes2 = '2a864886f70d01050d';
const pbkdf2 = '2a864886f70d01050c';
const scrypt = '2b06010401da47040b';

/** PBES1 (RFC 8018 appendix A.3) and the schemes of PKCS#12 (RFC 7292 appendix C) have the same parameters. */
const pbes1 = /^2a864886f70d01(050[1346ab]|0c010[1-6])$/;

/**
 * How often the key of an encrypted PKCS#8 key (RFC 5958 section 3) is derived anew until it decrypts; of scrypt, how
 * many blocks it mixes. Undefined for a scheme that OpenSSL does not have, NaN where it cannot be read.
 */
export function derivationRoundsOf(pkcs8: Buffer): number | undefined {
  const [scheme] = membersOf(pkcs8, elementAt(pkcs8, 0));
  const [identifier, parameters] = membersOf(pkcs8, scheme);
  const name = identifierOf(pkcs8, identifier);
  // OpenSSL reads lengths that DER does not allow, and would count what we cannot.
  if (name === undefined) return Number.NaN;
  if (pbes1.test(name)) return numberIn(pkcs8, membersOf(pkcs8, parameters)[1]);
  return name === pbes2 ? roundsOfPbes2(pkcs8, parameters) : undefined;
}

function roundsOfPbes2(pkcs8: Buffer, parameters: Element | undefined): number | undefined {
  const [derivation] = membersOf(pkcs8, parameters);
  const [identifier, derivationParameters] = membersOf(pkcs8, derivation);
  const [, ...numbers] = membersOf(pkcs8, derivationParameters);
  const name = identifierOf(pkcs8, identifier);
  switch (name) {
    case pbkdf2:
      return numberIn(pkcs8, numbers[0]);
    case scrypt:
      return numbers
        .slice(0, 3)
        .reduce((product, each) => product * numberIn(pkcs8, each), numbers.length < 3 ? Number.NaN : 1);
    default:
      return name === undefined ? Number.NaN : undefined;
  }
}

function numberIn(bytes: Buffer, element: Element | undefined): number {
  if (element?.tag !== integer || element.start === element.end) return Number.NaN;
  return Number(`0x${contentOf(bytes, element).toString('hex')}`);
}
