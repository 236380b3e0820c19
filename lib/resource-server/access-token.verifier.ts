import { algorithmNamed } from '../core/algorithms.js';
import type { SigningAlgorithm } from '../core/algorithms.js';
import { OidcKeyError, OidcTokenError } from '../core/errors.js';
import { checkClaims, isTyp, mismatch, oneOf } from '../core/jwt/jwt-claims.js';
import type { Claims } from '../core/jwt/jwt-claims.js';
import type { VerifyOptions } from '../core/jwt/jwt-options.js';
import { readJwt, verifyJwt } from '../core/jwt/verify-signature.js';
import type { UnverifiedJwt } from '../core/jwt/verify-signature.js';
import type { PublishedKeys } from '../core/key/published-keys.js';
import type { VerificationKey } from '../core/key/verification-key.js';
import { accessTokenClaimsOf } from './access-token.claims.js';
import type { AccessTokenClaims } from './access-token.claims.js';
import type { IssuerKeys } from './keys/issuer-keys.js';
import type { ResolvedIssuer } from './resolve-issuer.js';

/** An issuer and its keys. */
export interface AcceptedIssuer {
  readonly settings: ResolvedIssuer;
  readonly keys: IssuerKeys;
}

/**
 * Verifies access tokens by their issuer's published keys (RFC 9068 section 4). The signature alone proves little,
 * because ID tokens, refresh tokens and codes may be signed with the same key: `typ`, `iss`, `aud` and the claims that
 * are required tell them apart.
 */
export class AccessTokenVerifier {
  readonly #issuers: ReadonlyMap<unknown, AcceptedIssuer & { readonly checks: VerifyOptions }>;

  /** @hidden ResourceServerModule makes it. */
  constructor(issuers: readonly AcceptedIssuer[]) {
    this.#issuers = new Map(
      issuers.map((each) => [each.settings.issuer, { ...each, checks: checksOf(each.settings) }]),
    );
  }

  /**
   * The claims of an access token that is good.
   *
   * @throws OidcTokenError where it is not; OidcKeyError `OIDC_KEY_SOURCE_FAILED` where the issuer's keys cannot be had
   * and nothing is known about the token. Always from the returned promise.
   */
  async verify(token: string): Promise<AccessTokenClaims> {
    const jwt = readJwt(token);
    // What nobody vouches for yet picks among the issuers that are configured, and is never an address to ask.
    const accepted = this.#issuers.get(jwt.claims.iss);
    if (!accepted) throw mismatch('jwt issuer invalid', 'iss', oneOf([...this.#issuers.keys()] as string[]));
    const { settings, keys, checks } = accepted;
    const current = keys.current();
    const known = 'then' in current ? await current : current;
    let signedBy: VerificationKey | undefined;
    try {
      signedBy = await verifySignature(jwt, known, accepted);
      requireClaims(jwt, checks, settings);
      checkKind(jwt, settings);
      const claims = accessTokenClaimsOf(jwt.claims, settings.scopeClaim);
      keys.usage?.verified(signedBy);
      return claims;
    } catch (error) {
      keys.usage?.refused(signedBy ?? keyNamedBy(jwt.header, known), error);
      throw error;
    }
  }

  /** @hidden Nest calls it. */
  onModuleDestroy(): void {
    for (const { keys } of this.#issuers.values()) keys.close();
  }
}

/** What `core/jwt` checks of the claims. */
function checksOf({ audience, requiredClaims, clockTolerance }: ResolvedIssuer): VerifyOptions {
  const always = { requiredClaims: [...requiredClaims], clockTolerance };
  return audience === false ? always : { ...always, audience: [...audience] };
}

async function verifySignature(
  jwt: UnverifiedJwt,
  known: PublishedKeys,
  { settings, keys }: AcceptedIssuer,
): Promise<VerificationKey> {
  const { algorithms } = settings;
  try {
    const key = verifyJwt(jwt, known, algorithms);
    return 'then' in key ? await key : key;
  } catch (error) {
    // No key, old or new, verifies what is no JWS, or is of an algorithm that is not accepted.
    if (!(error instanceof OidcTokenError) || error.code === 'OIDC_TOKEN_MALFORMED') throw error;
    if (!isAccepted(jwt.header.alg, algorithms)) throw notAccepted(algorithms);
    // A key that came after these were fetched, or one that took the name of another.
    const newer = await keys.newerThan(known).catch((failure: unknown) => {
      throw isNamed(jwt.header, known) ? error : failure;
    });
    if (newer) return await verifyJwt(jwt, newer, algorithms);
    throw isNamed(jwt.header, known) ? error : (unknownKey(jwt.header) ?? error);
  }
}

function isAccepted(alg: unknown, algorithms: readonly SigningAlgorithm[]): boolean {
  const named = algorithmNamed(alg);
  // EdDSA and Ed25519 are two names of one.
  return named !== undefined && algorithms.some((each) => algorithmNamed(each) === named);
}

function notAccepted(algorithms: readonly SigningAlgorithm[]): OidcTokenError {
  return new OidcTokenError(
    'OIDC_TOKEN_INVALID_ALGORITHM',
    'invalid algorithm',
    'header.alg',
    oneOf(algorithms),
  );
}

function isNamed(header: Claims, known: PublishedKeys): boolean {
  return keyNamedBy(header, known) !== undefined;
}

function keyNamedBy({ kid }: Claims, known: PublishedKeys): VerificationKey | undefined {
  return typeof kid === 'string' ? known.named(kid)[0] : undefined;
}

const unbound = 'missing, unless "cnfIsCheckedInFront" says that something in front checks the proof';

/** The same code as a wrong signature, and another word for the operator. */
function unknownKey(header: Claims): OidcTokenError | undefined {
  if (!Object.hasOwn(header, 'kid')) return undefined;
  const expected = 'that of a key which the issuer publishes';
  return new OidcTokenError('OIDC_TOKEN_INVALID_SIGNATURE', 'invalid signature', 'header.kid', expected);
}

/** What the audience has to be is no secret here. */
function requireClaims({ claims }: UnverifiedJwt, checks: VerifyOptions, { audience }: ResolvedIssuer): void {
  try {
    checkClaims(claims, undefined, checks);
  } catch (error) {
    if (audience === false || !(error instanceof OidcTokenError) || error.claim !== 'aud') throw error;
    throw mismatch(error.message, error.claim, oneOf(audience));
  }
}

/** Whether a token that its issuer signed is one of its access tokens, and may be sent as a bearer token. */
function checkKind({ header, claims }: UnverifiedJwt, settings: ResolvedIssuer): void {
  const { typ, expectedClaims, cnfIsCheckedInFront } = settings;
  if (typ !== false && !typ.some((each) => isTyp(header.typ, each))) {
    throw mismatch('jwt typ invalid', 'header.typ', oneOf(typ));
  }
  for (const [claim, values] of expectedClaims) {
    const actual = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    const actuals: unknown[] = Array.isArray(actual) ? actual : [actual];
    if (!values.some((value) => actuals.includes(value))) {
      throw mismatch(`jwt claim invalid: ${claim}`, claim, oneOf(values));
    }
  }
  // RFC 7800 section 3.1: it says that whoever presents the token has to prove that a key is theirs.
  if (Object.hasOwn(claims, 'cnf') && !cnfIsCheckedInFront) {
    throw mismatch('jwt is bound to a key of its client', 'cnf', unbound);
  }
}

/** Whether this is the error of an issuer whose keys cannot be had. */
export function isAboutKeys(error: unknown): error is OidcKeyError {
  return error instanceof OidcKeyError && error.code === 'OIDC_KEY_SOURCE_FAILED';
}
