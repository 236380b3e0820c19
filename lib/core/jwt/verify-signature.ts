import { OidcTokenError } from '../errors.js';
import type { Claims } from './jwt-claims.js';
import { LegacyHs256 } from './legacy/legacy-hs256.js';
import type { LegacyTokenKind } from './legacy/legacy-kinds.js';
import { isObject } from '../objects.js';
import type { PublishedKeys } from '../key/published-keys.js';
import { VerificationKey } from '../key/verification-key.js';

/** A JWS in compact serialization (RFC 7515 section 7.1), taken apart and not verified. */
interface CompactJws {
  readonly header: Readonly<Claims>;
  readonly payload: Buffer;
  readonly signature: Buffer;
  /** What the signature is over: header and payload as they stand in the token. */
  readonly signingInput: Buffer;
}

type VerifiedJws = Pick<CompactJws, 'header' | 'payload'>;

/** A JWT that nobody vouches for yet: its claims say which issuer's keys to ask, and nothing else. */
export interface UnverifiedJwt extends CompactJws {
  readonly claims: Claims;
}

/** The claims of a token whose signature is good, and what its header says that it is. */
interface VerifiedJwt {
  readonly claims: Claims;
  readonly typ: unknown;
  /** The one that has signed it; undefined where that was the secret of before. */
  readonly key?: VerificationKey;
  /** There where no key of the ring has signed it, but the secret of before. */
  readonly legacyKind?: LegacyTokenKind;
}

/**
 * Verifies the signature of a token against published keys, and says what was signed.
 *
 * This file is all that stands between a hostile token and its claims, and is meant to be read in one sitting. It is
 * stricter than jose, and a fuzzer holds the two against each other: jose verifies on the thread pool, which costs a
 * token more than the signature itself.
 *
 * @throws OidcTokenError `OIDC_TOKEN_MALFORMED`, `OIDC_TOKEN_INVALID_ALGORITHM`, `OIDC_TOKEN_INVALID_SIGNATURE`
 */
export function verifySignature(
  token: string,
  keys: PublishedKeys,
  algorithms: readonly string[] | undefined,
  legacy?: LegacyHs256,
): VerifiedJwt | Promise<VerifiedJwt> {
  const parsed = parse(token);
  if (legacy?.mayHaveSigned(parsed.header)) return verifyLegacy(parsed, legacy, algorithms);
  const key = keyThatSigned(parsed, keys, algorithms);
  return 'then' in key ? key.then((each) => jwtIn(parsed, each)) : jwtIn(parsed, key);
}

/** No key of the ring is tried with it, and no token that names a key comes here. */
function verifyLegacy(
  jws: CompactJws,
  legacy: LegacyHs256,
  algorithms: readonly string[] | undefined,
): VerifiedJwt {
  if (algorithms && !algorithms.includes('HS256')) throw invalidAlgorithm();
  if (!legacy.hasSigned(jws.signingInput, jws.signature)) throw invalidSignature();
  const claims = objectIn(jws.payload);
  const legacyKind = legacy.acceptedKindOf(claims);
  if (legacyKind === undefined) throw invalidAlgorithm();
  return { claims, typ: LegacyHs256.typOf(legacyKind), legacyKind };
}

/** Verifies a JWS, whatever its payload is. Throws as {@link verifySignature} does. */
export function verifyJws(
  token: string,
  keys: PublishedKeys,
  algorithms?: string[],
): VerifiedJws | Promise<VerifiedJws> {
  const jws = parse(token);
  const key = keyThatSigned(jws, keys, algorithms);
  return 'then' in key ? key.then(() => jws) : jws;
}

/**
 * Takes a token apart, for whoever has to choose the keys by what it says of its issuer.
 *
 * @throws OidcTokenError `OIDC_TOKEN_MALFORMED`
 */
export function readJwt(token: string): UnverifiedJwt {
  const jws = parse(token);
  return { ...jws, claims: objectIn(jws.payload) };
}

/** Verifies a token that was taken apart, and says which key has signed it. Throws as {@link verifySignature} does. */
export function verifyJwt(
  jwt: UnverifiedJwt,
  keys: PublishedKeys,
  algorithms: readonly string[],
): VerificationKey | Promise<VerificationKey> {
  return keyThatSigned(jwt, keys, algorithms);
}

function keyThatSigned(
  jws: CompactJws,
  keys: PublishedKeys,
  algorithms: readonly string[] | undefined,
): VerificationKey | Promise<VerificationKey> {
  const { header } = jws;
  // RFC 7515 section 4.1.11: no extension is understood here. RFC 7797 changes what is signed, even unannounced.
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) throw malformed();
  const accepted = candidatesOf(keys, header).filter((key) => isAccepted(key, header.alg, algorithms));
  if (accepted.length === 0) throw invalidAlgorithm();
  const key = signerAmong(accepted, jws);
  // Asked for what it is, not what it is no instance of: a promise of another realm must never pass for a yes.
  if (key === undefined || key instanceof VerificationKey) return signerOnly(key);
  return key.then(signerOnly);
}

/** A promise only where there has to be one: most algorithms verify faster than a promise resolves. */
function signerAmong(
  keys: readonly VerificationKey[],
  jws: CompactJws,
): VerificationKey | undefined | Promise<VerificationKey | undefined> {
  for (const [index, key] of keys.entries()) {
    const verdict = key.verifies(jws.signingInput, jws.signature);
    if (verdict === true) return key;
    if (verdict !== false) {
      return verdict.then((isGood) => (isGood ? key : signerAmong(keys.slice(index + 1), jws)));
    }
  }
  return undefined;
}

function signerOnly(key: VerificationKey | undefined): VerificationKey {
  if (!key) throw invalidSignature();
  return key;
}

function jwtIn({ header, payload }: VerifiedJws, key: VerificationKey): VerifiedJwt {
  return { claims: objectIn(payload), typ: header.typ, key };
}

/** The claims of a JWT that nobody vouches for; null for what is none. */
export function unverifiedClaimsOf(token: string): Claims | null {
  try {
    return objectIn(parse(token).payload);
  } catch {
    // That it is no JWT is the answer.
    return null;
  }
}

/** The kid that a token names, whoever made it: for finding a key that is known already, and nothing else. */
export function unverifiedKidOf(token: unknown): string | undefined {
  // What is refused may be anything.
  if (typeof token !== 'string') return undefined;
  const end = token.indexOf('.');
  // A header that is longer is of no token that is meant for us, and refusing it is not to cost twice.
  if (end < 0 || end > longestRemembered) return undefined;
  try {
    const { kid } = headerIn(token.slice(0, end));
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    // It names none.
    return undefined;
  }
}

/** The header of a JWS that nobody vouches for; null for what is none. */
export function unverifiedHeaderOf(token: string): Readonly<Claims> | null {
  try {
    return parse(token).header;
  } catch {
    // As above.
    return null;
  }
}

function candidatesOf(keys: PublishedKeys, header: Claims): readonly VerificationKey[] {
  if (!Object.hasOwn(header, 'kid')) return keys.candidatesFor(header.alg);
  // The kid is untrusted (RFC 8725 section 3.10): it can only pick a key that is published.
  const named = typeof header.kid === 'string' ? keys.named(header.kid) : [];
  if (named.length === 0) throw invalidSignature();
  return named;
}

/** The key decides which names of an algorithm it is verified under; the caller can only narrow. */
function isAccepted(key: VerificationKey, alg: unknown, callers: readonly string[] | undefined): boolean {
  const includes = (name: unknown) => key.algorithm.names.some((each) => each === name);
  return includes(alg) && (callers === undefined || callers.some(includes));
}

function parse(token: unknown): CompactJws {
  if (typeof token !== 'string') throw malformed();
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (first < 0 || second < 0) throw malformed();
  return {
    header: headerIn(token.slice(0, first)),
    payload: bytesOf(token.slice(first + 1, second)),
    signature: bytesOf(token.slice(second + 1)),
    signingInput: Buffer.from(token.slice(0, second), 'latin1'),
  };
}

// Tokens of one kind and key have one header, and a caller verifies one kind: parsed once, it serves until it changes.
let latest: { readonly text: string; readonly header: Readonly<Claims> } | undefined;

/** The longest header that is remembered, in characters; those of tokens that are meant for us have about 100. */
const longestRemembered = 1_000;

function headerIn(text: string): Readonly<Claims> {
  if (latest?.text === text) return latest.header;
  const bytes = bytesOf(text);
  const header = Object.freeze(objectIn(bytes));
  // Written anew, because the engine makes `text` a view of the token, which would keep the whole token alive.
  if (text.length <= longestRemembered) latest = { text: bytes.toString('base64url'), header };
  return header;
}

/**
 * Base64url in the one way in which it can be written (RFC 7515 section 2, RFC 4648 section 3.5): without padding,
 * white space, other characters, a length that is impossible, and bits that are left over.
 */
function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw malformed();
  return bytes;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A JSON object; where a member stands twice the last one counts (RFC 7515 section 4). */
function objectIn(bytes: Buffer): Claims {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    if (isObject(value)) return value;
  } catch {
    // The parser's message would quote the token.
  }
  throw malformed();
}

function malformed(): OidcTokenError {
  return new OidcTokenError('OIDC_TOKEN_MALFORMED', 'jwt malformed');
}

function invalidAlgorithm(): OidcTokenError {
  return new OidcTokenError('OIDC_TOKEN_INVALID_ALGORITHM', 'invalid algorithm');
}

function invalidSignature(): OidcTokenError {
  return new OidcTokenError('OIDC_TOKEN_INVALID_SIGNATURE', 'invalid signature');
}
