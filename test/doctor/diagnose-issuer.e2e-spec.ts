import { afterAll, describe, expect, it } from '@jest/globals';
import { diagnoseIssuer } from 'nestjs-oidc-key/doctor';
import type { Finding } from 'nestjs-oidc-key/doctor';

import { kindsOfIssuer } from '../../lib/doctor/issuer/rules.js';
import { makeRsaKey, pemOf, privateTraces } from '../support/keys.js';
import { faults, secureFaults } from './faults.js';
import type { Fault } from './faults.js';
import { ca, closeServers, names, startIssuer } from './sound-issuer.js';
import type { Issuer } from './sound-issuer.js';

afterAll(closeServers);

const codesOf = (findings: readonly Finding[]) => [...new Set(findings.map(({ code }) => code))].toSorted();
const resolve = { [names.issuer]: '127.0.0.1', [names.other]: '127.0.0.1' };
const diagnose = ({ issuer }: Issuer) => diagnoseIssuer(issuer, { resolve, ca, deadline: 2000 });

it('a sound issuer has no finding at all', async () => {
  const issuer = await startIssuer();
  const report = await diagnose(issuer);
  expect(report.findings).toEqual([]);
  expect(report.answered).toBe(true);
  expect(report.asked.map(({ document, status }) => `${document} ${status}`)).toEqual([
    'discovery 200',
    'jwks 200',
    'jwks 200',
    'jwks 200',
  ]);
});

it('there are more than 60 faults, and one of each code that an issuer can have by itself', () => {
  const seeded = new Set([...faults, ...secureFaults].flatMap(({ codes }) => codes));
  expect(faults.length + secureFaults.length).toBeGreaterThan(60);
  // Tested by themselves, below and in the tests of a single rule.
  const elsewhere = [
    'CERTIFICATE_NOT_TRUSTED',
    'CERTIFICATE_EXPIRED',
    'ISSUER_TOO_LONG',
    'ISSUER_WITH_PORT',
    'PUBLIC_DEVELOPMENT_KEY',
    'SLOW',
  ];
  expect(
    Object.keys(kindsOfIssuer)
      .filter((code) => !seeded.has(code as never))
      .toSorted(),
  ).toEqual(elsewhere.toSorted());
});

async function find({ seed, codes, where }: Fault, isSecure: boolean): Promise<void> {
  const issuer = await startIssuer(isSecure);
  const before = codesOf((await diagnose(issuer)).findings);
  issuer.asked = 0;
  seed(issuer);
  const { findings } = await diagnose(issuer);
  expect(codesOf(findings)).toEqual([...new Set([...codes, ...before])].toSorted());
  const first = findings.filter(({ code }) => code === codes[0]);
  expect(first.map((finding) => finding.where)).toContain(where);
  for (const finding of first) {
    expect(finding).toMatchObject({
      message: expect.stringMatching(/^[A-Z"].*[.]$/s),
      remedy: expect.stringMatching(/[.]$/),
      rule: expect.stringMatching(/\S{2}/),
    });
  }
}

describe('one thing is wrong with an issuer, and that is what is found', () => {
  it.each(faults)('$name', (fault) => find(fault, false));
});

it('one node of several that fails is told as one of several', async () => {
  const issuer = await startIssuer();
  let asked = 0;
  issuer.instead = ({ url }, response) => {
    if (url !== '/jwks' || ++asked !== 2) return false;
    response.writeHead(503).end();
    return true;
  };
  const { findings } = await diagnose(issuer);
  expect(findings.find(({ code }) => code === 'JWKS_STATUS')?.message).toBe(
    'It answers with the status 503, 1 of 3 times: ask each node by itself (--resolve HOST:ADDRESS).',
  );
});

describe('what is odd and sound is not found', () => {
  it('keys in another order each time', async () => {
    const issuer = await startIssuer();
    issuer.instead = ({ url }) => {
      if (url === '/jwks') issuer.keys.reverse();
      return false;
    };
    expect((await diagnose(issuer)).findings).toEqual([]);
  });

  it('the age of an answer beside the Date at which a CDN sent it', async () => {
    const issuer = await startIssuer();
    issuer.documents.jwks.headers['Age'] = '400';
    expect((await diagnose(issuer)).findings).toEqual([]);
  });

  it('the boolean of OpenID Connect for Identity Assurance', async () => {
    const issuer = await startIssuer();
    issuer.metadata.verified_claims_supported = true;
    expect((await diagnose(issuer)).findings).toEqual([]);
  });

  it('an authorization endpoint that is a name, as Kubernetes has it', async () => {
    const issuer = await startIssuer();
    issuer.metadata.authorization_endpoint = 'urn:kubernetes:programmatic_authorization';
    delete issuer.metadata.token_endpoint;
    const { findings } = await diagnose(issuer);
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(codesOf(findings)).toEqual(['ADDRESS_NO_URL', 'TOKEN_ENDPOINT_MISSING']);
  });

  it.each([404, 200])(
    'metadata of RFC 8414 without a jwks_uri, where all else is a page: %i',
    async (page) => {
      const issuer = await startIssuer();
      const { jwks_uri: _, ...metadata } = issuer.metadata;
      issuer.instead = ({ url }, response) => {
        if (url === '/.well-known/oauth-authorization-server') {
          response.writeHead(200, issuer.documents.discovery.headers).end(JSON.stringify(metadata));
        } else {
          response.writeHead(page, { 'Content-Type': 'text/html' }).end('<!doctype html>');
        }
        return true;
      };
      const { findings, asked } = await diagnose(issuer);
      expect(codesOf(findings)).toEqual(['JWKS_URI_MISSING']);
      expect(asked.map(({ document }) => document)).toEqual(['discovery']);
    },
  );

  it('the members of each key in another order each time', async () => {
    const issuer = await startIssuer();
    issuer.instead = ({ url }) => {
      if (url === '/jwks') {
        const turned = issuer.keys.map((key) =>
          Object.fromEntries(Object.entries(key as object).toReversed()),
        );
        issuer.keys.splice(0, 2, ...turned);
      }
      return false;
    };
    expect((await diagnose(issuer)).findings).toEqual([]);
  });

  it('an issuer of which only the keys are used: its missing endpoints are notes', async () => {
    const issuer = await startIssuer();
    for (const name of ['authorization', 'token', 'userinfo']) delete issuer.metadata[`${name}_endpoint`];
    delete issuer.metadata.claims_supported;
    const { findings } = await diagnose(issuer);
    expect(findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
      'note AUTHORIZATION_ENDPOINT_MISSING',
      'note TOKEN_ENDPOINT_MISSING',
    ]);
  });

  it('metadata of RFC 8414 alone, between the host and the path', async () => {
    const issuer = await startIssuer();
    const asked: string[] = [];
    issuer.instead = ({ url }, response) => {
      asked.push(url!);
      if (url !== '/.well-known/oauth-authorization-server/tenant') return false;
      const { subject_types_supported: _, ...metadata } = issuer.metadata;
      const own = { ...metadata, issuer: `${issuer.issuer}/tenant` };
      response.writeHead(200, issuer.documents.discovery.headers).end(JSON.stringify(own));
      return true;
    };
    const { findings } = await diagnoseIssuer(`${issuer.issuer}/tenant`);
    expect(findings).toEqual([]);
    expect(asked.slice(0, 2)).toEqual([
      '/tenant/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server/tenant',
    ]);
  });

  it('a JWKS at an address that the caller gives, and nothing else', async () => {
    const issuer = await startIssuer();
    issuer.documents.discovery.status = 500;
    const { findings, asked } = await diagnoseIssuer(issuer.issuer, {
      jwksUri: `${issuer.issuer}/jwks`,
      requests: 1,
    });
    expect([findings, asked.map(({ document }) => document)]).toEqual([[], ['jwks']]);
  });
});

it('a fault that is there many thousand times is told a few times', async () => {
  const issuer = await startIssuer();
  issuer.documents.jwks.body = `{"keys":[${Array.from({ length: 30_000 }, () => '{}').join()}]}`;
  const { findings } = await diagnose(issuer);
  expect(JSON.stringify(findings).length).toBeLessThan(100_000);
  const those = findings.filter(({ code }) => code === 'KTY_MISSING');
  expect([those.length, those.at(-1)!.message]).toEqual([20, expect.stringContaining(' more places.')]);
});

it('a private key in another form is not shown', async () => {
  const issuer = await startIssuer();
  const key = makeRsaKey();
  issuer.keys.push(pemOf(key), [key.export({ format: 'jwk' })]);
  const text = JSON.stringify(await diagnose(issuer));
  expect(text).toContain('KEY_NO_OBJECT');
  expect([...privateTraces(key), 'BEGIN'].filter((trace) => text.includes(trace))).toEqual([]);
});

it.each([
  ['http elsewhere', 'http://login.example', {}],
  ['a query', 'https://login.example?a=b', {}],
  ['no request at all', 'https://login.example', { requests: 0 }],
  ['no time at all', 'https://login.example', { deadline: Number.NaN }],
  [
    'an authority that is none',
    'https://login.example',
    { ca: `${ca}-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n` },
  ],
  ['an address that is a name', 'https://login.example', { resolve: { 'login.example': 'node' } }],
])('what cannot be asked is thrown: %s', async (_, issuer, options) => {
  await expect(diagnoseIssuer(issuer, options)).rejects.toThrow(TypeError);
});

describe('the same over https', () => {
  it('a sound issuer has no errors and no warnings', async () => {
    const { findings } = await diagnose(await startIssuer(true));
    expect(findings.map(({ code }) => code)).toEqual(['ISSUER_WITH_PORT']);
  });

  it.each(secureFaults)('$name', (fault) => find(fault, true));

  it('a certificate that is not trusted', async () => {
    const { issuer } = await startIssuer(true);
    const { findings, answered } = await diagnoseIssuer(issuer, { resolve });
    expect(findings.map(({ code, where }) => [code, where]).slice(0, 2)).toEqual([
      ['CERTIFICATE_NOT_TRUSTED', 'discovery'],
      ['CERTIFICATE_NOT_TRUSTED', 'jwks'],
    ]);
    expect(answered).toBe(true);
  });
});
