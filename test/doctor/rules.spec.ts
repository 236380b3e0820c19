import { X509Certificate } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { aboutCertificates } from '../../lib/doctor/issuer/certificates.js';
import { seenDocument } from '../../lib/doctor/issuer/observation.js';
import type { Observation } from '../../lib/doctor/issuer/observation.js';
import { repeatedMemberIn } from '../../lib/doctor/issuer/repeated-members.js';
import { judge } from '../../lib/doctor/issuer/rules.js';
import { certificateFor } from '../support/certificate.js';

const now = Date.parse('2026-11-27T12:00:00Z');

function observing(issuer: string, json: object, waited = 0): Observation {
  const documentOf = (name: 'discovery' | 'jwks', value: object) =>
    seenDocument(name, {
      url: new URL(issuer),
      status: 200,
      headers: { 'content-type': 'application/json', date: new Date(now).toUTCString() },
      body: Buffer.from(JSON.stringify(value)),
      redirects: [],
      askedAt: now,
      answeredAt: now,
      took: waited,
    });
  return {
    issuer,
    standard: 'OpenID Connect Discovery',
    discovery: documentOf('discovery', { issuer, ...json }),
    jwks: [documentOf('jwks', { keys: [] })],
  };
}

const codesOf = async (seen: Observation) => (await judge(seen)).map(({ code }) => code);

describe('what no server on this machine can show', () => {
  it('an answer that takes longer than relying parties wait', async () => {
    expect(await codesOf(observing('https://login.example', {}, 3500))).toContain('SLOW');
    expect(await codesOf(observing('https://login.example', {}, 2500))).not.toContain('SLOW');
  });

  it('an issuer of more characters than clouds take', async () => {
    const issuer = `https://login.example/${'a'.repeat(300)}`;
    expect(await codesOf(observing(issuer, {}))).toContain('ISSUER_TOO_LONG');
    expect(await codesOf(observing('https://login.example', {}))).not.toContain('ISSUER_TOO_LONG');
  });

  it('an issuer with a port', async () => {
    expect(await codesOf(observing('https://login.example:8443', {}))).toContain('ISSUER_WITH_PORT');
  });

  it('a certificate outside of its time', () => {
    const certificate = new X509Certificate(certificateFor('keys.example').cert);
    const jwk = { x5c: [certificate.raw.toString('base64')] };
    const codesAt = (instant: number) =>
      aboutCertificates(jwk, certificate.publicKey, 'jwks.keys[0]', instant).map(({ code }) => code);
    const year = 365 * 86_400_000;
    expect(codesAt(Date.now())).toEqual([]);
    expect(codesAt(Date.now() + year)).toEqual(['CERTIFICATE_EXPIRED']);
    expect(codesAt(Date.now() - year)).toEqual(['CERTIFICATE_EXPIRED']);
  });
});

describe('RFC 8414: an authorization server that is no OpenID provider', () => {
  const metadata = {
    authorization_endpoint: 'https://login.example/authorize',
    token_endpoint: 'https://login.example/token',
    jwks_uri: 'https://login.example/jwks',
    response_types_supported: ['code'],
  };
  const errorsOf = async (json: object) => {
    const seen = { ...observing('https://login.example', json), standard: 'RFC 8414' as const };
    return (await judge(seen)).filter(({ severity }) => severity === 'error').map(({ code }) => code);
  };

  it('needs no subject types and no algorithms of ID tokens', async () => {
    expect(await errorsOf(metadata)).toEqual([]);
  });

  it('needs no authorization endpoint where no grant type uses it (section 2)', async () => {
    const { authorization_endpoint: _, ...others } = metadata;
    expect(await errorsOf(others)).toEqual(['AUTHORIZATION_ENDPOINT_MISSING']);
    expect(await errorsOf({ ...others, grant_types_supported: ['client_credentials'] })).toEqual([]);
  });

  it('needs response types', async () => {
    const { response_types_supported: _, ...others } = metadata;
    expect(await errorsOf(others)).toEqual(['RESPONSE_TYPES_MISSING']);
  });
});

describe('members that are there twice', () => {
  it.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":{"b":1},"c":[{"d":1,"\\u0064":2}]}', 'd'],
    ['{"a":"{\\"a\\":","b":["a","a"],"c":{"a":1}}', undefined],
    ['[{"a":1},{"a":2}]', undefined],
    [`{"a":"${'\\"'.repeat(100_000)}","a":1}`, 'a'],
  ])('%.40s', (text, name) => {
    expect(JSON.parse(text)).toBeDefined();
    expect(repeatedMemberIn(text)).toBe(name);
  });
});

it('a key that node:crypto cannot compute with ends nothing', async () => {
  // The point at infinity, and coordinates beyond the field.
  const keys = ['P-256', 'P-384', 'P-521', 'secp256k1'].flatMap((crv) => {
    const length = { 'P-256': 32, 'P-384': 48, 'P-521': 66, secp256k1: 32 }[crv]!;
    return [0, 255].map((byte) => {
      const coordinate = Buffer.alloc(length, byte).toString('base64url');
      return { kty: 'EC', crv, x: coordinate, y: coordinate, kid: `${crv}-${byte}`, use: 'sig' };
    });
  });
  const seen = observing('https://login.example', {});
  const jwks = observing('https://login.example', { keys }).discovery!;
  const findings = await judge({ ...seen, jwks: [{ ...jwks, name: 'jwks' }] });
  expect(findings.filter(({ code }) => code === 'KEY_UNUSABLE')).toHaveLength(keys.length);
});
