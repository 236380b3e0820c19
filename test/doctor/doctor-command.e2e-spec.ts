import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { JwtService } from '../../lib/core/jwt/jwt.service.js';
import { makeRsaKey, pemOf, privateTraces } from '../support/keys.js';
import { cleanEnvironment, commandLine, root, run } from '../support/processes.js';
import { startSample } from '../sample/sample-server.js';
import { ca, closeServers, names, startIssuer } from './sound-issuer.js';
import type { Issuer } from './sound-issuer.js';

afterAll(closeServers);

const folder = mkdtempSync(join(tmpdir(), 'oidc-key-doctor-'));
const doctor = (args: readonly string[], env: Record<string, string> = {}) =>
  run(process.execPath, [commandLine, 'doctor', ...args], { cwd: folder, env: cleanEnvironment(env) });
const askedOf = (issuer: string) =>
  `  asked: discovery ${issuer}/.well-known/openid-configuration 200\n  asked: jwks ${issuer}/jwks 200\n`;
const inJson = async (args: readonly string[], env: Record<string, string> = {}) => {
  const { code, stdout } = await doctor([...args, '--json'], env);
  const report = JSON.parse(stdout) as {
    answered: boolean;
    asked: unknown[];
    keys?: unknown[];
    findings: { severity: string; code: string }[];
  };
  return { code, report, codes: report.findings.map(({ code: each }) => each) };
};

describe('doctor --issuer', () => {
  it('a sound issuer: exit code 0, and nothing is said', async () => {
    const { issuer } = await startIssuer();
    const { code, stdout, stderr } = await doctor(['--issuer', issuer]);
    expect([code, stdout, stderr]).toEqual([
      0,
      `${issuer}: 0 errors, 0 warnings, 0 notes\n${askedOf(issuer)}`,
      '',
    ]);
    const { report } = await inJson(['--issuer', issuer]);
    expect(report).toEqual({
      issuer,
      answered: true,
      asked: ['discovery', 'jwks', 'jwks', 'jwks'].map((document) => ({
        document,
        url: document === 'jwks' ? `${issuer}/jwks` : `${issuer}/.well-known/openid-configuration`,
        status: 200,
      })),
      findings: [],
    });
  });

  it('warnings stand: exit code 0', async () => {
    const issuer = await startIssuer();
    issuer.documents.jwks.headers.Vary = 'Cookie';
    const { code, stdout } = await doctor(['--issuer', issuer.issuer]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      `${issuer.issuer}: 0 errors, 1 warning, 0 notes\n${askedOf(issuer.issuer)}\n` +
        'warning VARIES: jwks header Vary\n' +
        '  It is "Cookie".\n' +
        '  Do: Serve every client the same answer, without Vary on what differs between them.\n' +
        '  Rule: RFC 9110 section 12.5.5: a cache keeps a copy for each value, and for * none at all\n',
    );
  });

  it('a JWKS that answers 500: exit code 1', async () => {
    const issuer = await startIssuer();
    issuer.documents.jwks.status = 500;
    const { code, codes } = await inJson(['--issuer', issuer.issuer]);
    expect([code, codes]).toEqual([1, ['JWKS_STATUS']]);
  });

  it.each([
    ['an address of one node, and no issuer', ['--resolve', 'login.example:10.0.0.7'], 'ISSUER_MISSING'],
    [
      'a lifetime, and an issuer',
      ['--longest-token', '1h', '--issuer', 'https://login.example'],
      'OPTION_WITHOUT_USE',
    ],
    ['a lifetime that is none', ['--longest-token', 'long'], 'number of seconds'],
    ['no issuer for the keys that wait', ['--next'], 'ISSUER_MISSING'],
    ['http elsewhere', ['--issuer', 'http://login.example'], 'ISSUER_MALFORMED'],
    ['an issuer with a query', ['--issuer', 'https://login.example/?a=b'], 'ISSUER_MALFORMED'],
    ['no address', ['--issuer', 'login.example'], 'ISSUER_MALFORMED'],
    [
      'a host without an address',
      ['--issuer', 'https://login.example', '--resolve', 'login.example'],
      'IP address',
    ],
    ['an address that is none', ['--issuer', 'https://login.example', '--resolve', 'a:b'], 'IP address'],
    [
      'authorities that are not there',
      ['--issuer', 'https://login.example', '--ca', 'absent.pem'],
      'FILE_NOT_READ',
    ],
    [
      'authorities that are none',
      ['--issuer', 'https://login.example', '--ca', join(root, 'package.json')],
      'FILE_WITHOUT_CERTIFICATE',
    ],
    [
      'a JWKS over http elsewhere',
      ['--issuer', 'https://login.example', '--jwks', 'http://login.example/jwks'],
      'JWKS_MALFORMED',
    ],
    ['an option that is none', ['--isuer', 'https://login.example'], 'unknown option'],
  ])('%s: exit code 2', async (_, args, message) => {
    const { code, stdout, stderr } = await doctor(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('nothing answers: exit code 3', async () => {
    const { code, report, codes } = await inJson(['--issuer', 'http://127.0.0.1:1']);
    expect([code, report.answered, codes]).toEqual([3, false, ['NOT_REACHABLE', 'NOT_REACHABLE']]);
  });

  it('--jwks asks for the JWKS alone', async () => {
    const issuer = await startIssuer();
    issuer.documents.discovery.status = 404;
    const { code, report } = await inJson(['--issuer', issuer.issuer, '--jwks', `${issuer.issuer}/jwks`]);
    expect([code, report.findings, report.asked.length]).toEqual([0, [], 3]);
  });

  it('--resolve asks one node, and --ca knows its authority', async () => {
    const issuer = await startIssuer(true);
    const file = join(folder, 'ca.pem');
    writeFileSync(file, ca);
    const node = ['--issuer', issuer.issuer, '--resolve', `${names.issuer}:127.0.0.1`];
    const { code, codes } = await inJson([...node, '--ca', file]);
    expect([code, codes]).toEqual([0, ['ISSUER_WITH_PORT']]);
    // Node takes every certificate where the environment has this.
    const stranger = await inJson(node, { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect([stranger.code, stranger.codes[0]]).toEqual([1, 'CERTIFICATE_NOT_TRUSTED']);
  });

  it('--jwks with an answer that is too large: it answered, exit code 1', async () => {
    const issuer = await startIssuer();
    issuer.documents.jwks.body = 'x'.repeat(1_000_001);
    const { code, codes } = await inJson(['--issuer', issuer.issuer, '--jwks', `${issuer.issuer}/jwks`]);
    expect([code, codes]).toEqual([1, ['TOO_LARGE']]);
  });

  it('--resolve for a host that is not asked: exit code 2', async () => {
    const issuer = await startIssuer(true);
    const file = join(folder, 'ca-of-misspelt.pem');
    writeFileSync(file, ca);
    const right = ['--resolve', `${names.issuer}:127.0.0.1`];
    const args = ['--issuer', issuer.issuer, '--ca', file, ...right, '--resolve', 'isuer.example:127.0.0.1'];
    const { code, stdout, stderr } = await doctor(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--resolve names isuer.example, which was not asked');
  });

  it('what a document says reaches no terminal as it is', async () => {
    const issuer = await startIssuer();
    const nasty = 'a\u001b[31mred\u009b2J\u202e\u2028';
    issuer.metadata.issuer = nasty;
    (issuer.keys[0] as { use: string }).use = nasty;
    for (const more of [[], ['--json']]) {
      const { code, stdout } = await doctor(['--issuer', issuer.issuer, ...more]);
      expect(code).toBe(1);
      expect(stdout).toContain('[31mred');
      expect(stdout.replaceAll('\n', '')).toMatch(/^[\x20-\x7e]*$/);
    }
  });

  it('a private key that is published is told, and none of its numbers', async () => {
    const issuer = await startIssuer();
    const key = makeRsaKey();
    issuer.keys[0] = { ...key.export({ format: 'jwk' }), kid: 'first', use: 'sig', alg: 'RS256' };
    for (const more of [[], ['--json']]) {
      const { code, stdout, stderr } = await doctor(['--issuer', issuer.issuer, ...more]);
      expect(code).toBe(1);
      expect(stdout).toContain('PRIVATE_KEY');
      expect(privateTraces(key).filter((trace) => `${stdout}${stderr}`.includes(trace))).toEqual([]);
    }
  });
});

describe('doctor --next', () => {
  const keys = [makeRsaKey(), makeRsaKey()];
  const [current, next] = keys.map((key) => new JwtService({ key }).getKeySet().keys[0]!) as [
    object,
    { kid: string },
  ];
  const pems = keys.map((key) => pemOf(key));
  const environment = { OIDC_PRIVATE_KEY: pems[0]!, OIDC_NEXT_KEYS: pems[1]! };
  const publishing = async (...published: object[]): Promise<Issuer> => {
    const issuer = await startIssuer();
    issuer.keys.splice(0, 2, ...published);
    issuer.metadata.id_token_signing_alg_values_supported = ['RS256'];
    return issuer;
  };

  it('a key that is not there yet: exit code 1', async () => {
    const { issuer } = await publishing(current);
    const { code, codes } = await inJson(['--next', '--issuer', issuer], environment);
    expect([code, codes]).toEqual([1, ['NEXT_KEY_NOT_VISIBLE']]);
  });

  it('a key that was seen for the first time: exit code 1, and from when it may sign', async () => {
    const { issuer } = await publishing(current, next);
    const { code, report, codes } = await inJson(['--next', '--issuer', issuer], environment);
    expect([code, codes]).toEqual([1, ['NEXT_KEY_TOO_YOUNG']]);
    expect(report.keys).toEqual([
      {
        kid: next.kid,
        visible: true,
        visibleSince: expect.any(String),
        knownFrom: 'answer',
        safeFrom: expect.any(String),
        safe: false,
      },
    ]);
  });

  it('a key of an answer that is as old as propagation: exit code 0', async () => {
    const issuer = await publishing(current, next);
    issuer.documents.jwks.headers.Age = '3800';
    issuer.documents.jwks.headers.Date = new Date(Date.now() - 3_800_000).toUTCString();
    const { code, report, codes } = await inJson(['--next', '--issuer', issuer.issuer], environment);
    expect([code, codes]).toEqual([0, ['NEXT_KEY_SAFE']]);
    expect(report.keys).toEqual([expect.objectContaining({ safe: true })]);
  });

  it('a key set knows since when, and from when', async () => {
    const file = join(folder, 'key-set.json');
    const at = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
    const members = [
      { iat: at(-90_000), nbf: at(-90_000), exp: at(9_000_000) },
      { iat: at(-3600), nbf: at(3600) },
    ];
    const jwks = keys.map((key, index) => ({
      ...key.export({ format: 'jwk' }),
      alg: 'RS256',
      ...members[index],
    }));
    writeFileSync(file, JSON.stringify({ keys: jwks }), { mode: 0o600 });
    const { issuer } = await publishing(current, next);
    const { code, stdout } = await doctor(['--next', '--issuer', issuer], { OIDC_KEY_STORE: `file:${file}` });
    expect(stdout).toContain(`note NEXT_KEY_WAITS: next key ${next.kid}`);
    expect(code).toBe(0);
  });

  it('a key that an earlier run saw: exit code 0 once its propagation is over', async () => {
    const { issuer } = await publishing(current, next);
    const seenAt = (ago: number) => `${new Date(Date.now() - ago * 1000).toISOString().slice(0, 19)}Z`;
    const args = ['--next', '--issuer', issuer, '--seen-since'];
    const { code, report, codes } = await inJson([...args, seenAt(3800)], environment);
    expect([code, codes]).toEqual([0, ['NEXT_KEY_SAFE']]);
    expect(report.keys).toEqual([expect.objectContaining({ knownFrom: 'earlier', safe: true })]);
    const younger = await inJson([...args, seenAt(3000)], environment);
    expect([younger.code, younger.codes]).toEqual([1, ['NEXT_KEY_TOO_YOUNG']]);
  });

  it('a schedule that may be too early is a warning, and is too early where it is known since when', async () => {
    const { issuer } = await publishing(current, next);
    const soon = new Date(Date.now() + 600_000).toISOString();
    const settings = { ...environment, OIDC_NEXT_KEY_ACTIVATES_AT: soon };
    const { code, codes } = await inJson(['--next', '--issuer', issuer], settings);
    expect([code, codes]).toEqual([0, ['NEXT_KEY_SINCE_UNKNOWN']]);
    const aMinuteAgo = new Date(Date.now() - 60_000).toISOString();
    const known = await inJson(['--next', '--issuer', issuer, '--seen-since', aMinuteAgo], settings);
    expect([known.code, known.codes]).toEqual([1, ['NEXT_KEY_TOO_EARLY']]);
  });

  it.each([
    ['yesterday', 'It has to be an ISO 8601 instant with its time zone that is past'],
    ['2126-01-01T00:00:00Z', 'It has to be an ISO 8601 instant with its time zone that is past'],
    ['2026-01-01', 'It has to be an ISO 8601 instant with its time zone that is past'],
  ])('no instant that is past: %s', async (instant, words) => {
    const { issuer } = await publishing(current, next);
    const args = ['--next', '--issuer', issuer, '--seen-since', instant];
    const { code, stderr } = await doctor(args, environment);
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  });

  it('--seen-since without --next, or without an issuer, is wrong usage', async () => {
    const seen = ['--seen-since', '2026-01-01T00:00:00Z'];
    const without = await doctor(['--issuer', 'https://login.example', ...seen], environment);
    expect([without.code, without.stderr]).toEqual([2, expect.stringContaining('Add --next')]);
    const lonely = await doctor(seen, environment);
    expect([lonely.code, lonely.stderr]).toEqual([
      2,
      expect.stringContaining('--seen-since is about an issuer'),
    ]);
  });

  it.each([
    [
      'the private half of the key is there',
      (issuer: Issuer) => (issuer.keys[1] = { ...next, d: 'AQAB' }),
      'PRIVATE_KEY',
    ],
    [
      'the clock of the server is two hours behind',
      ({ documents: { jwks } }: Issuer) =>
        (jwks.headers.Date = new Date(Date.now() - 7_200_000 - 3_800_000).toUTCString()),
      'CLOCK_DIFFERS',
    ],
    [
      'the settings are of another issuer',
      (issuer: Issuer) => issuer.keys.shift(),
      'CURRENT_KEY_NOT_VISIBLE',
    ],
  ])('%s: exit code 1', async (_, seed, expected) => {
    const issuer = await publishing(current, next);
    issuer.documents.jwks.headers.Age = '3800';
    issuer.documents.jwks.headers.Date = new Date(Date.now() - 3_800_000).toUTCString();
    seed(issuer);
    const { code, codes } = await inJson(['--next', '--issuer', issuer.issuer], environment);
    expect(code).toBe(1);
    expect(codes).toContain(expected);
  });

  it('a key that signs by its schedule, and is not there: exit code 1', async () => {
    const { issuer } = await publishing(current);
    const settings = {
      ...environment,
      OIDC_NEXT_KEY_ACTIVATES_AT: new Date(Date.now() - 60_000).toISOString(),
    };
    const { code, codes } = await inJson(['--next', '--issuer', issuer], settings);
    expect([code, codes]).toEqual([1, ['NEXT_KEY_NONE', 'CURRENT_KEY_NOT_VISIBLE']]);
  });

  it('no key waits: exit code 1', async () => {
    const { issuer } = await publishing(current);
    const { code, codes } = await inJson(['--next', '--issuer', issuer], { OIDC_PRIVATE_KEY: pems[0]! });
    expect([code, codes]).toEqual([1, ['NEXT_KEY_NONE']]);
  });

  it('a JWKS that answers 500: exit code 1, and why', async () => {
    const issuer = await publishing(current, next);
    issuer.documents.jwks.status = 500;
    const { code, codes } = await inJson(['--next', '--issuer', issuer.issuer], environment);
    expect([code, codes]).toEqual([1, ['NEXT_KEY_NOT_SEEN', 'JWKS_STATUS']]);
  });

  it('settings that would not boot: exit code 1', async () => {
    const { issuer } = await publishing(current);
    const { code, stdout, stderr } = await doctor(['--next', '--issuer', issuer]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('OIDC_KEY_MISSING');
    const { report, ...inJsonToo } = await inJson(['--next', '--issuer', issuer]);
    expect([inJsonToo.code, inJsonToo.codes]).toEqual([1, ['OIDC_KEY_MISSING']]);
    expect(report).toMatchObject({ answered: false, asked: [], keys: [] });
  });
});

it('the sample server of this repository has no errors and no warnings', async () => {
  const { server, issuer } = await startSample();
  try {
    const { code, report } = await inJson(['--issuer', issuer]);
    expect(report.findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(code).toBe(0);
  } finally {
    await server.stop();
  }
});

describe('doctor', () => {
  const sound = { OIDC_PRIVATE_KEY: pemOf(makeRsaKey()), OIDC_NEXT_KEYS: pemOf(makeRsaKey()) };

  it('a sound environment: exit code 0, and what each key does', async () => {
    const { code, stdout, stderr } = await doctor(['--longest-token', '30d'], sound);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^The environment: 0 errors, \d warnings?, 2 notes\n/);
    expect(stdout).toContain('note KEY_IS_CURRENT: OIDC_PRIVATE_KEY\n  RS256 key ');
  });

  it.each([
    ['no key', [], {}, 1, 'OIDC_KEY_MISSING'],
    ['tokens that outlive their key', ['--longest-token', '31d'], sound, 1, 'RETENTION_SHORTER_THAN_TOKENS'],
    [
      'a store that does not answer',
      [],
      { OIDC_KEY_STORE: 'vault:secret/keys', VAULT_ADDR: 'http://127.0.0.1:9', VAULT_TOKEN: 't' },
      3,
      'OIDC_KEY_STORE_FAILED',
    ],
  ] as const)('%s: %j %j: exit code %i', async (_, args, settings, expected, finding) => {
    const { code, codes } = await inJson(args, settings);
    expect(code).toBe(expected);
    expect(codes[0]).toBe(finding);
  });

  it('reads the file .env of the folder, and says who else does', async () => {
    const here = mkdtempSync(join(tmpdir(), 'oidc-key-doctor-'));
    chmodSync(here, 0o755);
    const key = makeRsaKey();
    writeFileSync(join(here, '.env'), `OIDC_PRIVATE_KEY="${pemOf(key)}"`, { mode: 0o644 });
    const { code, stdout } = await run(process.execPath, [commandLine, 'doctor'], {
      cwd: here,
      env: cleanEnvironment({}),
    });
    expect(code).toBe(0);
    expect(stdout).toContain('warning FILE_READABLE_BY_OTHERS: .env');
    for (const trace of privateTraces(key)) expect(stdout).not.toContain(trace);
  });
});
