const section3 = 'OpenID Connect Discovery 1.0 section 3';
const both = `${section3}, RFC 8414 section 2`;

/** What the metadata of an issuer have to say, and what their members may be. */
export const kindsOfDiscovery = {
  ISSUER_MISSING: {
    severity: 'error',
    rule: `${both}: issuer is REQUIRED; conformance suite: CheckDiscEndpointIssuer`,
    remedy: 'Put the issuer there, letter for letter as tokens carry it in "iss".',
  },
  ISSUER_DIFFERS: {
    severity: 'error',
    rule: 'OpenID Connect Discovery 1.0 section 4.3, RFC 8414 section 3.3: it must be identical to the one asked for; conformance suite: CheckDiscEndpointIssuer',
    remedy:
      'Configure the issuer by which relying parties know it, or give --issuer as the document names it.',
  },
  ISSUER_MALFORMED: {
    severity: 'error',
    rule: `${both}: an https URL without query and fragment; conformance suite: CheckDiscEndpointIssuerIsValidUrl`,
    remedy: 'Configure an issuer that begins with https:// and has neither query nor fragment.',
  },
  AUTHORIZATION_ENDPOINT_MISSING: {
    severity: 'error',
    rule: `${both}: authorization_endpoint is REQUIRED; conformance suite: CheckDiscEndpointAuthorizationEndpoint`,
    remedy: 'Name the endpoint. An issuer at which nobody logs in, such as a cluster, can do without.',
  },
  TOKEN_ENDPOINT_MISSING: {
    severity: 'error',
    rule: `${both}: token_endpoint is REQUIRED unless only the implicit flow is used; conformance suite: CheckDiscEndpointTokenEndpoint`,
    remedy: 'Name the endpoint. An issuer at which nobody logs in, such as a cluster, can do without.',
  },
  JWKS_URI_MISSING: {
    severity: 'error',
    rule: `${section3}: jwks_uri is REQUIRED; conformance suite: CheckJwksUri`,
    remedy: 'Name the address of the JWKS.',
  },
  RESPONSE_TYPES_MISSING: {
    severity: 'error',
    rule: `${both}: response_types_supported is REQUIRED; conformance suite: OIDCCCheckDiscEndpointResponseTypesSupported`,
    remedy: 'List the response types, such as "code".',
  },
  SUBJECT_TYPES_MISSING: {
    severity: 'error',
    rule: `${section3}: subject_types_supported is REQUIRED; conformance suite: CheckDiscEndpointSubjectTypesSupported`,
    remedy: 'List the subject types: "public", "pairwise", or both.',
  },
  ID_TOKEN_ALGORITHMS_MISSING: {
    severity: 'error',
    rule: `${section3}: id_token_signing_alg_values_supported is REQUIRED; conformance suite: OIDCCCheckDiscEndpointIdTokenSigningAlgValuesSupported`,
    remedy: 'List the algorithms that sign ID tokens, RS256 among them.',
  },
  RS256_NOT_SUPPORTED: {
    severity: 'error',
    rule: `${section3}: RS256 MUST be included; conformance suite: OIDCCCheckDiscEndpointIdTokenSigningAlgValuesSupported`,
    remedy: 'Publish an RSA key and list RS256, for clients that ask for nothing else.',
  },
  ADDRESS_NO_URL: {
    severity: 'error',
    rule: `${both}: the member is a URL; conformance suite: ValidateServerMetadataAgainstSchema`,
    remedy: 'Name an absolute address, or leave the member out.',
  },
  ADDRESS_WITHOUT_TLS: {
    severity: 'error',
    rule: 'OpenID Connect Discovery 1.0 section 7.1, RFC 8414 section 6.1: TLS is REQUIRED; conformance suite: CheckDiscEndpointAllEndpointsAreHttps, CheckJwksUri',
    remedy:
      'Name an address that begins with https://; behind a proxy, tell the server how it is called from outside.',
  },
  ADDRESS_OF_THIS_MACHINE: {
    severity: 'error',
    rule: `${both}: the member is the address under which relying parties reach the endpoint`,
    remedy: 'Tell the server under which address it is reached from outside.',
  },
  ENDPOINT_FRAGMENT: {
    severity: 'error',
    rule: 'RFC 6749 sections 3.1 and 3.2: the address of an endpoint must not have a fragment',
    remedy: 'Take the fragment (#) out of the address.',
  },
  JWKS_ELSEWHERE: {
    severity: 'note',
    rule: 'AWS IAM, Azure and firewalls of relying parties have to reach this host too',
    remedy: 'Nothing, if it is meant; whoever allows hosts by name has to allow both.',
  },
  NOT_A_LIST: {
    severity: 'error',
    rule: `${both}: the member is a JSON array of strings; conformance suite: ValidateServerMetadataAgainstSchema, EnsureServerConfigurationCodeChallengeMethodsSupportedIsAnArray`,
    remedy: 'Write it as an array of strings, one value included.',
  },
  NOT_A_BOOLEAN: {
    severity: 'error',
    rule: `${both}: the member is a boolean; conformance suite: ValidateServerMetadataAgainstSchema`,
    remedy: 'Write true or false without quotation marks.',
  },
  EMPTY_LIST: {
    severity: 'warning',
    rule: 'OpenID Connect Discovery 1.0 section 4.2, RFC 8414 section 3.2: members with zero elements must be omitted; conformance suite: OIDCCCheckDiscEndpointGrantTypesSupported',
    remedy: 'Leave the member out.',
  },
  NONE_SUPPORTED: {
    severity: 'warning',
    rule: `${section3}: "none" only for response types that return no ID token from the authorization endpoint; RFC 8725 section 3.2`,
    remedy: 'Take "none" out of the list.',
  },
  ALGORITHM_UNKNOWN: {
    severity: 'warning',
    rule: 'RFC 7515 section 4.1.1, IANA registry "JSON Web Signature and Encryption Algorithms"; names are case-sensitive',
    remedy: 'Write the registered name, such as RS256.',
  },
  RESPONSE_TYPE_UNKNOWN: {
    severity: 'warning',
    rule: 'OAuth 2.0 Multiple Response Type Encoding Practices 1.0, IANA registry "OAuth Authorization Endpoint Response Types"',
    remedy: 'Take out what is no response type; a grant type belongs into grant_types_supported.',
  },
  CODE_GRANT_MISSING: {
    severity: 'warning',
    rule: `${both}: response type "code" is of the grant type authorization_code, which grant_types_supported lacks`,
    remedy: 'List authorization_code in grant_types_supported.',
  },
  OPENID_SCOPE_MISSING: {
    severity: 'warning',
    rule: `${section3}: the server MUST support the scope openid; conformance suite: CheckDiscEndpointScopesSupportedContainsOpenId`,
    remedy: 'List "openid" in scopes_supported.',
  },
  SCOPE_MALFORMED: {
    severity: 'error',
    rule: 'RFC 6749 section 3.3: a scope is one word of printable ASCII; conformance suite: CheckDiscEndpointScopesSupportedSyntax',
    remedy: 'List each scope as a string of its own.',
  },
  AUTH_ALGORITHMS_MISSING: {
    severity: 'warning',
    rule: 'RFC 8414 section 2: it MUST be present where private_key_jwt or client_secret_jwt is listed',
    remedy: 'List the algorithms in which clients may sign their assertions.',
  },
  AUTH_ALGORITHM_NONE: {
    severity: 'error',
    rule: `${both}: the value "none" MUST NOT be used`,
    remedy: 'Take "none" out of the list: anybody could be any client.',
  },
  LOCALE_MALFORMED: {
    severity: 'warning',
    rule: 'RFC 8414 section 2, RFC 5646: language tags; conformance suite: CheckDiscEndpointLocalesSyntax',
    remedy: 'Write language tags such as en or de-AT.',
  },
  LOCALE_CASING: {
    severity: 'note',
    rule: 'RFC 5646 section 2.1.1: language tags are written as de-AT; conformance suite: CheckDiscEndpointLocalesCanonicalCasing',
    remedy: 'Write the language small and the region in capitals.',
  },
  CLAIMS_MISSING: {
    severity: 'note',
    rule: `${section3}: claims_supported is RECOMMENDED; conformance suite: OIDCCCheckDiscEndpointClaimsSupported`,
    remedy: 'List the claims that clients may get.',
  },
  REQUEST_OBJECTS_WITHOUT_RS256: {
    severity: 'note',
    rule: `${section3}: servers SHOULD support RS256 there; conformance suite: CheckDiscEndpointRequestObjectSigningAlgValuesSupportedIncludesRS256`,
    remedy: 'Take request objects that are signed with RS256, if clients send any.',
  },
  USERINFO_MISSING: {
    severity: 'note',
    rule: `${section3}: userinfo_endpoint is RECOMMENDED; conformance suite: CheckDiscEndpointUserinfoEndpoint`,
    remedy: 'Nothing, if ID tokens carry what clients need.',
  },
} as const;
