import { generatePrimeSync } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { afterEach, describe, expect, it } from '@jest/globals';

import { AccessTokenVerifier } from '../../lib/resource-server/access-token.verifier.js';
import { RemoteKeys } from '../../lib/resource-server/keys/remote-keys.js';
import { resolveResourceServerOptions } from '../../lib/resource-server/resolve-options.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { makeRsaKey } from '../support/keys.js';
import { forge } from '../support/tokens.js';
import { until } from '../support/waiting.js';
import { closeIssuers, IssuerOfKeys, published, startServer } from './issuer-of-keys.js';

const [first, second] = [makeRsaKey(), makeRsaKey()];
const [one, two] = [published(first, { kid: 'one' }), published(second, { kid: 'two' })];
const minutes = 60_000;

const started: AccessTokenVerifier[] = [];
afterEach(async () => {
  for (const verifier of started.splice(0)) verifier.onModuleDestroy();
  await closeIssuers();
});

/** A verifier of one issuer, with a clock that is set by hand; over real HTTP. */
async function start(options: object = {}) {
  const issuer = await IssuerOfKeys.start([one]);
  const { issuers } = resolveResourceServerOptions({
    issuer: issuer.url,
    audience: 'https://api.example',
    ...options,
  });
  const [settings] = issuers as [(typeof issuers)[0]];
  const lines: string[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  const clock = { now: 0 };
  const { algorithms, keepKeysFor, origin } = settings;
  const keys = new RemoteKeys({
    issuer: issuer.url,
    jwksUri: (origin as { jwksUri: URL }).jwksUri,
    algorithms,
    keepKeysFor,
    logger: { log: at('log'), warn: at('warn'), error: at('error') },
    clock: () => clock.now,
  });
  const verifier = new AccessTokenVerifier([{ settings, keys }]);
  started.push(verifier);
  /** What comes of a token: its sub, or the code of the error. */
  const verify = (token: string) =>
    verifier.verify(token).then(
      ({ sub }) => sub,
      (error: { code: string }) => error.code,
    );
  const token = (kid: 'one' | 'two') => issuer.token(kid === 'one' ? first : second, {}, { kid });
  return { issuer, verify, token, lines, clock };
}

type Started = Awaited<ReturnType<typeof start>>;

/** The ways in which an issuer can be away. */
const outages: [string, (issuer: IssuerOfKeys) => void, RegExp][] = [
  [
    'hangs up',
    (issuer) => issuer.answer((request) => request.socket.destroy()),
    /the request failed \(UND_ERR_SOCKET\)/,
  ],
  [
    'answers 500',
    (issuer) => issuer.answer((_, response) => response.writeHead(500).end('{}')),
    /answered 500/,
  ],
  [
    'answers with a page',
    (issuer) => issuer.answer((_, response) => response.end('<html>Sorry')),
    /is no JSON/,
  ],
  [
    'answers with other JSON',
    (issuer) => issuer.answer((_, response) => response.end('{"error":"gone"}')),
    /is no JWK Set/,
  ],
  [
    'sends on to another address',
    (issuer) =>
      issuer.answer((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9' }).end()),
    /answered 302, and redirects are not followed/,
  ],
];

describe.each(outages)('attack 43: an issuer that %s', (_, fail, reason) => {
  it('is asked again, while the keys that are known serve for an hour', async () => {
    const { issuer, verify, token, lines, clock } = await start();
    expect(await verify(token('one'))).toBe('alice');
    fail(issuer);
    for (const minute of [5, 11, 12, 40, 59]) {
      clock.now = minute * minutes;
      expect(await verify(token('one'))).toBe('alice');
    }
    clock.now = 60 * minutes;
    expect(await verify(token('one'))).toBe('OIDC_KEY_SOURCE_FAILED');
    expect(lines).toEqual([
      expect.stringMatching(
        /^warn: The keys of http:\/\/127.0.0.1:\d+ cannot be fetched from http:.*jwks\.json/,
      ),
    ]);
    expect(lines[0]).toMatch(reason);
    expect(lines[0]).toContain('"jwksUri"');

    issuer.publish([one]);
    clock.now = 61 * minutes;
    expect(await verify(token('one'))).toBe('alice');
    expect(lines.slice(1)).toEqual([expect.stringMatching(/^log: http.* answers again, after 3000 s/)]);
    // And all is as before.
    expect(await verify(token('two'))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
  });

  it('has no keys to begin with: nothing is known about a token, and it is not asked for each', async () => {
    const { issuer, verify, token, lines, clock } = await start();
    fail(issuer);
    for (let index = 0; index < 20; index++) {
      expect(await verify(token('one'))).toBe('OIDC_KEY_SOURCE_FAILED');
    }
    expect(issuer.asked).toHaveLength(1);
    expect(lines).toEqual([expect.stringMatching(/^error: .* every token is answered with 503\.$/)]);
    clock.now = 1000;
    issuer.publish([one]);
    expect(await verify(token('one'))).toBe('alice');
  });
});

describe('keys that are known', () => {
  it('serve for as long as "keepKeysFor" says, a day at most', async () => {
    for (const keepKeysFor of [600, 86_400]) {
      const { issuer, verify, token, clock } = await start({ keepKeysFor });
      expect(await verify(token('one'))).toBe('alice');
      issuer.answer((request) => request.socket.destroy());
      clock.now = keepKeysFor * 1000 - 1;
      expect(await verify(token('one'))).toBe('alice');
      clock.now++;
      expect(await verify(token('one'))).toBe('OIDC_KEY_SOURCE_FAILED');
    }
  });

  it('attack 44: are gone with the next fetch that succeeds, where they were revoked', async () => {
    const { issuer, verify, token, clock } = await start();
    expect(await verify(token('one'))).toBe('alice');
    issuer.publish([two]);
    clock.now = 10 * minutes - 1;
    expect(await verify(token('one'))).toBe('alice');
    clock.now = 10 * minutes;
    expect(await verify(token('one'))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
    expect(await verify(token('two'))).toBe('alice');
  });

  it('attack 44: are gone even where the issuer publishes none at all', async () => {
    const { issuer, verify, token, lines, clock } = await start();
    expect(await verify(token('one'))).toBe('alice');
    issuer.publish([]);
    clock.now = 10 * minutes;
    expect(await verify(token('one'))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
    expect(lines.join()).toMatch(/no key that can be used/);
  });

  it('serve without a wait while an issuer that is away hangs', async () => {
    const { issuer, verify, token, clock } = await start();
    expect(await verify(token('one'))).toBe('alice');
    issuer.answer((request) => request.socket.destroy());
    clock.now = 11 * minutes;
    expect(await verify(token('one'))).toBe('alice');
    const hanging: ServerResponse[] = [];
    issuer.answer((_, response) => void hanging.push(response));
    clock.now = 12 * minutes;
    expect(await verify(token('one'))).toBe('alice');
    await until(() => hanging.length === 1);
    expect(hanging[0]!.destroyed).toBe(false);
    for (let index = 0; index < 10; index++) expect(await verify(token('one'))).toBe('alice');
    expect(hanging).toHaveLength(1);
  });

  it('are asked for twice a minute at most while the issuer is away', async () => {
    const { issuer, verify, token, clock } = await start();
    expect(await verify(token('one'))).toBe('alice');
    issuer.answer((request) => request.socket.destroy());
    clock.now = 11 * minutes;
    for (let count = 0; count < 60; count++, clock.now += 1000) {
      expect(await verify(token('one'))).toBe('alice');
      expect(await verify(token('two'))).toBe('OIDC_KEY_SOURCE_FAILED');
    }
    expect(issuer.asked).toHaveLength(3);
  });

  it('are as old as the request for them: what was revoked while it was under way may be in the answer', async () => {
    const { issuer, verify, token, clock } = await start();
    issuer.answer((_, response) => {
      clock.now = 4000;
      response.end(JSON.stringify({ keys: [one] }));
    });
    expect(await verify(token('one'))).toBe('alice');
    issuer.publish([two]);
    clock.now = 10 * minutes;
    expect(await verify(token('one'))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
  });
});

describe('attack 43: what an issuer can make this server do', () => {
  it('10,000 tokens with unknown kids make it ask twice a minute', async () => {
    const { issuer, verify, clock } = await start();
    const unknown = issuer.token(first, {}, { kid: 'unknown' });
    for (let index = 0; index < 10_000; index++) {
      clock.now = index * 6;
      expect(await verify(unknown)).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
    }
    expect(issuer.asked.length).toBeLessThanOrEqual(3);
  });

  it('tokens with wrong signatures, or of other issuers, do not make it ask more often', async () => {
    const { issuer, verify, token } = await start();
    expect(await verify(token('one'))).toBe('alice');
    for (let index = 0; index < 50; index++) {
      expect(await verify(issuer.token(second, {}, { kid: 'one' }))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
      const other = issuer.token(second, { iss: 'http://127.0.0.1:9' }, { kid: 'two' });
      expect(await verify(other)).toBe('OIDC_TOKEN_CLAIM_MISMATCH');
      expect(await verify(issuer.token(second, {}, { alg: 'HS256', kid: 'two' }))).toBe(
        'OIDC_TOKEN_INVALID_ALGORITHM',
      );
    }
    expect(issuer.asked).toHaveLength(1);
  });

  it('tokens that no key verifies do not make it ask, however long ago it did', async () => {
    const { issuer, verify, token, clock } = await start();
    expect(await verify(token('one'))).toBe('alice');
    clock.now = 31_000;
    for (const [header, code] of [
      [{ kid: 'two', crit: ['x'], x: 1 }, 'OIDC_TOKEN_MALFORMED'],
      [{ kid: 'two', b64: false }, 'OIDC_TOKEN_MALFORMED'],
      [{ kid: 'two', alg: 'HS256' }, 'OIDC_TOKEN_INVALID_ALGORITHM'],
      [{ kid: 'one', alg: 'none' }, 'OIDC_TOKEN_INVALID_ALGORITHM'],
    ] as const) {
      expect(await verify(issuer.token(first, {}, header))).toBe(code);
    }
    expect(issuer.asked).toHaveLength(1);
    expect(await verify(token('two'))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
    expect(issuer.asked).toHaveLength(2);
  });

  it('many requests at once are one', async () => {
    const { issuer, verify, token, clock } = await start();
    expect(await Promise.all(Array.from({ length: 50 }, () => verify(token('one'))))).toEqual(
      Array.from({ length: 50 }, () => 'alice'),
    );
    expect(issuer.asked).toHaveLength(1);
    issuer.publish([one, two]);
    clock.now = 31_000;
    expect(await Promise.all(Array.from({ length: 50 }, () => verify(token('two'))))).toEqual(
      Array.from({ length: 50 }, () => 'alice'),
    );
    expect(issuer.asked).toHaveLength(2);
  });

  const flood = Buffer.alloc(100_000, ' ');

  function* spaces(sent: { bytes: number }, most: number) {
    for (; sent.bytes < most; sent.bytes += flood.length) yield flood;
  }

  const send = (issuer: IssuerOfKeys, sent: { bytes: number }, most: number, headers: OutgoingHttpHeaders) =>
    issuer.answer((_, response) => {
      response.writeHead(200, headers);
      // It ends with an error: the other side hangs up.
      pipeline(Readable.from(spaces(sent, most)), response, () => undefined);
    });

  it.each<[string, (issuer: IssuerOfKeys, sent: { bytes: number }) => void]>([
    ['an endless answer', (issuer, sent) => send(issuer, sent, Infinity, {})],
    [
      'an answer that says it has 300 MB',
      (issuer, sent) => send(issuer, sent, 300_000_000, { 'content-length': 300_000_000 }),
    ],
    [
      'a few bytes that unpack to 300 MB',
      (issuer) => {
        const bomb = gzipSync(Buffer.alloc(300_000_000, ' '));
        issuer.answer((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
      },
    ],
  ])('%s is read up to a megabyte', async (_, misbehave) => {
    const { issuer, verify, token, lines, clock } = await start();
    expect(await verify(token('one'))).toBe('alice');
    const sent = { bytes: 0 };
    misbehave(issuer, sent);
    clock.now = 11 * minutes;
    expect(await verify(token('one'))).toBe('alice');
    expect(lines.join()).toMatch(/answered more than 1000000 bytes/);
    // What the kernel holds for a connection comes on top.
    expect(sent.bytes).toBeLessThan(50_000_000);
  });

  it('an answer by the byte is given up after five seconds, and known keys serve on', async () => {
    const { issuer, verify, token, lines, clock } = await start();
    expect(await verify(token('one'))).toBe('alice');
    issuer.answer((_, response) => {
      const timer = setInterval(() => response.write(' '), 200);
      response.on('close', () => clearInterval(timer));
    });
    clock.now = 11 * minutes;
    expect(await verify(token('one'))).toBe('alice');
    expect(lines.join()).toMatch(/no answer within 5 s/);
  });

  it('an issuer that hangs holds nobody up when the application closes', async () => {
    const { issuer, verify, token, lines } = await start();
    issuer.answer(() => undefined);
    const answer = verify(token('one'));
    await until(() => issuer.asked.length === 1);
    for (const verifier of started) verifier.onModuleDestroy();
    expect(await answer).toBe('OIDC_KEY_SOURCE_FAILED');
    expect(lines).toEqual([]);
  });

  it('an address that redirects gives no other host a look at the request, and is not followed', async () => {
    const elsewhere: string[] = [];
    const other = await startServer((request, response) => {
      elsewhere.push(request.url!);
      response.end(JSON.stringify({ keys: [two] }));
    });
    const { issuer, verify, token } = await start();
    issuer.answer((_, response) => response.writeHead(301, { location: `${other}/jwks.json` }).end());
    expect(await verify(token('two'))).toBe('OIDC_KEY_SOURCE_FAILED');
    expect(elsewhere).toEqual([]);
  });
});

it('what every object inherits is no claim of a token', async () => {
  const { verify, token } = await start({ expectedClaims: { token_use: 'access' } });
  Reflect.defineProperty(Object.prototype, 'token_use', { value: 'access', configurable: true });
  try {
    expect(await verify(token('one'))).toBe('OIDC_TOKEN_CLAIM_MISMATCH');
  } finally {
    Reflect.deleteProperty(Object.prototype, 'token_use');
  }
});

/** Moduli of 8192 bits that are soon made: of more than two primes each, which nobody sees in a public key. */
function heavyKeys(count: number): JsonWebKey[] {
  const primes = Array.from({ length: 18 }, () => generatePrimeSync(512, { bigint: true }));
  const pairs = primes.flatMap((_, left) => primes.slice(0, left).map((__, other) => [left, other]));
  return pairs.slice(0, count).map((left, index) => {
    const modulus = primes.reduce((all, each, which) => (left.includes(which) ? all : all * each), 1n);
    const hex = modulus.toString(16);
    const n = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
    return { kty: 'RSA', n, e: 'AQAB', kid: `heavy ${index}` };
  });
}

describe('a set that holds more than can be used', () => {
  const weak = published(makeRsaKey(1024), { kid: 'weak' });
  const secret = { kty: 'oct', k: 'c2VjcmV0', kid: 'secret' };
  const leaked = { ...second.export({ format: 'jwk' }), kid: 'two' };
  const encrypting = published(second, { kid: 'enc', use: 'enc' });
  const broken = { kty: 'RSA', kid: 'broken', n: '!', e: 'AQAB' };
  const foreign = { kty: 'AKP', alg: 'ML-DSA-44', kid: 'pq', pub: 'AAAA' };

  it('is used for what can be, and says what is left out once', async () => {
    const { issuer, verify, token, lines, clock } = await start();
    issuer.publish([weak, secret, leaked, encrypting, broken, foreign, one]);
    expect(await verify(token('one'))).toBe('alice');
    expect(await verify(token('two'))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
    clock.now = 11 * minutes;
    expect(await verify(token('one'))).toBe('alice');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^warn: http.*Key 1 of 7 .*OIDC_KEY_TOO_WEAK/);
    expect(lines[0]).toMatch(/Key 2 of 7 is a shared secret/);
    expect(lines[0]).toMatch(/Key 3 of 7 is a private key that everybody can read/);
    expect(lines[0]).not.toMatch(/Key 4|Key 6|Key 7/);
    for (const trace of ['c2VjcmV0', leaked.d]) expect(lines[0]).not.toContain(trace);
  });

  it('is cut where it holds more keys than an issuer can need', async () => {
    const { issuer, verify, token, lines } = await start();
    const many = Array.from({ length: 150 }, (_, index) => {
      const { privateKey } = makeKeyPair('ed25519');
      return published(privateKey, { kid: `k${index}` });
    });
    issuer.publish([one, ...many, two]);
    expect(await verify(token('one'))).toBe('alice');
    expect(await verify(token('two'))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
    expect(lines.join()).toMatch(/first 100 of 152 keys/);
  });

  it('is checked for as long as a hundred keys of 2048 bits take', async () => {
    const { issuer, verify, token, lines } = await start();
    issuer.publish([one, ...heavyKeys(10), two]);
    expect(await verify(token('one'))).toBe('alice');
    expect(await verify(token('two'))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
    expect(lines.join()).toMatch(/first 7 of 12 keys/);
  });

  it('takes a key without "alg" for each algorithm that is accepted, and no other', async () => {
    const open = await start();
    const token = (issuer: IssuerOfKeys) =>
      forge(first, { alg: 'RS512', typ: 'at+jwt', kid: 'one' }, issuer.claims(), 'sha512');
    expect(await open.verify(token(open.issuer))).toBe('alice');
    const narrow = await start({ algorithms: ['RS256'] });
    expect(await narrow.verify(token(narrow.issuer))).toBe('OIDC_TOKEN_INVALID_ALGORITHM');
    expect(await narrow.verify(narrow.token('one'))).toBe('alice');
    const named = await start();
    named.issuer.publish([{ ...one, alg: 'RS256' }]);
    expect(await named.verify(token(named.issuer))).toBe('OIDC_TOKEN_INVALID_ALGORITHM');
  });
});

/**
 * What the relying-party tests of the OpenID conformance suite ask of whoever verifies: keys that are rotated, and
 * tokens without kid.
 */
describe('the rotations of the conformance suite', () => {
  const withoutKid = (issuer: IssuerOfKeys, key: typeof first) => issuer.token(key);

  it.each<[string, (started: Started) => Promise<void>]>([
    [
      'oidcc-client-test-signing-key-rotation: the key is rotated while it runs',
      async ({ issuer, verify, token, clock }) => {
        expect(await verify(token('one'))).toBe('alice');
        issuer.publish([two]);
        clock.now = 31_000;
        expect(await verify(token('two'))).toBe('alice');
        expect(await verify(token('one'))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
      },
    ],
    [
      'oidcc-client-test-signing-key-rotation-just-before-signing: with an old set in the cache',
      async ({ issuer, verify, token, clock }) => {
        expect(await verify(token('one'))).toBe('alice');
        clock.now = 31_000;
        issuer.publish([one, two]);
        const fresh = token('two');
        expect(await verify(fresh)).toBe('alice');
      },
    ],
    [
      'oidcc-client-test-kid-absent-single-jwks: no kid, one key',
      async ({ issuer, verify }) => {
        expect(await verify(withoutKid(issuer, first))).toBe('alice');
        expect(await verify(withoutKid(issuer, second))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
      },
    ],
    [
      'oidcc-client-test-kid-absent-multiple-jwks: no kid, several keys, of which each is tried',
      async ({ issuer, verify }) => {
        issuer.publish([one, two]);
        expect(await verify(withoutKid(issuer, second))).toBe('alice');
        expect(await verify(withoutKid(issuer, makeRsaKey()))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
      },
    ],
    [
      'no kid, and a key that came after the set was fetched',
      async ({ issuer, verify, clock }) => {
        expect(await verify(withoutKid(issuer, first))).toBe('alice');
        issuer.publish([two]);
        clock.now = 31_000;
        expect(await verify(withoutKid(issuer, second))).toBe('alice');
      },
    ],
    [
      'a new key under the kid of the old one',
      async ({ issuer, verify, clock }) => {
        const sameKid = () => issuer.token(second, {}, { kid: 'one' });
        expect(await verify(sameKid())).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
        issuer.publish([{ ...two, kid: 'one' }]);
        clock.now = 31_000;
        expect(await verify(sameKid())).toBe('alice');
      },
    ],
    [
      'keys without kid',
      async ({ issuer, verify }) => {
        issuer.publish([published(first), published(second)]);
        expect(await verify(withoutKid(issuer, second))).toBe('alice');
        // A kid that no published key has names none of them.
        expect(await verify(issuer.token(second, {}, { kid: 'two' }))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
      },
    ],
    [
      'two keys under one kid',
      async ({ issuer, verify }) => {
        issuer.publish([one, { ...two, kid: 'one' }]);
        expect(await verify(issuer.token(second, {}, { kid: 'one' }))).toBe('alice');
        expect(await verify(issuer.token(first, {}, { kid: 'one' }))).toBe('alice');
      },
    ],
  ])('%s', async (_, play) => play(await start()));

  it('an unknown kid while the issuer is away: nothing is known about the token', async () => {
    const { issuer, verify, token, clock } = await start();
    expect(await verify(token('one'))).toBe('alice');
    issuer.answer((request) => request.socket.destroy());
    clock.now = 31_000;
    expect(await verify(token('two'))).toBe('OIDC_KEY_SOURCE_FAILED');
    expect(await verify(issuer.token(second, {}, { kid: 'one' }))).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
    expect(await verify(token('one'))).toBe('alice');
  });
});
