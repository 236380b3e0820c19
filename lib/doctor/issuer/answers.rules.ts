import { isAnswer } from '../../network/answer.js';
import type { Failure } from '../../network/answer.js';
import { isObject } from '../../core/objects.js';
import type { Finding } from '../finding.js';
import { finderOf, quoted } from '../kinds-of-findings.js';
import { repeatedMemberIn } from './repeated-members.js';
import type { DocumentName, Observation, SeenDocument } from './observation.js';

const discovery4 = 'OpenID Connect Discovery 1.0 section 4';

/** Whether there is a document at all, and one that can be read. */
export const kindsOfAnswers = {
  ADDRESS_NOT_ASKED: {
    severity: 'error',
    rule: 'RFC 8414 section 2, OpenID Connect Discovery 1.0 section 3: an issuer and its JWKS are at https addresses',
    remedy: 'Give the document an address that begins with https://, without user, password or fragment.',
  },
  ADDRESS_PRIVATE: {
    severity: 'error',
    rule: 'RFC 9728 section 7.7 (server-side request forgery): what a document names may lead into the network of whoever follows it',
    remedy: 'Name a public address, or say which one is meant with --resolve HOST:ADDRESS.',
  },
  REDIRECT_CIRCLE: {
    severity: 'error',
    rule: 'RFC 9110 section 15.4: a client should detect cyclical redirections',
    remedy: 'Let the address answer itself.',
  },
  CERTIFICATE_NOT_TRUSTED: {
    severity: 'error',
    rule: 'RFC 8414 section 6.1: a client has to check the certificate of the server (RFC 9525)',
    remedy:
      'Serve a certificate for this name with its whole chain; name a private authority with --ca or NODE_EXTRA_CA_CERTS.',
  },
  NOT_REACHABLE: {
    severity: 'error',
    rule: `${discovery4}, RFC 8414 section 3: the document is at this address`,
    remedy: 'Check the name, the port and the firewall.',
  },
  TOO_LATE: {
    severity: 'error',
    rule: 'Relying parties wait 3 s (aws-jwt-verify), 5 s (jose, AWS STS) or 30 s (jwks-rsa) for a JWKS',
    remedy: 'Let the document come from memory, and look at what stands in front of the server.',
  },
  TOO_LARGE: {
    severity: 'error',
    rule: 'The doctor and the guard of nestjs-oidc-key read 1,000,000 bytes at most',
    remedy: 'Publish the keys that tokens are signed with, and nothing else.',
  },
  NO_HTTP: {
    severity: 'error',
    rule: 'RFC 9110, RFC 9112: what a message of HTTP is',
    remedy: 'Look at the server behind the address, and at the encoding that it says its body has.',
  },
  DISCOVERY_STATUS: {
    severity: 'error',
    rule: `${discovery4}.2: a successful response must use the status 200; conformance suite: EnsureDiscoveryEndpointResponseStatusCodeIs200`,
    remedy:
      'Serve the metadata at this address, to everybody. Of an issuer that has none, say where its JWKS is: --jwks, or the option jwksUri.',
  },
  JWKS_STATUS: {
    severity: 'error',
    rule: 'RFC 7517 section 5, OpenID Connect Discovery 1.0 section 3: jwks_uri gives a JWK Set; conformance suite: FetchServerKeys',
    remedy:
      'Serve the JWKS with the status 200 to everybody who asks for application/jwk-set+json or application/json.',
  },
  REDIRECTED: {
    severity: 'warning',
    rule: 'aws-jwt-verify, the guard of nestjs-oidc-key and others follow no redirect',
    remedy: 'Name the address that answers.',
  },
  NOT_UTF8: {
    severity: 'error',
    rule: 'RFC 8259 section 8.1: JSON is UTF-8',
    remedy: 'Write the document in UTF-8.',
  },
  BYTE_ORDER_MARK: {
    severity: 'error',
    rule: 'RFC 8259 section 8.1: JSON must not begin with a byte order mark',
    remedy: 'Write the document without a byte order mark.',
  },
  NOT_JSON: {
    severity: 'error',
    rule: `RFC 7517 section 5, ${discovery4}.2: the document is a JSON object; conformance suite: GetDynamicServerConfiguration`,
    remedy: 'Look at what answers: often it is a page of a proxy, of a firewall, or of a login.',
  },
  NESTED_TOO_DEEP: {
    severity: 'error',
    rule: 'RFC 8259 section 9: a reader may limit the depth; the doctor reads 100 levels, and some readers crash',
    remedy: 'Publish metadata and keys, which need no more than a few levels.',
  },
  MEMBER_REPEATED: {
    severity: 'error',
    rule: 'RFC 7517 sections 4 and 5: the names of members must be unique; RFC 8259 section 4: they should be',
    remedy: 'Write each member once: readers take the first, or the last, or nothing.',
  },
  CONTENT_TYPE: {
    severity: 'warning',
    rule: `${discovery4}.2, RFC 8414 section 3.2: application/json; RFC 7517 section 8.5: application/jwk-set+json; conformance suite: CheckDiscoveryEndpointReturnedJsonContentType`,
    remedy: 'Serve metadata as application/json, and a JWKS as application/json or application/jwk-set+json.',
  },
  SLOW: {
    severity: 'warning',
    rule: 'AWS re:Post, InvalidIdentityToken: STS waits 5 seconds; so does jose; aws-jwt-verify waits 3',
    remedy: 'Let the document come from memory or from a cache.',
  },
} as const satisfies Record<string, { severity: 'error' | 'warning'; rule: string; remedy: string }>;

const found = finderOf(kindsOfAnswers);

const codeOfFailure: Readonly<Record<Failure, keyof typeof kindsOfAnswers>> = {
  refused: 'ADDRESS_NOT_ASKED',
  private: 'ADDRESS_PRIVATE',
  circle: 'REDIRECT_CIRCLE',
  certificate: 'CERTIFICATE_NOT_TRUSTED',
  unreachable: 'NOT_REACHABLE',
  late: 'TOO_LATE',
  large: 'TOO_LARGE',
  garbled: 'NO_HTTP',
};

/** As long as aws-jwt-verify waits. */
const slow = 3000;

export function answersRule({ discovery, jwks }: Observation): readonly Finding[] {
  // One node of several may be the one that fails.
  return oncePerCode([
    ...(discovery ? aboutAnswer(discovery) : []),
    ...jwks.flatMap((document) => aboutAnswer(document, jwks)),
  ]);
}

function oncePerCode(findings: readonly Finding[]): readonly Finding[] {
  return [
    ...new Map(findings.toReversed().map((each) => [`${each.code} ${each.where}`, each])).values(),
  ].toReversed();
}

/** @param all what was answered each time */
function aboutAnswer(document: SeenDocument, all: readonly SeenDocument[] = [document]): Finding[] {
  const { name, answer } = document;
  const target = answer.redirects.at(-1);
  const redirected =
    target === undefined
      ? []
      : [
          found(
            'REDIRECTED',
            name,
            `It is asked at one address and redirects to ${target.origin}${target.pathname}.`,
          ),
        ];
  if (!isAnswer(answer)) {
    const where = target
      ? `The address that it redirects to ${answer.reason}.`
      : `Its address ${answer.reason}.`;
    return [...redirected, found(codeOfFailure[answer.failure], name, where)];
  }
  const { status, took } = answer;
  const late =
    took > slow ? [found('SLOW', name, `The whole answer took ${(took / 1000).toFixed(1)} s.`)] : [];
  if (status !== 200) {
    const code = name === 'jwks' ? 'JWKS_STATUS' : 'DISCOVERY_STATUS';
    const same = all.filter((each) => isAnswer(each.answer) && each.answer.status === status).length;
    const share =
      same < all.length
        ? `, ${same} of ${all.length} times: ask each node by itself (--resolve HOST:ADDRESS).`
        : '.';
    return [...redirected, ...late, found(code, name, `It answers with the status ${status}${share}`)];
  }
  return [...redirected, ...late, ...aboutBody(document), ...aboutType(name, answer.headers['content-type'])];
}

function aboutBody({ name, text, json, nestsTooDeep }: SeenDocument): Finding[] {
  if (text === undefined) return [found('NOT_UTF8', name, 'Its bytes are no UTF-8.')];
  const mark = text.startsWith('\uFEFF')
    ? [found('BYTE_ORDER_MARK', name, 'It begins with a byte order mark.')]
    : [];
  if (nestsTooDeep) return [...mark, found('NESTED_TOO_DEEP', name, 'It has more than 100 levels.')];
  if (isObject(json)) {
    const repeated = repeatedMemberIn(text);
    if (repeated === undefined) return mark;
    // A MUST for keys alone.
    const severity = name === 'jwks' ? 'error' : 'warning';
    return [...mark, found('MEMBER_REPEATED', name, `One object has ${quoted(repeated)} twice.`, severity)];
  }
  const what = text.trim() === '' ? 'empty' : json === undefined ? 'no JSON' : 'JSON, and no object';
  return [...mark, found('NOT_JSON', name, `It is ${what}.`)];
}

function aboutType(name: DocumentName, header: string | undefined): Finding[] {
  const type = header?.split(';')[0]?.trim().toLowerCase();
  const fitting = name === 'jwks' ? ['application/json', 'application/jwk-set+json'] : ['application/json'];
  if (type !== undefined && fitting.includes(type)) return [];
  const message = header === undefined ? 'It says no type.' : `It says that it is ${quoted(header)}.`;
  // A standard's MUST for metadata, and none for a JWKS.
  return [
    found('CONTENT_TYPE', `${name} header Content-Type`, message, name === 'discovery' ? 'error' : 'warning'),
  ];
}

/** Whether anything came back at all, whatever it was. */
export function hasAnswered({ discovery, jwks }: Observation): boolean {
  return [discovery, ...jwks].some((document) => document !== undefined && saysSomething(document.answer));
}

const speaking: ReadonlySet<Failure> = new Set(['circle', 'certificate', 'large', 'garbled']);

function saysSomething(answer: SeenDocument['answer']): boolean {
  return isAnswer(answer) || answer.redirects.length > 0 || speaking.has(answer.failure);
}
