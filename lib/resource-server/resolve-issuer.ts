import { isSigningAlgorithm, signingAlgorithms } from '../core/algorithms.js';
import type { SigningAlgorithm } from '../core/algorithms.js';
import type { OidcKeyError } from '../core/errors.js';
import { isTyp } from '../core/jwt/jwt-claims.js';
import type { PublishedKeys } from '../core/key/published-keys.js';
import type { Usage } from '../core/usage/usage.js';
import { defectOfAddress } from '../network/addresses.js';
import { claimsOfIdToken } from './id-token-claims.js';
import {
  emptiness,
  invalid,
  isListOf,
  isPlainObject,
  isText,
  refuseUnknown,
  textsOf,
} from './option-values.js';
import type { Given } from './option-values.js';
import type { IssuerOptions } from './resource-server.options.js';

/** Where the keys of an issuer come from. */
export type KeysOrigin =
  { readonly jwksUri: URL } | { readonly keys: { readonly ring: PublishedKeys; readonly usage?: Usage } };

/** What tokens of one issuer are verified with. */
export interface ResolvedIssuer {
  readonly issuer: string;
  readonly origin: KeysOrigin;
  readonly audience: readonly string[] | false;
  readonly algorithms: readonly SigningAlgorithm[];
  readonly typ: readonly string[] | false;
  readonly requiredClaims: readonly string[];
  readonly expectedClaims: readonly (readonly [claim: string, values: readonly string[]])[];
  readonly scopeClaim: string;
  readonly clockTolerance: number;
  readonly keepKeysFor: number;
  readonly cnfIsCheckedInFront: boolean;
}

export const namesOfIssuer: Readonly<Record<keyof IssuerOptions, true>> = {
  issuer: true,
  audience: true,
  jwksUri: true,
  keys: true,
  algorithms: true,
  typ: true,
  requiredClaims: true,
  expectedClaims: true,
  scopeClaim: true,
  clockTolerance: true,
  keepKeysFor: true,
  cnfIsCheckedInFront: true,
  trustNetworkWithoutTls: true,
};

/** Options that are no issuer's. `isGlobal` is known before a factory is asked. */
export const beside = ['issuers', 'getToken', 'isGlobal'];

const claimsOfAccessToken = ['exp', 'iat', 'jti', 'sub', 'client_id'];

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function resolveIssuer(
  given: Given,
  nameOf: (option: string) => string,
  isAlone = false,
): ResolvedIssuer {
  // A name that is misspelt must not leave a check out.
  refuseUnknown(given, [...Object.keys(namesOfIssuer), ...(isAlone ? beside : [])], nameOf);
  const fail = (option: keyof IssuerOptions, defect: string) => invalid(nameOf(option), defect);
  const flag = (option: 'cnfIsCheckedInFront' | 'trustNetworkWithoutTls') => {
    const value = given[option] ?? false;
    if (typeof value !== 'boolean') throw fail(option, 'has to be true or false');
    return value;
  };
  const seconds = (
    option: 'clockTolerance' | 'keepKeysFor',
    [least, most, usual]: [number, number, number],
  ) => {
    const value = given[option] ?? usual;
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) {
      return value as number;
    }
    throw fail(option, `has to be a whole number of seconds, from ${least} to ${most}`);
  };
  const { audience, algorithms = signingAlgorithms, requiredClaims = claimsOfAccessToken } = given;
  const { typ = 'at+jwt', expectedClaims = {}, scopeClaim = 'scope' } = given;
  const isTrusted = flag('trustNetworkWithoutTls');

  const defect = defectOfAddress(given.issuer, isTrusted);
  if (defect !== undefined) throw fail('issuer', `${defect}${emptiness(given.issuer)}`);
  const issuer = given.issuer as string;
  // RFC 8414 section 2.
  if (issuer.includes('?')) throw fail('issuer', 'has a query (?) in it; take it out');
  const audiences = textsOf(audience);
  if (audience !== false && !audiences) {
    throw fail(
      'audience',
      `has to be the identifier of this resource server, or a list of them, or false${emptiness(audience)}`,
    );
  }
  if (!isListOf(algorithms, isSigningAlgorithm) || algorithms.length === 0) {
    throw fail('algorithms', `has to be a list of ${signingAlgorithms.join(', ')}`);
  }
  const types = textsOf(typ);
  if (typ !== false && !types)
    throw fail('typ', 'has to be a media type such as at+jwt, or a list, or false');
  if (!isListOf(requiredClaims, isText)) throw fail('requiredClaims', 'has to be a list of names');
  if (!isPlainObject(expectedClaims) || !Object.values(expectedClaims).every(textsOf)) {
    throw fail('expectedClaims', 'has to be a plain object that gives each claim a text, or a list of them');
  }
  if (!isText(scopeClaim)) throw fail('scopeClaim', 'has to be the name of a claim');
  const expected = Object.entries(expectedClaims).map(
    ([claim, values]) => [claim, textsOf(values)!] as const,
  );
  if (audience === false && expected.length === 0) {
    throw fail('audience', 'is false, and no "expectedClaims" says in its place for whom a token is');
  }
  const told = [...(textsOf(given.requiredClaims) ?? []), ...expected.map(([claim]) => claim)];
  const isToldByType = types !== undefined && !types.some((each) => isTyp('JWT', each));
  if (!isToldByType && told.every((claim) => claimsOfIdToken.includes(claim))) {
    throw fail(
      'typ',
      'is one that ID tokens have too, and neither "requiredClaims" nor "expectedClaims" names the claim by which the ' +
        'access tokens of this issuer differ from them, as { requiredClaims: ["azp"] } does. The page "Tokens of other ' +
        'providers" has those of many',
    );
  }
  return {
    issuer,
    origin: originOf(given, isTrusted, fail),
    audience: audiences ?? false,
    algorithms: [...algorithms],
    typ: types ?? false,
    requiredClaims: [...new Set(['exp', ...requiredClaims])],
    expectedClaims: expected,
    scopeClaim,
    clockTolerance: seconds('clockTolerance', [0, 300, 0]),
    keepKeysFor: seconds('keepKeysFor', [600, 86_400, 3600]),
    cnfIsCheckedInFront: flag('cnfIsCheckedInFront'),
  };
}

function originOf(
  { issuer, jwksUri, keys, keepKeysFor }: Given,
  isTrusted: boolean,
  fail: (option: keyof IssuerOptions, defect: string) => OidcKeyError,
): KeysOrigin {
  if (keys !== undefined) {
    if (jwksUri !== undefined || keepKeysFor !== undefined) {
      throw fail('keys', 'stands beside "jwksUri" or "keepKeysFor", which are for keys that are fetched');
    }
    if (!isKeyRotation(keys)) throw fail('keys', 'has to be the KeyRotation that OidcKeyModule provides');
    return { keys };
  }
  const address = jwksUri ?? `${(issuer as string).replace(/\/$/, '')}/.well-known/jwks.json`;
  const defect = defectOfAddress(address, isTrusted);
  if (defect !== undefined) throw fail('jwksUri', defect);
  return { jwksUri: new URL(address) };
}

/** Told by what it has: another copy of the package may have made it. */
function isKeyRotation(value: unknown): value is { readonly ring: PublishedKeys } {
  const { ring } = (value ?? {}) as { ring?: Partial<PublishedKeys> };
  return typeof ring?.named === 'function' && typeof ring.candidatesFor === 'function';
}
