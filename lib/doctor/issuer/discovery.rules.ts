import { defectOfAddress, isLoopback } from '../../network/addresses.js';
import type { Finding } from '../finding.js';
import { finderOf, listOf, quoted } from '../kinds-of-findings.js';
import { kindsOfDiscovery } from './kinds-of-discovery.js';
import { hasKeysOnly, metadataOf } from './observation.js';
import type { Observation } from './observation.js';

const found = finderOf(kindsOfDiscovery);
const at = (member: string) => `discovery.${member}`;

/** Registered for signatures (RFC 7518, RFC 8037, RFC 8812, RFC 9864), and those of ML-DSA. */
const signatureNames = /^(none|(HS|RS|ES|PS)(256|384|512)|ES256K|EdDSA|Ed25519|Ed448|ML-DSA-(44|65|87))$/;

export function discoveryRule(seen: Observation): readonly Finding[] {
  const metadata = metadataOf(seen);
  if (!metadata) return [];
  const isOpenId = seen.standard === 'OpenID Connect Discovery';
  return [
    ...aboutIssuer(metadata, seen.issuer),
    ...aboutEndpoints(metadata, isOpenId),
    ...aboutAddresses(metadata, seen.issuer),
    ...aboutForms(metadata),
    ...aboutResponses(metadata),
    ...aboutClientAuthentication(metadata),
    ...(isOpenId ? aboutOpenId(metadata) : []),
  ];
}

function aboutIssuer({ issuer }: Record<string, unknown>, asked: string): Finding[] {
  if (issuer === undefined) return [found('ISSUER_MISSING', at('issuer'), 'It is not there.')];
  const findings: Finding[] = [];
  if (issuer !== asked) {
    const message = `It is ${quoted(issuer)}, and ${quoted(asked)} was asked for.`;
    findings.push(found('ISSUER_DIFFERS', at('issuer'), message));
  }
  const isSound =
    typeof issuer === 'string' && !issuer.includes('?') && defectOfAddress(issuer) === undefined;
  if (!isSound) findings.push(found('ISSUER_MALFORMED', at('issuer'), `It is ${quoted(issuer)}.`));
  return findings;
}

function aboutEndpoints(metadata: Record<string, unknown>, isOpenId: boolean): Finding[] {
  const findings: Finding[] = [];
  const keysOnly = hasKeysOnly(metadata);
  // Clusters and meshes are of this kind by design.
  const severity = keysOnly ? 'note' : 'error';
  const absent = keysOnly
    ? 'It is not there, as at an issuer of which only the keys are used.'
    : 'It is not there.';
  if (metadata.authorization_endpoint === undefined && (isOpenId || usesAuthorizationEndpoint(metadata))) {
    findings.push(found('AUTHORIZATION_ENDPOINT_MISSING', at('authorization_endpoint'), absent, severity));
  }
  if (metadata.token_endpoint === undefined && !isImplicitOnly(metadata)) {
    findings.push(found('TOKEN_ENDPOINT_MISSING', at('token_endpoint'), absent, severity));
  }
  if (metadata.jwks_uri === undefined) {
    const message = isOpenId
      ? 'It is not there.'
      : 'It is not there, and what a relying party guesses need not be the JWKS.';
    findings.push(found('JWKS_URI_MISSING', at('jwks_uri'), message, isOpenId ? 'error' : 'warning'));
  }
  return findings;
}

/** RFC 8414 section 2 has it required unless no grant type uses it. */
function usesAuthorizationEndpoint({ grant_types_supported: grants }: Record<string, unknown>): boolean {
  return !Array.isArray(grants) || grants.includes('authorization_code') || grants.includes('implicit');
}

function isImplicitOnly({ response_types_supported: types }: Record<string, unknown>): boolean {
  return Array.isArray(types) && types.length > 0 && !types.some((type) => /\bcode\b/.test(String(type)));
}

function aboutAddresses(metadata: Record<string, unknown>, issuer: string): Finding[] {
  const isLocal = URL.canParse(issuer) && isLoopback(new URL(issuer));
  const names = Object.keys(metadata).filter((name) => /_endpoint$|^jwks_uri$/.test(name));
  const findings = names.flatMap((name): Finding[] => {
    const value = metadata[name];
    if (typeof value !== 'string' || !URL.canParse(value)) {
      return [found('ADDRESS_NO_URL', at(name), `It is ${quoted(value)}.`)];
    }
    const url = new URL(value);
    // Kubernetes names so what it does not have.
    if (url.protocol === 'urn:') {
      return [found('ADDRESS_NO_URL', at(name), `It is ${quoted(value)}, a name and no address.`, 'note')];
    }
    if (!isLocal && isLoopback(url)) {
      return [
        found('ADDRESS_OF_THIS_MACHINE', at(name), `It is ${quoted(value)}, and the issuer is elsewhere.`),
      ];
    }
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
      return [found('ADDRESS_WITHOUT_TLS', at(name), `It is ${quoted(value)}.`)];
    }
    return value.includes('#') ? [found('ENDPOINT_FRAGMENT', at(name), `It is ${quoted(value)}.`)] : [];
  });
  const { jwks_uri: jwksUri } = metadata;
  const isElsewhere =
    typeof jwksUri === 'string' &&
    URL.canParse(jwksUri) &&
    URL.canParse(issuer) &&
    new URL(jwksUri).hostname !== new URL(issuer).hostname;
  if (isElsewhere) {
    findings.push(
      found('JWKS_ELSEWHERE', at('jwks_uri'), `It is on another host, ${new URL(jwksUri).host}.`),
    );
  }
  return findings;
}

const booleans = [
  'claims_parameter_supported',
  'request_parameter_supported',
  'request_uri_parameter_supported',
  'require_request_uri_registration',
  'authorization_response_iss_parameter_supported',
  'tls_client_certificate_bound_access_tokens',
  'backchannel_logout_supported',
  'backchannel_logout_session_supported',
  'frontchannel_logout_supported',
  'frontchannel_logout_session_supported',
];

/** Every list of the registry has a name like this; that of OpenID Federation is an object, one of Identity Assurance a boolean. */
const listName =
  /^(?!request_authentication_methods_|verified_claims_supported)\w*(_values|_types|_modes|_methods|scopes|claims|_locales)_supported$/;

function aboutForms(metadata: Record<string, unknown>): Finding[] {
  return Object.entries(metadata).flatMap(([name, value]): Finding[] => {
    if (booleans.includes(name) && typeof value !== 'boolean') {
      return [found('NOT_A_BOOLEAN', at(name), `It is ${quoted(value)}.`)];
    }
    if (Array.isArray(value) && value.length === 0)
      return [found('EMPTY_LIST', at(name), 'It is an empty array.')];
    const isList = Array.isArray(value) && value.every((each) => typeof each === 'string');
    if (listName.test(name) && !isList) return [found('NOT_A_LIST', at(name), `It is ${quoted(value)}.`)];
    if (/^(ui|claims)_locales_supported$/.test(name)) {
      return (value as string[]).flatMap((tag) => aboutLocale(tag, at(name))).slice(0, 1);
    }
    return [];
  });
}

function aboutLocale(tag: string, where: string): Finding[] {
  const canonical = canonicalTag(tag);
  if (canonical === undefined)
    return [found('LOCALE_MALFORMED', where, `${quoted(tag)} is no language tag.`)];
  return canonical.toLowerCase() === tag.toLowerCase() && canonical !== tag
    ? [found('LOCALE_CASING', where, `It lists ${quoted(tag)}, which is written ${quoted(canonical)}.`)]
    : [];
}

function canonicalTag(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    // It throws for what is none.
    return undefined;
  }
}

function aboutResponses(metadata: Record<string, unknown>): Finding[] {
  const types = metadata.response_types_supported;
  if (types === undefined) {
    return [found('RESPONSE_TYPES_MISSING', at('response_types_supported'), 'It is not there.')];
  }
  const names = textsOf(types);
  const unknown = names.filter(
    (type) => !/^(none|(code|token|id_token)( (code|token|id_token))*)$/.test(type),
  );
  const grants = metadata.grant_types_supported;
  const lacksGrant =
    names.includes('code') &&
    Array.isArray(grants) &&
    grants.length > 0 &&
    !grants.includes('authorization_code');
  return [
    ...unknown.map((type) =>
      found('RESPONSE_TYPE_UNKNOWN', at('response_types_supported'), `${quoted(type)} is no response type.`),
    ),
    ...(lacksGrant
      ? [found('CODE_GRANT_MISSING', at('grant_types_supported'), 'It lacks "authorization_code".')]
      : []),
  ];
}

function aboutClientAuthentication(metadata: Record<string, unknown>): Finding[] {
  return ['token', 'revocation', 'introspection'].flatMap((endpoint): Finding[] => {
    const methods = textsOf(metadata[`${endpoint}_endpoint_auth_methods_supported`]);
    const name = `${endpoint}_endpoint_auth_signing_alg_values_supported`;
    const algorithms = metadata[name];
    if (textsOf(algorithms).includes('none')) {
      return [found('AUTH_ALGORITHM_NONE', at(name), 'It lists "none".')];
    }
    const signed = methods.filter((method) => ['private_key_jwt', 'client_secret_jwt'].includes(method));
    return algorithms === undefined && signed.length > 0
      ? [found('AUTH_ALGORITHMS_MISSING', at(name), `It is not there, and ${listOf(signed)} is supported.`)]
      : [];
  });
}

function aboutOpenId(metadata: Record<string, unknown>): Finding[] {
  const findings: Finding[] = [];
  const algorithms = metadata.id_token_signing_alg_values_supported;
  const where = at('id_token_signing_alg_values_supported');
  if (metadata.subject_types_supported === undefined) {
    findings.push(found('SUBJECT_TYPES_MISSING', at('subject_types_supported'), 'It is not there.'));
  }
  if (algorithms === undefined)
    findings.push(found('ID_TOKEN_ALGORITHMS_MISSING', where, 'It is not there.'));
  else if (Array.isArray(algorithms) && algorithms.length > 0 && !algorithms.includes('RS256')) {
    findings.push(found('RS256_NOT_SUPPORTED', where, `It lists ${quoted(algorithms)}.`));
  }
  if (textsOf(algorithms).includes('none')) findings.push(found('NONE_SUPPORTED', where, 'It lists "none".'));
  const unknown = textsOf(algorithms).filter((name) => !signatureNames.test(name));
  if (unknown.length > 0) {
    findings.push(found('ALGORITHM_UNKNOWN', where, `${quoted(unknown[0])} is no registered name.`));
  }
  const scopes = metadata.scopes_supported;
  const bad = textsOf(scopes).filter((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope));
  if (bad.length > 0) {
    findings.push(found('SCOPE_MALFORMED', at('scopes_supported'), `${quoted(bad[0])} is no scope.`));
  }
  if (Array.isArray(scopes) && scopes.length > 0 && !scopes.includes('openid')) {
    findings.push(found('OPENID_SCOPE_MISSING', at('scopes_supported'), 'It lacks "openid".'));
  }
  if (metadata.claims_supported === undefined && !hasKeysOnly(metadata)) {
    findings.push(found('CLAIMS_MISSING', at('claims_supported'), 'It is not there.'));
  }
  const ofRequests = textsOf(metadata.request_object_signing_alg_values_supported);
  if (ofRequests.length > 0 && !ofRequests.includes('RS256')) {
    const place = at('request_object_signing_alg_values_supported');
    findings.push(found('REQUEST_OBJECTS_WITHOUT_RS256', place, `It lists ${quoted(ofRequests)}.`));
  }
  if (metadata.userinfo_endpoint === undefined && !hasKeysOnly(metadata)) {
    findings.push(found('USERINFO_MISSING', at('userinfo_endpoint'), 'It is not there.'));
  }
  return findings;
}

/** The strings of a list, whatever else is in it; of something else, none. */
function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
