import { isLoopback } from '../../network/addresses.js';
import type { Finding } from '../finding.js';
import { finderOf, listOf, quoted } from '../kinds-of-findings.js';
import { thumbprintOfRsa } from './jwks.rules.js';
import { canSignIn, isForEncryption } from './key-kinds.js';
import { keysAmong, keysOf, listsOf } from './observation.js';
import type { Observation, SeenKey } from './observation.js';

const iam = 'AWS IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM"';
const entra = 'Microsoft Entra, "Workload identity federation"';

/** What relying parties that nobody here wrote cannot bear, whatever standards allow. */
export const kindsOfRelyingParties = {
  NAME_ED25519: {
    severity: 'warning',
    rule: 'Go jwx 3.0.13 and Rust jsonwebtoken 8.2 to 9.3 refuse the whole set for the name, RS256 included; 50 of 77 verifiers take EdDSA, and 6 this one (measured)',
    remedy: 'Write "EdDSA" in the JWK and in the tokens.',
  },
  OKP_KEY: {
    severity: 'note',
    rule: 'ruby-jwt 2.7.1 without rbnacl, node-jose 2.2.0 and python-jose 3.3.0 refuse a whole set with an OKP key (measured)',
    remedy: 'Publish Ed25519 keys only where every relying party can bear them.',
  },
  AKP_KEY: {
    severity: 'warning',
    rule: 'Authlib.jose, jwcrypto, go-jose, joserfc 1.1, jwx and Rust jsonwebtoken refuse a whole set with an AKP key (measured)',
    remedy: 'Keep keys of ML-DSA in a set of their own.',
  },
  ALG_MISSING: {
    severity: 'note',
    rule: 'php-jwt takes no key without alg (measured)',
    remedy: 'Say in each key which algorithm it signs.',
  },
  USE_MISSING: {
    severity: 'note',
    rule: 'RFC 7517 section 4.2: optional; some relying parties look for use "sig"',
    remedy: 'Say use: "sig" in each key.',
  },
  JWKS_WITHOUT_RS256: {
    severity: 'note',
    rule:
      '@okta/jwt-verifier, Mojo::JWT, lua-resty-openidc and python-social-auth take RS256 alone (measured); ' +
      `${entra}: only RS256 is supported; Azure API Management, validate-jwt: RS256 by an openid-config`,
    remedy: 'Publish an RSA key for RS256, if any of these is a relying party.',
  },
  JWKS_WITHOUT_AWS_ALGORITHM: {
    severity: 'note',
    rule: `${iam}: RS256, RS384, RS512, ES256, ES384 or ES512; Amazon Cognito user pools: HMAC, ECDSA or RSA`,
    remedy: 'Sign with RS256 or ES256, if AWS is a relying party.',
  },
  JWKS_WITHOUT_RSA: {
    severity: 'note',
    rule: 'Amazon API Gateway Developer Guide, "JWT authorizers": only RSA-based algorithms; it may cache a key for two hours',
    remedy: 'Publish an RSA key, if API Gateway is a relying party.',
  },
  OVER_100_KEYS: {
    severity: 'warning',
    rule: `${iam}: at most 100 RSA and 100 EC keys; ${entra}: the first 100 keys are kept`,
    remedy: 'Take out keys whose tokens have all expired.',
  },
  OVER_10_KEYS: {
    severity: 'note',
    rule: 'Oracle API Gateway, "Identity Provider Details": a JWKS can contain a maximum of ten keys',
    remedy: 'Take out keys whose tokens have all expired, if it is a relying party.',
  },
  ISSUER_WITH_PORT: {
    severity: 'note',
    rule: `${iam}: the URL should not contain a port number; Amazon Cognito user pools: ports 80 and 443 alone`,
    remedy: 'Serve the issuer on port 443, if AWS is a relying party.',
  },
  ISSUER_TOO_LONG: {
    severity: 'warning',
    rule: 'Elastic Load Balancing API, JwtValidationActionConfig: 256 characters; Microsoft Graph, federatedIdentityCredential: 600; AWS IAM: 255',
    remedy: 'Take an issuer of at most 255 characters.',
  },
  PUBLIC_DEVELOPMENT_KEY: {
    severity: 'warning',
    rule: 'The private half of this key stands in a package that everybody can read',
    remedy: 'Make a key of your own before anybody relies on a token.',
  },
} as const;

const found = finderOf(kindsOfRelyingParties);

/** By thumbprint: keys that stand in packages, and the package. */
const developmentKeys: Readonly<Record<string, string>> = {
  r1LkbBo3925Rb2ZFFrKyU3MVex9T2817Kx0vbi6i_Kc: 'oidc-provider',
  jS8J3RuOy291lpsiFe2NfKV6VkdfMF4Q_840qOLXAjs: 'cognito-local',
};

export function relyingPartiesRule(seen: Observation): readonly Finding[] {
  const signing = ({ jwk }: SeenKey) => !isForEncryption(jwk);
  const keys = keysOf(seen).filter(signing);
  const sets = listsOf(seen).map((list) => keysAmong(list).filter(signing));
  const [largest = []] = sets.toSorted((one, other) => other.length - one.length);
  return [
    ...aboutIssuer(seen.issuer),
    ...(keys.length > 0 ? [...aboutNumbers(largest), ...aboutKinds(keys), ...aboutMembers(keys)] : []),
  ];
}

function aboutIssuer(issuer: string): Finding[] {
  if (!URL.canParse(issuer)) return [];
  const url = new URL(issuer);
  const longest = 255;
  return [
    ...(url.port !== '' && !isLoopback(url)
      ? [found('ISSUER_WITH_PORT', 'discovery.issuer', `Its port is ${url.port}.`)]
      : []),
    ...(issuer.length > longest
      ? [found('ISSUER_TOO_LONG', 'discovery.issuer', `It has ${issuer.length} characters.`)]
      : []),
  ];
}

function aboutNumbers(keys: readonly SeenKey[]): Finding[] {
  const count = (kty: string) => keys.filter(({ jwk }) => jwk.kty === kty).length;
  const most = 100;
  if (Math.max(count('RSA'), count('EC'), keys.length) > most) {
    return [found('OVER_100_KEYS', 'jwks.keys', `There are ${keys.length}.`)];
  }
  return keys.length > 10 ? [found('OVER_10_KEYS', 'jwks.keys', `There are ${keys.length}.`)] : [];
}

function aboutKinds(keys: readonly SeenKey[]): Finding[] {
  const can = (...names: readonly string[]) =>
    keys.some(({ jwk }) => names.some((name) => canSignIn(jwk, name)));
  const findings: Finding[] = [];
  if (!can('RS256')) findings.push(found('JWKS_WITHOUT_RS256', 'jwks.keys', 'No key signs RS256.'));
  if (!can('RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512')) {
    findings.push(
      found('JWKS_WITHOUT_AWS_ALGORITHM', 'jwks.keys', 'No key signs an algorithm that AWS takes.'),
    );
  } else if (!keys.some(({ jwk }) => jwk.kty === 'RSA')) {
    findings.push(found('JWKS_WITHOUT_RSA', 'jwks.keys', 'There is no RSA key.'));
  }
  return findings;
}

function aboutMembers(keys: readonly SeenKey[]): Finding[] {
  const those = (
    code: keyof typeof kindsOfRelyingParties,
    message: string,
    is: (jwk: SeenKey['jwk']) => boolean,
  ) => {
    const places = keys.filter(({ jwk }) => is(jwk)).map(({ where }) => where);
    const others = places.length > 1 ? ` So it is with ${listOf(places.slice(1))}.` : '';
    return places.length > 0 ? [found(code, places[0]!, `${message}${others}`)] : [];
  };
  return [
    ...those('NAME_ED25519', 'Its alg is "Ed25519".', ({ alg }) => alg === 'Ed25519'),
    ...those('OKP_KEY', 'Its kty is "OKP".', ({ kty }) => kty === 'OKP'),
    ...those('AKP_KEY', 'Its kty is "AKP".', ({ kty }) => kty === 'AKP'),
    ...those('ALG_MISSING', 'It has no alg.', ({ alg }) => alg === undefined),
    ...those('USE_MISSING', 'It has no use.', ({ use }) => use === undefined),
    ...keys.flatMap(({ jwk, where }): Finding[] => {
      const source = jwk.kty === 'RSA' ? developmentKeys[thumbprintOfRsa(jwk)] : undefined;
      return source === undefined
        ? []
        : [
            found(
              'PUBLIC_DEVELOPMENT_KEY',
              where,
              `It is the key that comes with the package ${quoted(source)}.`,
            ),
          ];
    }),
  ];
}
