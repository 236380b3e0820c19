import { createPublicKey, X509Certificate } from 'node:crypto';

import type { kindsOfIssuer } from '../../lib/doctor/issuer/rules.js';
import { certificateFor } from '../support/certificate.js';
import { base64urlUInt } from '../support/integers.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { makeRsaKey } from '../support/keys.js';
import { makeFermatKey, primeFor65537, rsaPublicKeyOf } from '../support/weak-keys.js';
import { names } from './sound-issuer.js';
import type { Issuer, Members } from './sound-issuer.js';

export type Code = keyof typeof kindsOfIssuer;

/** One thing that is wrong with an issuer that is sound otherwise. */
export interface Fault {
  readonly name: string;
  readonly seed: (issuer: Issuer) => void;
  /** What is found, and nothing else. */
  readonly codes: readonly Code[];
  /** Where the first of them is. */
  readonly where: string;
}

type Row = readonly [
  name: string,
  seed: (issuer: Issuer) => void,
  codes: Code | readonly Code[],
  where: string,
];

const lacks =
  (...members: readonly string[]) =>
  ({ metadata }: Issuer) => {
    for (const member of members) delete metadata[member];
  };
const says = (member: string, value: unknown) => (issuer: Issuer) => {
  issuer.metadata[member] = value;
};
const key =
  (change: Members, index = 0) =>
  (issuer: Issuer) => {
    const changed = { ...(issuer.keys[index] as Members), ...change };
    // An undefined member is one that is not there.
    issuer.keys[index] = Object.fromEntries(
      Object.entries(changed).filter(([, value]) => value !== undefined),
    );
  };
const header =
  (name: string, value: string | string[], document: 'discovery' | 'jwks' = 'jwks') =>
  (issuer: Issuer) => {
    issuer.documents[document].headers[name] = value;
  };
const body =
  (content: unknown, document: 'discovery' | 'jwks' = 'jwks') =>
  (issuer: Issuer) => {
    issuer.documents[document].body = content;
  };
const status =
  (code: number, document: 'discovery' | 'jwks' = 'jwks') =>
  (issuer: Issuer) => {
    issuer.documents[document].status = code;
  };
const also =
  (jwk: Members) =>
  ({ keys }: Issuer) => {
    keys.push({ kid: 'third', use: 'sig', ...jwk });
  };
const publicJwk = (object: ReturnType<typeof createPublicKey>): Members => ({
  ...object.export({ format: 'jwk' }),
});
const rsaJwk = (bits: number) => publicJwk(createPublicKey(makeRsaKey(bits)));
const ecJwk = (namedCurve: string) => publicJwk(makeKeyPair('ec', { namedCurve }).publicKey);
const ed25519 = publicJwk(makeKeyPair('ed25519').publicKey);
const listed =
  (alg: string) =>
  ({ metadata }: Issuer) => {
    (metadata.id_token_signing_alg_values_supported as string[]).push(alg);
  };
const all =
  (...seeds: readonly ((issuer: Issuer) => void)[]) =>
  (issuer: Issuer) => {
    for (const seed of seeds) seed(issuer);
  };
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();
const algorithmsPlace = 'discovery.id_token_signing_alg_values_supported';

function primeInCommon(issuer: Issuer): void {
  const [p, q, r] = [primeFor65537(1024), primeFor65537(1024), primeFor65537(1024)];
  const moduli = [p * q, p * r];
  issuer.keys.push(
    ...moduli.map((modulus, index) => ({
      ...publicJwk(rsaPublicKeyOf(modulus)),
      kid: `shared-${index}`,
      use: 'sig',
      alg: 'RS256',
    })),
  );
}

const certificate = new X509Certificate(certificateFor('keys.example').cert);
const certified = {
  ...publicJwk(certificate.publicKey),
  alg: 'ES256',
  x5c: [certificate.raw.toString('base64')],
};

/** An old set and a new one by turns, as two nodes would give. */
function twoNodes(issuer: Issuer): void {
  const [first] = issuer.keys;
  let turn = 0;
  issuer.instead = (request, response) => {
    if (request.url !== '/jwks' || turn++ % 2 === 0) return false;
    response.writeHead(200, issuer.documents.jwks.headers).end(JSON.stringify({ keys: [first] }));
    return true;
  };
}

/** The second of two nodes has keys of its own. */
function secondNode(
  keysOfSecond: (keys: readonly unknown[]) => readonly unknown[],
): (issuer: Issuer) => void {
  return (issuer) => {
    let turn = 0;
    issuer.instead = (request, response) => {
      if (request.url !== '/jwks' || turn++ % 2 === 0) return false;
      const keys = keysOfSecond(issuer.keys);
      response.writeHead(200, issuer.documents.jwks.headers).end(JSON.stringify({ keys }));
      return true;
    };
  };
}

function secondNodeAnswers(change: Record<string, string>): (issuer: Issuer) => void {
  return (issuer) => {
    let turn = 0;
    issuer.instead = (request, response) => {
      if (request.url !== '/jwks' || turn++ % 2 === 0) return false;
      const headers = { ...issuer.documents.jwks.headers, ...change };
      response.writeHead(200, headers).end(JSON.stringify({ keys: issuer.keys }));
      return true;
    };
  };
}

/** One node of two has a fault. */
function oneNodeFails(issuer: Issuer): void {
  let turn = 0;
  issuer.instead = (request, response) => {
    if (request.url !== '/jwks' || turn++ % 2 === 0) return false;
    response.writeHead(502).end();
    return true;
  };
}

function oneTagForAll(issuer: Issuer): void {
  issuer.documents.jwks.headers.ETag = '"same"';
  issuer.instead = (request, response) => {
    if (request.url !== '/jwks') return false;
    issuer.asked++;
    const spaces = ' '.repeat(issuer.asked);
    response
      .writeHead(200, issuer.documents.jwks.headers)
      .end(`${spaces}${JSON.stringify({ keys: issuer.keys })}`);
    return true;
  };
}

const rows: readonly Row[] = [
  // Metadata.
  ['no issuer', lacks('issuer'), 'ISSUER_MISSING', 'discovery.issuer'],
  [
    'the issuer of somebody else',
    says('issuer', 'https://login.example'),
    'ISSUER_DIFFERS',
    'discovery.issuer',
  ],
  [
    'an issuer that a proxy has taken TLS from',
    says('issuer', 'http://login.example'),
    ['ISSUER_DIFFERS', 'ISSUER_MALFORMED'],
    'discovery.issuer',
  ],
  [
    'an issuer with a slash too many',
    ({ metadata, issuer }) => (metadata.issuer = `${issuer}/`),
    'ISSUER_DIFFERS',
    'discovery.issuer',
  ],
  [
    'no authorization_endpoint',
    lacks('authorization_endpoint'),
    'AUTHORIZATION_ENDPOINT_MISSING',
    'discovery.authorization_endpoint',
  ],
  ['no token_endpoint', lacks('token_endpoint'), 'TOKEN_ENDPOINT_MISSING', 'discovery.token_endpoint'],
  ['no userinfo_endpoint', lacks('userinfo_endpoint'), 'USERINFO_MISSING', 'discovery.userinfo_endpoint'],
  ['no jwks_uri', lacks('jwks_uri'), ['JWKS_URI_MISSING', 'JWKS_STATUS'], 'discovery.jwks_uri'],
  [
    'no response types',
    lacks('response_types_supported'),
    'RESPONSE_TYPES_MISSING',
    'discovery.response_types_supported',
  ],
  [
    'no subject types',
    lacks('subject_types_supported'),
    'SUBJECT_TYPES_MISSING',
    'discovery.subject_types_supported',
  ],
  [
    'no algorithms of ID tokens',
    lacks('id_token_signing_alg_values_supported'),
    'ID_TOKEN_ALGORITHMS_MISSING',
    algorithmsPlace,
  ],
  [
    'RS256 not listed',
    says('id_token_signing_alg_values_supported', ['ES256']),
    ['RS256_NOT_SUPPORTED', 'ALGORITHM_NOT_LISTED'],
    algorithmsPlace,
  ],
  ['"none" listed', listed('none'), 'NONE_SUPPORTED', algorithmsPlace],
  [
    'rs256 in small letters',
    listed('rs256'),
    ['ALGORITHM_UNKNOWN', 'ALGORITHM_WITHOUT_KEY'],
    algorithmsPlace,
  ],
  ['an algorithm without a key', listed('PS256'), 'ALGORITHM_WITHOUT_KEY', algorithmsPlace],
  [
    'an empty endpoint',
    says('authorization_endpoint', ''),
    'ADDRESS_NO_URL',
    'discovery.authorization_endpoint',
  ],
  ['a relative endpoint', says('token_endpoint', '/token'), 'ADDRESS_NO_URL', 'discovery.token_endpoint'],
  [
    'an endpoint without TLS',
    says('token_endpoint', 'http://login.example/token'),
    'ADDRESS_WITHOUT_TLS',
    'discovery.token_endpoint',
  ],
  [
    'an endpoint with a fragment',
    ({ metadata, issuer }) => (metadata.token_endpoint = `${issuer}/token#there`),
    'ENDPOINT_FRAGMENT',
    'discovery.token_endpoint',
  ],
  [
    'a list that is a string',
    says('response_types_supported', 'code'),
    'NOT_A_LIST',
    'discovery.response_types_supported',
  ],
  ['a list of numbers', says('scopes_supported', ['openid', 1]), 'NOT_A_LIST', 'discovery.scopes_supported'],
  [
    'a boolean in quotation marks',
    says('claims_parameter_supported', 'true'),
    'NOT_A_BOOLEAN',
    'discovery.claims_parameter_supported',
  ],
  ['an empty list', says('claims_supported', []), 'EMPTY_LIST', 'discovery.claims_supported'],
  [
    'a response type that is none',
    says('response_types_supported', ['code', 'refresh_token']),
    'RESPONSE_TYPE_UNKNOWN',
    'discovery.response_types_supported',
  ],
  [
    'no grant type for code',
    says('grant_types_supported', ['refresh_token']),
    'CODE_GRANT_MISSING',
    'discovery.grant_types_supported',
  ],
  [
    'no scope openid',
    says('scopes_supported', ['profile']),
    'OPENID_SCOPE_MISSING',
    'discovery.scopes_supported',
  ],
  [
    'two scopes in one string',
    says('scopes_supported', ['openid', 'profile email']),
    'SCOPE_MALFORMED',
    'discovery.scopes_supported',
  ],
  [
    'no algorithms of client assertions',
    lacks('token_endpoint_auth_signing_alg_values_supported'),
    'AUTH_ALGORITHMS_MISSING',
    'discovery.token_endpoint_auth_signing_alg_values_supported',
  ],
  [
    '"none" for client assertions',
    says('token_endpoint_auth_signing_alg_values_supported', ['RS256', 'none']),
    'AUTH_ALGORITHM_NONE',
    'discovery.token_endpoint_auth_signing_alg_values_supported',
  ],
  [
    'a locale that is none',
    says('ui_locales_supported', ['en_US']),
    'LOCALE_MALFORMED',
    'discovery.ui_locales_supported',
  ],
  [
    'a locale in small letters',
    says('ui_locales_supported', ['de-at']),
    'LOCALE_CASING',
    'discovery.ui_locales_supported',
  ],
  ['no claims', lacks('claims_supported'), 'CLAIMS_MISSING', 'discovery.claims_supported'],
  [
    'request objects without RS256',
    says('request_object_signing_alg_values_supported', ['ES256']),
    'REQUEST_OBJECTS_WITHOUT_RS256',
    'discovery.request_object_signing_alg_values_supported',
  ],
  [
    'methods of PKCE that are a string',
    says('code_challenge_methods_supported', 'S256'),
    'NOT_A_LIST',
    'discovery.code_challenge_methods_supported',
  ],
  // Answers.
  ['metadata that are not there', status(404, 'discovery'), ['DISCOVERY_STATUS', 'JWKS_STATUS'], 'discovery'],
  ['metadata that are an error', status(503, 'discovery'), ['DISCOVERY_STATUS', 'JWKS_STATUS'], 'discovery'],
  [
    'metadata as HTML',
    header('Content-Type', 'text/html', 'discovery'),
    'CONTENT_TYPE',
    'discovery header Content-Type',
  ],
  ['metadata that are a list', body([], 'discovery'), ['NOT_JSON', 'JWKS_STATUS'], 'discovery'],
  ['a JWKS that answers 500', status(500), 'JWKS_STATUS', 'jwks'],
  ['a JWKS behind a login', status(401), 'JWKS_STATUS', 'jwks'],
  ['a JWKS that is a page', body('<!doctype html><title>Sign in</title>'), 'NOT_JSON', 'jwks'],
  ['an empty JWKS', body(''), 'NOT_JSON', 'jwks'],
  ['a JWKS that is cut off', body('{"keys":[{"kty":"RSA"'), 'NOT_JSON', 'jwks'],
  ['a JWKS as text', header('Content-Type', 'text/plain'), 'CONTENT_TYPE', 'jwks header Content-Type'],
  [
    'a JWKS with a byte order mark',
    (issuer) => body(`\uFEFF${JSON.stringify({ keys: issuer.keys })}`)(issuer),
    'BYTE_ORDER_MARK',
    'jwks',
  ],
  ['a JWKS in Latin 1', body(Buffer.from('{"keys":[],"by":"J\xfcrgen"}', 'latin1')), 'NOT_UTF8', 'jwks'],
  [
    'a JWKS of more than a million bytes',
    body(`{"keys":[],"more":"${'x'.repeat(1_000_000)}"}`),
    'TOO_LARGE',
    'jwks',
  ],
  ['a body that is not packed as it says', header('Content-Encoding', 'gzip'), 'NO_HTTP', 'jwks'],
  [
    'a JWKS that redirects',
    (issuer) => {
      issuer.instead = ({ url }, response) => {
        if (url !== '/jwks') return false;
        response.writeHead(302, { Location: '/moved' }).end();
        return true;
      };
      const answer = issuer.instead;
      issuer.instead = (request, response) => {
        if (request.url !== '/moved') return answer(request, response);
        response.writeHead(200, issuer.documents.jwks.headers).end(JSON.stringify({ keys: issuer.keys }));
        return true;
      };
    },
    'REDIRECTED',
    'jwks',
  ],
  [
    'a JWKS that redirects for ever',
    (issuer) => {
      issuer.instead = ({ url }, response) => {
        if (url !== '/jwks') return false;
        response.writeHead(302, { Location: '/jwks' }).end();
        return true;
      };
    },
    ['REDIRECT_CIRCLE', 'REDIRECTED'],
    'jwks',
  ],
  [
    'a connection that is cut',
    (issuer) => {
      issuer.instead = ({ url, socket }) => {
        if (url === '/jwks') socket.destroy();
        return url === '/jwks';
      };
    },
    'NOT_REACHABLE',
    'jwks',
  ],
  [
    'an answer that does not end',
    (issuer) => {
      issuer.instead = ({ url }, response) => {
        if (url === '/jwks') response.writeHead(200).write('{');
        return url === '/jwks';
      };
    },
    'TOO_LATE',
    'jwks',
  ],
  ...(['discovery', 'jwks'] as const).map((document): Row => {
    const levels = 200_000;
    const nested = `{"keys":[],"issuer":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    const more = document === 'discovery' ? (['JWKS_STATUS'] as const) : [];
    return [
      `a document of 200,000 levels: ${document}`,
      body(nested, document),
      ['NESTED_TOO_DEEP', ...more],
      document,
    ];
  }),
  [
    'a member of a key twice',
    (issuer) => body(JSON.stringify({ keys: issuer.keys }).replace('{"kty"', '{"kid":"other","kty"'))(issuer),
    'MEMBER_REPEATED',
    'jwks',
  ],
  // Sets.
  ['a set without "keys"', body({ jwks: [] }), 'KEYS_MISSING', 'jwks.keys'],
  ['"keys" that is an object', body({ keys: {} }), 'KEYS_MISSING', 'jwks.keys'],
  ['a set without keys', body({ keys: [] }), 'KEYS_EMPTY', 'jwks.keys'],
  [
    'keys for encryption alone',
    all(
      key({ use: 'enc', alg: 'RSA-OAEP' }),
      key({ use: 'enc', alg: 'ECDH-ES' }, 1),
      lacks('id_token_signing_alg_values_supported'),
    ),
    ['NO_KEY_FOR_SIGNATURES', 'ID_TOKEN_ALGORITHMS_MISSING'],
    'jwks.keys',
  ],
  ['a key without kid', key({ kid: undefined }), 'KID_MISSING', 'jwks.keys[0].kid'],
  ['two keys with one kid', key({ kid: 'first' }, 1), 'KID_REPEATED', 'jwks.keys[1].kid'],
  [
    'one key twice',
    (issuer) => also({ ...(issuer.keys[0] as Members), kid: 'again' })(issuer),
    'KEY_TWICE',
    'jwks.keys[2]',
  ],
  [
    'no use beside a key for encryption',
    all(key({ use: undefined }), also({ ...rsaJwk(2048), use: 'enc', alg: 'RSA-OAEP' })),
    ['USE_MISSING_AMONG_OTHERS', 'USE_MISSING'],
    'jwks.keys[0]',
  ],
  [
    'RS256 listed, and no key for it',
    ({ keys }) => keys.shift(),
    ['RS256_WITHOUT_KEY', 'JWKS_WITHOUT_RS256', 'JWKS_WITHOUT_RSA'],
    algorithmsPlace,
  ],
  [
    'a key of an algorithm that is not listed',
    key({ alg: 'RS512' }),
    ['RS256_WITHOUT_KEY', 'ALGORITHM_NOT_LISTED', 'JWKS_WITHOUT_RS256'],
    algorithmsPlace,
  ],
  [
    'a private key on one node of two',
    secondNode(([first, second]) => [{ ...(first as Members), d: 'AQAB' }, second]),
    ['PRIVATE_KEY', 'ANSWERS_DIFFER'],
    'jwks (answer 2).keys[0]',
  ],
  [
    'another key under one kid on one node of two',
    secondNode(([, second]) => [{ ...rsaJwk(2048), kid: 'first', use: 'sig', alg: 'RS256' }, second]),
    ['KID_REPEATED', 'ANSWERS_DIFFER'],
    'jwks (answer 2).keys[0].kid',
  ],
  ['an empty set on one node of two', secondNode(() => []), ['KEYS_EMPTY', 'ANSWERS_DIFFER'], 'jwks.keys'],
  ['a header of one node of two', secondNodeAnswers({ Vary: 'Cookie' }), 'VARIES', 'jwks header Vary'],
  [
    'a type of one node of two',
    secondNodeAnswers({ 'Content-Type': 'text/plain' }),
    'CONTENT_TYPE',
    'jwks header Content-Type',
  ],
  [
    'a clock of one node of two',
    secondNodeAnswers({ Date: inSeconds(600) }),
    'CLOCK_AHEAD',
    'jwks header Date',
  ],
  ['one node of two that fails', oneNodeFails, 'JWKS_STATUS', 'jwks'],
  ['nodes that disagree', twoNodes, 'ANSWERS_DIFFER', 'jwks'],
  ['one ETag for everything', oneTagForAll, 'ETAG_OF_OTHER_CONTENT', 'jwks header ETag'],
  [
    'eleven keys',
    ({ keys }) =>
      Array.from({ length: 9 }, (_, index) =>
        keys.push({ ...ecJwk('P-256'), kid: `more-${index}`, use: 'sig', alg: 'ES256' }),
      ),
    'OVER_10_KEYS',
    'jwks.keys',
  ],
  [
    'a hundred and one EC keys',
    ({ keys }) =>
      Array.from({ length: 100 }, (_, index) =>
        keys.push({ ...ecJwk('P-256'), kid: `more-${index}`, use: 'sig', alg: 'ES256' }),
      ),
    'OVER_100_KEYS',
    'jwks.keys',
  ],
  // Keys.
  [
    'an RSA private key',
    (issuer) => {
      const jwk = makeRsaKey().export({ format: 'jwk' });
      issuer.keys[0] = { ...jwk, kid: 'first', use: 'sig', alg: 'RS256' };
    },
    'PRIVATE_KEY',
    'jwks.keys[0]',
  ],
  [
    'an EC private key',
    (issuer) => {
      const { privateKey } = makeKeyPair('ec', { namedCurve: 'P-256' });
      issuer.keys[1] = { ...privateKey.export({ format: 'jwk' }), kid: 'second', use: 'sig', alg: 'ES256' };
    },
    'PRIVATE_KEY',
    'jwks.keys[1]',
  ],
  [
    'a private key behind a hundred others',
    ({ keys }) => {
      const usual = { use: 'sig', alg: 'ES256' };
      for (let count = 0; count < 100; count++)
        keys.push({ ...ecJwk('P-256'), kid: `more-${count}`, ...usual });
      keys.push({ ...ecJwk('P-256'), d: 'AQAB', kid: 'private', ...usual });
    },
    ['PRIVATE_KEY', 'OVER_100_KEYS'],
    'jwks.keys[102]',
  ],
  [
    'one private JWK in place of a set',
    body(makeRsaKey().export({ format: 'jwk' })),
    ['PRIVATE_KEY', 'KEYS_MISSING'],
    'jwks',
  ],
  ['one prime of a key', key({ p: 'AQAB' }), 'PRIVATE_KEY', 'jwks.keys[0]'],
  [
    'a shared secret',
    also({ kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url'), alg: 'HS256' }),
    'SYMMETRIC_KEY',
    'jwks.keys[2]',
  ],
  ['a key that is a string', ({ keys }) => keys.push('key'), 'KEY_NO_OBJECT', 'jwks.keys[2]'],
  [
    'a curve with the name of something else',
    also({ kty: 'EC', crv: 'constructor', x: 'AQAB', y: 'AQAB', alg: 'constructor' }),
    ['KIND_UNKNOWN', 'ALG_UNKNOWN', 'ALGORITHM_NOT_LISTED'],
    'jwks.keys[2].crv',
  ],
  ['a key that is null', ({ keys }) => keys.push(null), 'KEY_NO_OBJECT', 'jwks.keys[2]'],
  ['a key without kty', also({ n: 'AQAB', e: 'AQAB', alg: 'RS256' }), 'KTY_MISSING', 'jwks.keys[2].kty'],
  [
    'a kty that nobody knows',
    also({ kty: 'LATTICE', x: 'AQAB' }),
    ['KIND_UNKNOWN', 'ALG_MISSING'],
    'jwks.keys[2].kty',
  ],
  [
    'a curve that nobody knows',
    also({ kty: 'EC', crv: 'P-192', x: 'AQAB', y: 'AQAB' }),
    ['KIND_UNKNOWN', 'ALG_MISSING'],
    'jwks.keys[2].crv',
  ],
  ['no modulus', key({ n: undefined }), 'MEMBER_MISSING', 'jwks.keys[0].n'],
  ['no coordinate', key({ y: undefined }, 1), 'MEMBER_MISSING', 'jwks.keys[1].y'],
  ['no curve', key({ crv: undefined }, 1), ['MEMBER_MISSING', 'ALG_DOES_NOT_FIT'], 'jwks.keys[1].crv'],
  ['an exponent with padding', key({ e: 'AQAB====' }), 'NOT_BASE64URL', 'jwks.keys[0].e'],
  [
    'a modulus in base64',
    (issuer) => {
      const { n } = issuer.keys[0] as { n: string };
      key({ n: `${n.slice(0, 20)}+/${n.slice(22)}` })(issuer);
    },
    'NOT_BASE64URL',
    'jwks.keys[0].n',
  ],
  [
    'a modulus with a zero in front',
    (issuer) => {
      const { n } = issuer.keys[0] as { n: string };
      key({ n: Buffer.concat([Buffer.alloc(1), Buffer.from(n, 'base64url')]).toString('base64url') })(issuer);
    },
    'LEADING_ZEROS',
    'jwks.keys[0].n',
  ],
  [
    'a coordinate that is too short',
    (issuer) => {
      const { x } = issuer.keys[1] as { x: string };
      key({ x: Buffer.from(x, 'base64url').subarray(1).toString('base64url') }, 1)(issuer);
    },
    'COORDINATE_LENGTH',
    'jwks.keys[1].x',
  ],
  [
    'a point that is not on the curve',
    key({ x: Buffer.alloc(32, 1).toString('base64url') }, 1),
    'KEY_UNUSABLE',
    'jwks.keys[1]',
  ],
  ['an RSA key of 1024 bits', (issuer) => key(rsaJwk(1024))(issuer), 'KEY_TOO_WEAK', 'jwks.keys[0]'],
  ['an exponent of 3', (issuer) => key({ e: base64urlUInt(3n) })(issuer), 'KEY_TOO_WEAK', 'jwks.keys[0]'],
  [
    'primes that are neighbours',
    (issuer) => key(publicJwk(createPublicKey(makeFermatKey())))(issuer),
    'KEY_TOO_WEAK',
    'jwks.keys[0]',
  ],
  [
    'an Ed25519 key of small order',
    also({
      kty: 'OKP',
      crv: 'Ed25519',
      x: Buffer.alloc(32).fill(1, 0, 1).toString('base64url'),
      alg: 'EdDSA',
    }),
    ['KEY_TOO_WEAK', 'ALGORITHM_NOT_LISTED', 'OKP_KEY'],
    'jwks.keys[2]',
  ],
  [
    'an RSA key of 16384 bits',
    (issuer) => key({ n: base64urlUInt((1n << 16383n) + 12345n) })(issuer),
    'RSA_TOO_LONG',
    'jwks.keys[0]',
  ],
  ['two keys with a prime in common', primeInCommon, 'SHARED_PRIME', 'jwks.keys[3]'],
  ['a kid that is a number', key({ kid: 1 }), 'KID_NO_STRING', 'jwks.keys[0].kid'],
  ['a kid with nothing in it', key({ kid: '' }), 'KID_NO_STRING', 'jwks.keys[0].kid'],
  ['a kid with a line break', key({ kid: 'first\nkey' }), 'KID_ODD', 'jwks.keys[0].kid'],
  ['a kid of 300 characters', key({ kid: 'x'.repeat(300) }), 'KID_ODD', 'jwks.keys[0].kid'],
  ['a key that says it is revoked', key({ revoked: { revoked_at: 1 } }), 'KEY_REVOKED', 'jwks.keys[0]'],
  ['a key that says it has expired', key({ exp: 1 }), 'KEY_EXPIRED', 'jwks.keys[0]'],
  [
    'RS256 on an EC key',
    key({ alg: 'RS256' }, 1),
    ['ALG_DOES_NOT_FIT', 'ALGORITHM_WITHOUT_KEY'],
    'jwks.keys[1].alg',
  ],
  [
    'HS256 on an RSA key',
    key({ alg: 'HS256' }),
    ['ALG_DOES_NOT_FIT', 'RS256_WITHOUT_KEY', 'JWKS_WITHOUT_RS256'],
    'jwks.keys[0].alg',
  ],
  ['"none" on a key', also({ ...ecJwk('P-256'), alg: 'none' }), 'ALG_DOES_NOT_FIT', 'jwks.keys[2].alg'],
  [
    'an algorithm that nobody knows',
    also({ ...ecJwk('P-256'), alg: 'SHA256withECDSA' }),
    ['ALG_UNKNOWN', 'ALGORITHM_NOT_LISTED'],
    'jwks.keys[2].alg',
  ],
  ['a use that is none', key({ use: 'signature' }), 'USE_UNKNOWN', 'jwks.keys[0].use'],
  [
    'use "enc" on RS256',
    all(key({ use: 'enc' })),
    ['USE_CONTRADICTS_ALG', 'RS256_WITHOUT_KEY', 'JWKS_WITHOUT_RS256', 'JWKS_WITHOUT_RSA'],
    'jwks.keys[0].use',
  ],
  ['key_ops beside use', key({ key_ops: ['verify'] }), 'OPERATIONS_BESIDE_USE', 'jwks.keys[0].key_ops'],
  [
    'key_ops that contradict use',
    key({ key_ops: ['encrypt'] }),
    'OPERATIONS_CONTRADICT_USE',
    'jwks.keys[0].key_ops',
  ],
  [
    'key_ops that repeat themselves',
    key({ use: undefined, key_ops: ['verify', 'verify'] }),
    ['OPERATIONS_REPEATED', 'USE_MISSING'],
    'jwks.keys[0].key_ops',
  ],
  [
    'key_ops that are a string',
    key({ use: undefined, key_ops: 'verify' }),
    ['OPERATIONS_NO_LIST', 'USE_MISSING'],
    'jwks.keys[0].key_ops',
  ],
  [
    'key_ops of a private key',
    key({ use: undefined, key_ops: ['sign'] }),
    ['OPERATIONS_OF_PRIVATE_KEY', 'USE_MISSING'],
    'jwks.keys[0].key_ops',
  ],
  [
    'a certificate that is none',
    key({ x5c: ['bm8gY2VydGlmaWNhdGU='] }),
    'CERTIFICATE_MALFORMED',
    'jwks.keys[0].x5c',
  ],
  [
    'a certificate of nothing but white space and a sign that is no base64',
    key({ x5c: [`${' '.repeat(400_000)}!`] }),
    'CERTIFICATE_MALFORMED',
    'jwks.keys[0].x5c',
  ],
  [
    'the certificate of another key',
    key({ x5c: certified.x5c }, 1),
    'CERTIFICATE_OF_OTHER_KEY',
    'jwks.keys[1].x5c[0]',
  ],
  [
    'a thumbprint of another certificate',
    also({ ...certified, 'x5t#S256': Buffer.alloc(32).toString('base64url') }),
    'CERTIFICATE_THUMBPRINT',
    'jwks.keys[2].x5t#S256',
  ],
  [
    'an x5u without TLS',
    key({ x5u: 'http://login.example/cert' }),
    'CERTIFICATE_ADDRESS',
    'jwks.keys[0].x5u',
  ],
  // What relying parties cannot bear.
  [
    'the name Ed25519',
    all(listed('Ed25519'), also({ ...ed25519, alg: 'Ed25519' })),
    ['NAME_ED25519', 'OKP_KEY'],
    'jwks.keys[2]',
  ],
  [
    'an Ed25519 key by any name',
    all(listed('EdDSA'), also({ ...ed25519, alg: 'EdDSA' })),
    'OKP_KEY',
    'jwks.keys[2]',
  ],
  [
    'a key of ML-DSA',
    all(listed('ML-DSA-44'), also({ kty: 'AKP', alg: 'ML-DSA-44', pub: 'AQAB' })),
    'AKP_KEY',
    'jwks.keys[2]',
  ],
  ['no alg', key({ alg: undefined }), 'ALG_MISSING', 'jwks.keys[0]'],
  ['no use', key({ use: undefined }), 'USE_MISSING', 'jwks.keys[0]'],
  [
    'nothing that AWS takes',
    (issuer) => {
      issuer.metadata.id_token_signing_alg_values_supported = ['RS256', 'PS256'];
      issuer.keys.splice(0, 2, { ...rsaJwk(2048), kid: 'first', use: 'sig', alg: 'PS256' });
    },
    ['RS256_WITHOUT_KEY', 'JWKS_WITHOUT_RS256', 'JWKS_WITHOUT_AWS_ALGORITHM'],
    algorithmsPlace,
  ],
  // Headers and clock.
  [
    'no Cache-Control',
    ({ documents }) => delete documents.jwks.headers['Cache-Control'],
    'CACHE_CONTROL_MISSING',
    'jwks header Cache-Control',
  ],
  [
    'a Cache-Control without a time',
    header('Cache-Control', 'public'),
    'CACHE_CONTROL_MISSING',
    'jwks header Cache-Control',
  ],
  [
    'max-age that is no number',
    header('Cache-Control', 'public, max-age=1h'),
    'CACHE_CONTROL_MALFORMED',
    'jwks header Cache-Control',
  ],
  [
    'max_age',
    header('Cache-Control', 'public, max_age=3600'),
    'CACHE_CONTROL_MALFORMED',
    'jwks header Cache-Control',
  ],
  [
    'public and no-store',
    header('Cache-Control', 'public, no-store'),
    'CACHE_CONTROL_CONTRADICTS',
    'jwks header Cache-Control',
  ],
  [
    'a max-age of a year',
    header('Cache-Control', 'public, max-age=31536000'),
    'MAX_AGE_TOO_LONG',
    'jwks header Cache-Control',
  ],
  [
    'an Expires in a year',
    all(
      ({ documents }) => delete documents.jwks.headers['Cache-Control'],
      header('Expires', inSeconds(31_536_000)),
    ),
    'MAX_AGE_TOO_LONG',
    'jwks header Expires',
  ],
  [
    'a max-age of five minutes',
    header('Cache-Control', 'public, max-age=300'),
    'SERVED_BELOW_AN_HOUR',
    'jwks header Cache-Control',
  ],
  ['no-store', header('Cache-Control', 'no-store'), 'NOT_STORED', 'jwks header Cache-Control'],
  [
    's-maxage above max-age',
    header('Cache-Control', 'public, max-age=3600, s-maxage=7200'),
    'SHARED_AGE_LONGER',
    'jwks header Cache-Control',
  ],
  [
    'stale-while-revalidate',
    header('Cache-Control', 'public, max-age=3600, stale-while-revalidate=60'),
    'STALE_IS_SERVED',
    'jwks header Cache-Control',
  ],
  [
    'immutable',
    header('Cache-Control', 'public, max-age=3600, immutable'),
    'IMMUTABLE',
    'jwks header Cache-Control',
  ],
  [
    'an Age above max-age',
    all(header('Age', '4000'), header('Date', inSeconds(-4000))),
    'AGE_ABOVE_LIFETIME',
    'jwks header Age',
  ],
  ['an Age that is no number', header('Age', 'old'), 'AGE_MALFORMED', 'jwks header Age'],
  ['Vary: *', header('Vary', '*'), 'VARIES', 'jwks header Vary'],
  ['Vary: Cookie', header('Vary', 'Accept, Cookie'), 'VARIES', 'jwks header Vary'],
  ['a cookie', header('Set-Cookie', ['session=1', 'more=2']), 'COOKIE', 'jwks header Set-Cookie'],
  [
    'no CORS',
    ({ documents }) => delete documents.jwks.headers['Access-Control-Allow-Origin'],
    'CORS_MISSING',
    'jwks header Access-Control-Allow-Origin',
  ],
  [
    'CORS of one site',
    header('Access-Control-Allow-Origin', 'https://app.example'),
    'CORS_OF_ONE_SITE',
    'jwks header Access-Control-Allow-Origin',
  ],
  ['a clock that is ten minutes ahead', header('Date', inSeconds(600)), 'CLOCK_AHEAD', 'jwks header Date'],
  ['a clock that is two minutes ahead', header('Date', inSeconds(120)), 'CLOCK_DIFFERS', 'jwks header Date'],
  [
    'a clock that is ten minutes behind',
    header('Date', inSeconds(-600)),
    'CLOCK_DIFFERS',
    'jwks header Date',
  ],
  ['a Date that is none', header('Date', 'now'), 'DATE_MISSING', 'jwks header Date'],
];

/** Over https, under a name: what is no fault on the machine itself. */
const secureRows: readonly Row[] = [
  [
    'an endpoint of the machine itself',
    says('token_endpoint', 'http://localhost:3000/token'),
    'ADDRESS_OF_THIS_MACHINE',
    'discovery.token_endpoint',
  ],
  [
    'a jwks_uri without TLS',
    says('jwks_uri', 'http://issuer.example/jwks'),
    ['ADDRESS_NOT_ASKED', 'ADDRESS_WITHOUT_TLS'],
    'jwks',
  ],
  [
    'a jwks_uri at a private address',
    says('jwks_uri', 'https://10.0.0.1/jwks'),
    ['ADDRESS_PRIVATE', 'JWKS_ELSEWHERE'],
    'jwks',
  ],
  [
    'a jwks_uri on another host',
    ({ metadata, issuer }) => (metadata.jwks_uri = `${issuer.replace(names.issuer, names.other)}/jwks`),
    'JWKS_ELSEWHERE',
    'discovery.jwks_uri',
  ],
];

const faultOf = ([name, seed, codes, where]: Row): Fault => ({
  name,
  seed,
  codes: typeof codes === 'string' ? [codes] : codes,
  where,
});

export const faults = rows.map(faultOf);
export const secureFaults = secureRows.map(faultOf);
