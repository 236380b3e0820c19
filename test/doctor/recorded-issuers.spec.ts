import { describe, expect, it } from '@jest/globals';

import type { Answer } from '../../lib/network/answer.js';
import { seenDocument } from '../../lib/doctor/issuer/observation.js';
import type { DocumentName, Observation } from '../../lib/doctor/issuer/observation.js';
import { judge } from '../../lib/doctor/issuer/rules.js';
import type { kindsOfIssuer } from '../../lib/doctor/issuer/rules.js';
import { bodyOf, recordedIssuers } from '../support/recordings.js';
import type { RecordedIssuer } from '../support/recordings.js';

/** As it was recorded, when the clock of the issuer was right. */
function observationOf({ discovery, jwks }: RecordedIssuer): Observation {
  const documentOf = (name: DocumentName, recorded: RecordedIssuer['jwks']) => {
    const at = Date.parse(recorded.headers.date ?? '2026-11-27T00:00:00Z');
    const answer: Answer = {
      url: new URL(recorded.url),
      status: recorded.status,
      headers: recorded.headers,
      body: Buffer.from(bodyOf(recorded)),
      redirects: [],
      askedAt: at,
      answeredAt: at,
      took: 0,
    };
    return seenDocument(name, answer);
  };
  const isOpenId = discovery.url.endsWith('/.well-known/openid-configuration');
  return {
    issuer: issuerAskedFor(discovery),
    standard: isOpenId ? 'OpenID Connect Discovery' : 'RFC 8414',
    discovery: documentOf('discovery', discovery),
    jwks: [documentOf('jwks', jwks)],
  };
}

/** The issuer may end in a slash, of which the address of its metadata shows nothing. */
function issuerAskedFor(discovery: RecordedIssuer['discovery']): string {
  const asked = discovery.url.replace(
    /\/\.well-known\/(openid-configuration|oauth-authorization-server)/,
    '',
  );
  const { issuer } = JSON.parse(bodyOf(discovery)) as { issuer: string };
  return issuer === `${asked}/` ? issuer : asked;
}

type Code = keyof typeof kindsOfIssuer;

/** What the doctor says of each fault, and where. */
function expectedOf({ rule, where }: { rule: string; where: string }): [Code, string] {
  const missing: Readonly<Record<string, Code>> = {
    authorization_endpoint: 'AUTHORIZATION_ENDPOINT_MISSING',
    token_endpoint: 'TOKEN_ENDPOINT_MISSING',
    response_types_supported: 'RESPONSE_TYPES_MISSING',
    subject_types_supported: 'SUBJECT_TYPES_MISSING',
    id_token_signing_alg_values_supported: 'ID_TOKEN_ALGORITHMS_MISSING',
  };
  const [, member] = /: (\w+) REQUIRED/.exec(rule) ?? [];
  if (member !== undefined && where === 'discovery') return [missing[member]!, `discovery.${member}`];
  const codes: readonly [RegExp, Code][] = [
    [/RS256 MUST be in/, 'RS256_NOT_SUPPORTED'],
    [/zero elements/, 'EMPTY_LIST'],
    [/auth_signing_alg_values_supported MUST/, 'AUTH_ALGORITHMS_MISSING'],
    [/use REQUIRED on all keys/, 'USE_MISSING_AMONG_OTHERS'],
    [/gives no JWK Set/, 'JWKS_STATUS'],
    [/issuer MUST equal/, 'ISSUER_DIFFERS'],
    [/is a URL, here/, 'ADDRESS_NO_URL'],
  ];
  return [codes.find(([pattern]) => pattern.test(rule))![1], where.split(' ')[0]!];
}

if (recordedIssuers.length > 0) {
  describe('issuers that others made, as they answered', () => {
    it('are more than fifty, most of them sound', () => {
      expect(recordedIssuers.length).toBeGreaterThan(50);
      expect(recordedIssuers.filter(({ sound }) => sound).length).toBeGreaterThan(20);
    });

    it.each(recordedIssuers)(
      '$name: every fault is found, and nothing else is an error',
      async (recorded) => {
        const findings = await judge(observationOf(recorded));
        const found = findings.map(({ code, where }) => `${code} at ${where}`);
        const expected = recorded.faults.map(expectedOf).map(([code, where]) => `${code} at ${where}`);
        expect(found).toEqual(expect.arrayContaining(expected));
        const errors = findings.filter(({ severity }) => severity === 'error');
        expect(
          errors.map(({ code, where }) => `${code} at ${where}`).filter((each) => !expected.includes(each)),
        ).toEqual([]);
      },
    );

    it('those of which only the keys are used have no error for that', async () => {
      const clusters = recordedIssuers.filter(({ name }) =>
        /^(kube-apiserver-(default|rotation)|openbao-identity)/.test(name),
      );
      expect(clusters.length).toBeGreaterThan(3);
      for (const recorded of clusters) {
        const errors = (await judge(observationOf(recorded))).filter(({ severity }) => severity === 'error');
        expect([recorded.name, errors]).toEqual([recorded.name, []]);
      }
    });

    it.each(['oidc-provider-default', 'cognito-local-default'])(
      '%s has the key that comes with its package',
      async (name) => {
        const recorded = recordedIssuers.find((each) => each.name === name)!;
        const codes = (await judge(observationOf(recorded))).map(({ code }) => code);
        expect(codes).toContain('PUBLIC_DEVELOPMENT_KEY');
      },
    );

    it('what is a warning about a sound one is few things', async () => {
      const warnings = new Set<string>();
      for (const recorded of recordedIssuers.filter(({ sound }) => sound)) {
        for (const { severity, code } of await judge(observationOf(recorded))) {
          if (severity === 'warning') warnings.add(code);
        }
      }
      const bearable = [
        'KID_MISSING',
        'NONE_SUPPORTED',
        'OPERATIONS_BESIDE_USE',
        'PUBLIC_DEVELOPMENT_KEY',
        'RS256_WITHOUT_KEY',
      ];
      expect([...warnings].filter((code) => !bearable.includes(code))).toEqual([]);
    });
  });
} else {
  it.skip('issuers that others made (skipped: the recordings are not beside the repository)', () =>
    undefined);
}
