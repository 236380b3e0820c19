import { isDeepStrictEqual } from 'node:util';

import { claimTypeFaults } from './claim-type-faults.js';
import type { ReadToken } from './read-token.js';
import { shown } from './shown.js';
import type { KeysOfIssuer } from './keys-of-issuer.js';

/** What a token is to be. What is left out is not compared; what is there is, or is refused. */
interface ExpectedToken {
  /** `iss`. */
  readonly issuer?: string;
  /** `sub`. */
  readonly subject?: string;
  /** Other claims, each with its whole value. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Whose signature it is to have. Default: the signature is not looked at. */
  readonly signedBy?: KeysOfIssuer;
  /** When it is used. Default: now. */
  readonly at?: Date;
}

/** What an access token is to be (RFC 9068). */
export interface ExpectedAccessToken extends ExpectedToken {
  /** The resource server: in `aud`. */
  readonly audience?: string;
  /** `client_id`. */
  readonly clientId?: string;
  /** Scopes that are in `scope`, among others or not. */
  readonly scope?: string | readonly string[];
}

/** What an ID token is to be (OpenID Connect Core section 2). */
export interface ExpectedIdToken extends ExpectedToken {
  /** The client: in `aud`. */
  readonly clientId?: string;
  /** `nonce`. */
  readonly nonce?: string;
}

/** What keeps a token from being an access token as it is expected (RFC 9068 section 2). */
export function accessTokenFaults({ header, claims }: ReadToken, expected: ExpectedAccessToken): string[] {
  const { audience, clientId, scope = [] } = expected;
  const granted = typeof claims.scope === 'string' ? claims.scope.split(' ') : [];
  const missing = [scope]
    .flat()
    .flatMap((each) => each.split(' '))
    .filter((each) => !granted.includes(each));
  return [
    ...(isTyp(header.typ, 'at+jwt')
      ? []
      : [
          `its header has "typ": ${shown(header.typ)}, and an access token has "at+jwt" (RFC 9068 section 2.1)`,
        ]),
    ...missingFaults(claims, ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'], 'RFC 9068 section 2.2'),
    ...commonFaults(claims, expected),
    ...audienceFaults(claims, audience),
    ...valueFaults(claims, { client_id: clientId }),
    ...missing.map((each) => `its "scope" is ${shown(claims.scope)}, without ${shown(each)}`),
  ];
}

/** What keeps a token from being an ID token as it is expected (OpenID Connect Core section 2). */
export function idTokenFaults({ header, claims }: ReadToken, expected: ExpectedIdToken): string[] {
  const { clientId, nonce } = expected;
  return [
    ...typFaultsOfIdToken(header.typ),
    ...missingFaults(claims, ['iss', 'sub', 'aud', 'exp', 'iat'], 'OpenID Connect Core section 2'),
    ...commonFaults(claims, expected),
    ...audienceFaults(claims, clientId),
    ...authorizedPartyFaults(claims, clientId),
    ...valueFaults(claims, { nonce }),
  ];
}

function typFaultsOfIdToken(typ: unknown): string[] {
  if (typ === undefined || isTyp(typ, 'jwt')) return [];
  return isTyp(typ, 'at+jwt')
    ? ['its header has "typ": "at+jwt": it is an access token (RFC 9068 section 2.1)']
    : [`its header has "typ": ${shown(typ)}: it is a token of another kind (RFC 8725 section 3.11)`];
}

/** OpenID Connect Core section 3.1.3.7: of several audiences, `azp` says for which client the token was issued. */
function authorizedPartyFaults({ aud, azp }: ReadToken['claims'], clientId: string | undefined): string[] {
  if (clientId === undefined || azp === clientId) return [];
  if (azp !== undefined) return [`its "azp" is ${shown(azp)}, and not ${shown(clientId)}`];
  return Array.isArray(aud) && aud.length > 1
    ? [`it has ${aud.length} audiences, and no "azp" says that it is for ${shown(clientId)}`]
    : [];
}

function commonFaults(
  claims: ReadToken['claims'],
  { issuer, subject, claims: others = {}, at = new Date() }: ExpectedToken,
): string[] {
  const now = Math.floor(at.getTime() / 1000);
  const { exp, nbf, iat } = claims;
  return [
    ...claimTypeFaults(claims),
    ...valueFaults(claims, { iss: issuer, sub: subject }),
    // On their own, so that none of them stands in for another that is expected.
    ...valueFaults(claims, others),
    ...(typeof exp === 'number' && exp <= now ? [`it expired ${now - exp} s ago ("exp": ${exp})`] : []),
    ...(typeof nbf === 'number' && nbf > now
      ? [`it is not valid for another ${nbf - now} s ("nbf": ${nbf})`]
      : []),
    ...(typeof iat === 'number' && iat > now
      ? [`it is issued ${iat - now} s after the time of its use ("iat": ${iat})`]
      : []),
  ];
}

function missingFaults(claims: ReadToken['claims'], names: readonly string[], section: string): string[] {
  return names
    .filter((name) => claims[name] === undefined)
    .map((name) => `it has no ${shown(name)} (${section})`);
}

function valueFaults(claims: ReadToken['claims'], expected: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(expected)
    .filter(([name, value]) => value !== undefined && !isDeepStrictEqual(claims[name], value))
    .map(([name, value]) => `its ${shown(name)} is ${shown(claims[name])}, and not ${shown(value)}`);
}

function audienceFaults({ aud }: ReadToken['claims'], audience: string | undefined): string[] {
  const isIn = audience === undefined || [aud].flat().includes(audience);
  return isIn ? [] : [`its "aud" is ${shown(aud)}, without ${shown(audience)}`];
}

/** RFC 7515 section 4.1.9: a `typ` without a slash is short for `application/...`, and case does not matter. */
function isTyp(actual: unknown, expected: string): boolean {
  return typeof actual === 'string' && actual.toLowerCase().replace(/^application\//, '') === expected;
}
