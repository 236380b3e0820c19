import { randomBytes } from 'node:crypto';

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { JwtService } from 'nestjs-oidc-key';
import type { LegacyHs256Options, LegacyTokenKind } from 'nestjs-oidc-key';

import { LiveRing } from '../../../lib/core/jwt/jwt.service.js';
import { legacyOf } from '../../../lib/core/jwt/legacy/legacy-options.js';
import { KeyLoader } from '../../../lib/core/ring/key-loader.js';
import { KeyRing } from '../../../lib/core/ring/key-ring.js';
import { Usage } from '../../../lib/core/usage/usage.js';
import { errorOf, everythingPrintedOf, rejectionOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { jwkOf, makeRsaKey, pemOf } from '../../support/keys.js';
import { withPollutedPrototype } from '../../support/prototypes.js';
import { forge, forgeHmac, publicPemOf } from '../../support/tokens.js';

const key = makeRsaKey();
const secret = randomBytes(32).toString('base64');
const day = 24 * 3600 * 1000;
const inDays = (days: number) => new Date(Date.now() + days * day);
const until = inDays(30);
const all: LegacyTokenKind[] = ['authorization_code', 'refresh_token', 'access_token'];

const serviceWith = (legacyHs256: Partial<LegacyHs256Options> = {}) =>
  new JwtService({ key, legacyHs256: { secret, until, ...legacyHs256 } });

/** Claims as 4.3.7 writes them. */
const claimsOf: Readonly<Record<LegacyTokenKind, Record<string, unknown>>> = {
  authorization_code: { client_id: 'client', auth_code_id: 'c', redirect_uri: null, scopes: [], user_id: 7 },
  refresh_token: { client_id: 'client', access_token_id: 'a', refresh_token_id: 'r', scope: '', iat: 1 },
  access_token: { cid: 'client', scope: '', sub: 'alice', jti: 'a', iat: 1, exp: 4_000_000_000 },
};
const typOf = { authorization_code: 'code+jwt', refresh_token: 'refresh+jwt', access_token: 'at+jwt' };
const headerOf4 = { alg: 'HS256', typ: 'JWT' };
const signed = (claims: unknown, header: object = headerOf4, by: string | Buffer = secret) =>
  forgeHmac(by, header, claims);

afterEach(() => {
  jest.restoreAllMocks();
});

describe('which kinds of token are accepted', () => {
  it.each(all)('by default refresh tokens and codes: %s', async (kind) => {
    const jwt = serviceWith();
    const token = signed(claimsOf[kind]);
    if (kind === 'access_token') {
      await expect(jwt.verify(token)).rejects.toMatchObject({ code: 'OIDC_TOKEN_INVALID_ALGORITHM' });
    } else {
      await expect(jwt.verify(token)).resolves.toEqual(claimsOf[kind]);
    }
  });

  it.each(all.flatMap((named) => all.map((kind) => [named, kind] as const)))(
    'with only %s named: %s',
    async (named, kind) => {
      const verdict = serviceWith({ kinds: [named] }).verify(signed(claimsOf[kind]));
      if (named === kind) await expect(verdict).resolves.toEqual(claimsOf[kind]);
      else await expect(verdict).rejects.toMatchObject({ code: 'OIDC_TOKEN_INVALID_ALGORITHM' });
    },
  );

  it.each(all.flatMap((kind) => [...Object.values(typOf), 'JWT'].map((typ) => [kind, typ] as const)))(
    'what %s is, where the caller asks for the typ %s, is told by its claims',
    async (kind, typ) => {
      const verdict = serviceWith({ kinds: all }).verify(signed(claimsOf[kind]), { typ });
      if (typOf[kind] === typ) await expect(verdict).resolves.toEqual(claimsOf[kind]);
      else await expect(verdict).rejects.toMatchObject({ code: 'OIDC_TOKEN_CLAIM_MISMATCH' });
    },
  );

  it.each([
    ['a code that has the id of a refresh token', { ...claimsOf.authorization_code, refresh_token_id: 'r' }],
    ['a refresh token that has the id of a code', { ...claimsOf.refresh_token, auth_code_id: 'c' }],
    ['an access token that has the id of a code', { ...claimsOf.access_token, auth_code_id: 'c' }],
    [
      'an access token that has the id of a refresh token',
      { ...claimsOf.access_token, refresh_token_id: 'r' },
    ],
    ['an access token that names another one', { ...claimsOf.access_token, access_token_id: 'b' }],
    ['a refresh token without its access token', { refresh_token_id: 'r' }],
    ['an access token without its client', { jti: 'a', scope: '' }],
    ['an ID token', { iss: 'i', sub: 's', aud: 'client', exp: 4_000_000_000 }],
    ['an access token that has the nonce of an ID token', { ...claimsOf.access_token, nonce: 'n' }],
    ['an access token that has the at_hash of an ID token', { ...claimsOf.access_token, at_hash: 'h' }],
    ['an id that is no string', { ...claimsOf.authorization_code, auth_code_id: 1 }],
    ['an id that is inherited', '{"__proto__":{"auth_code_id":"c"}}'],
    ['nothing', {}],
  ])('%s is of none of the kinds', async (_, claims) => {
    await expect(serviceWith({ kinds: all }).verify(signed(claims))).rejects.toMatchObject({
      code: 'OIDC_TOKEN_INVALID_ALGORITHM',
    });
  });

  it('what every object inherits is no claim of a token', async () => {
    const [jwt, token] = [serviceWith(), signed({ client_id: 'client' })];
    const verdict = withPollutedPrototype('auth_code_id', () => jwt.verify(token));
    await expect(verdict).rejects.toMatchObject({ code: 'OIDC_TOKEN_INVALID_ALGORITHM' });
  });

  it('claims are still checked', async () => {
    const jwt = serviceWith({ kinds: all });
    const expired = signed({ ...claimsOf.access_token, exp: 1 });
    await expect(jwt.verify(expired)).rejects.toMatchObject({ code: 'OIDC_TOKEN_EXPIRED' });
    await expect(jwt.verify(expired, { ignoreExpiration: true })).resolves.toBeDefined();
    await expect(jwt.verify(signed(claimsOf.access_token), { issuer: 'i' })).rejects.toMatchObject({
      code: 'OIDC_TOKEN_CLAIM_MISMATCH',
    });
    await expect(jwt.verify(signed([1]))).rejects.toMatchObject({ code: 'OIDC_TOKEN_MALFORMED' });
  });
});

describe('what is no token of the secret', () => {
  const token = claimsOf.refresh_token;
  const firstHalf = (signature: string) =>
    Buffer.from(signature, 'base64url').subarray(0, 16).toString('base64url');

  it.each<[string, string, string]>([
    ['a kid', signed(token, { ...headerOf4, kid: 'x' }), 'OIDC_TOKEN_INVALID_SIGNATURE'],
    ['an empty kid', signed(token, { ...headerOf4, kid: '' }), 'OIDC_TOKEN_INVALID_SIGNATURE'],
    ['a kid of null', signed(token, { ...headerOf4, kid: null }), 'OIDC_TOKEN_INVALID_SIGNATURE'],
    ['HS512', forgeHmac(secret, { alg: 'HS512' }, token, 'sha512'), 'OIDC_TOKEN_INVALID_ALGORITHM'],
    ['HS384', forgeHmac(secret, { alg: 'HS384' }, token, 'sha384'), 'OIDC_TOKEN_INVALID_ALGORITHM'],
    ['hs256 in small letters', signed(token, { alg: 'hs256' }), 'OIDC_TOKEN_INVALID_ALGORITHM'],
    ['none', signed(token, { alg: 'none' }).replace(/[^.]*$/, ''), 'OIDC_TOKEN_INVALID_ALGORITHM'],
    ['RS256 in the header', signed(token, { alg: 'RS256' }), 'OIDC_TOKEN_INVALID_SIGNATURE'],
    [
      'the typ of another kind',
      signed(token, { ...headerOf4, typ: 'at+jwt' }),
      'OIDC_TOKEN_INVALID_ALGORITHM',
    ],
    ['a jwk', signed(token, { ...headerOf4, jwk: { kty: 'oct', k: 'AA' } }), 'OIDC_TOKEN_INVALID_ALGORITHM'],
    ['a crit', signed(token, { ...headerOf4, crit: ['x'], x: 1 }), 'OIDC_TOKEN_MALFORMED'],
    ['b64', signed(token, { ...headerOf4, b64: false }), 'OIDC_TOKEN_MALFORMED'],
    ['another secret', signed(token, headerOf4, randomBytes(32)), 'OIDC_TOKEN_INVALID_SIGNATURE'],
    ['no secret', signed(token, headerOf4, ''), 'OIDC_TOKEN_INVALID_SIGNATURE'],
    ['no signature', signed(token).replace(/[^.]*$/, ''), 'OIDC_TOKEN_INVALID_SIGNATURE'],
    ['half a signature', signed(token).replace(/[^.]*$/, firstHalf), 'OIDC_TOKEN_INVALID_SIGNATURE'],
    ['HS256 signed by RSA', forge(key, headerOf4, token), 'OIDC_TOKEN_INVALID_SIGNATURE'],
    ['HS256 by the public PEM', signed(token, headerOf4, publicPemOf(key)), 'OIDC_TOKEN_INVALID_SIGNATURE'],
    ['HS256 by the modulus', signed(token, headerOf4, String(jwkOf(key).n)), 'OIDC_TOKEN_INVALID_SIGNATURE'],
  ])('%s', async (_, forged, code) => {
    const answer = { code };
    await expect(serviceWith({ kinds: all }).verify(forged)).rejects.toMatchObject(answer);
    const { ignoreExpiration, ignoreNotBefore } = { ignoreExpiration: true, ignoreNotBefore: true };
    await expect(
      serviceWith({ kinds: all }).verify(forged, { ignoreExpiration, ignoreNotBefore }),
    ).rejects.toMatchObject(answer);
  });

  it('a caller who names algorithms and not HS256 gets none of it', async () => {
    const jwt = serviceWith();
    await expect(jwt.verify(signed(token), { algorithms: ['RS256'] })).rejects.toMatchObject({
      code: 'OIDC_TOKEN_INVALID_ALGORITHM',
    });
    await expect(jwt.verify(signed(token), { algorithms: ['RS256', 'HS256'] })).resolves.toBeDefined();
  });

  it('without the option, no secret and no algorithm brings HS256 in', async () => {
    const jwt = new JwtService({ key });
    for (const options of [{}, { algorithms: ['HS256'] }]) {
      await expect(jwt.verify(signed(token), options)).rejects.toMatchObject({
        code: 'OIDC_TOKEN_INVALID_ALGORITHM',
      });
    }
  });

  it('nothing is signed with it', async () => {
    const jwt = serviceWith();
    const [header] = (await jwt.sign({ refresh_token_id: 'r', access_token_id: 'a' })).split('.');
    expect(JSON.parse(Buffer.from(header!, 'base64url').toString())).toMatchObject({ alg: 'RS256' });
    await expect(jwt.sign({}, { algorithm: 'HS256' as 'RS256' })).rejects.toMatchObject({
      code: 'OIDC_TOKEN_INVALID_OPTION',
    });
  });
});

describe('the instant', () => {
  const token = signed(claimsOf.refresh_token);

  it('nothing passes from the instant on, and nothing comes back when the clock is set back', async () => {
    const jwt = serviceWith();
    const clock = jest.spyOn(Date, 'now');
    clock.mockReturnValue(until.getTime() - 1);
    await expect(jwt.verify(token)).resolves.toBeDefined();
    for (const time of [until.getTime(), until.getTime() + 1, until.getTime() - day]) {
      clock.mockReturnValue(time);
      await expect(jwt.verify(token)).rejects.toMatchObject({ code: 'OIDC_TOKEN_INVALID_ALGORITHM' });
    }
  });

  it('one that has passed already is no reason not to start', async () => {
    const jwt = serviceWith({ until: inDays(-1) });
    await expect(jwt.verify(token)).rejects.toMatchObject({ code: 'OIDC_TOKEN_INVALID_ALGORITHM' });
  });

  it.each<[string, unknown, RegExp]>([
    ['none', undefined, /legacyHs256\.secret" needs an instant .*: set the option "legacyHs256\.until"/],
    ['an empty one', ' ', /needs an instant/],
    ['401 days', inDays(401), /legacyHs256\.until" is more than 400 days away/],
    ['a date without its time', '2027-01-31', /has to be an ISO 8601 instant/],
    ['a date that is none', new Date(Number.NaN), /has to be an ISO 8601 instant/],
    ['a duration', 3600, /has to be an ISO 8601 instant/],
  ])('%s is refused', (_, given, message) => {
    const error = errorOf(() => serviceWith({ until: given as string }));
    expect([error.name, error.code]).toEqual(['OidcKeyError', 'OIDC_KEY_INVALID_OPTION']);
    expect(error.message).toMatch(message);
  });

  it('as text and as a Date it is the same, and 400 days are not too many', () => {
    for (const given of [inDays(399.9), inDays(399.9).toISOString()]) serviceWith({ until: given });
  });
});

describe('the secret', () => {
  const token = (by: string | Buffer) => signed(claimsOf.refresh_token, headerOf4, by);

  it.each<[string, string | Buffer, string | Buffer]>([
    ['to the byte', ' with spaces\t', ' with spaces\t'],
    ['with quotes that an environment left', '"quoted"', 'quoted'],
    ['with quotes that belong to it', '"quoted"', '"quoted"'],
    ['from a file with a line end', Buffer.from('secret\n'), 'secret'],
    ['from a file whose line end the server took along', Buffer.from('secret\n'), 'secret\n'],
    ['bytes that are no text', Buffer.from([0xff, 0, 0xfe, 1]), Buffer.from([0xff, 0, 0xfe, 1])],
    ['in hexadecimal, as text', randomBytes(32).toString('hex'), ''],
    ['in base64, as text', randomBytes(32).toString('base64'), ''],
    ['in base64 of base64, as text', Buffer.from(randomBytes(32).toString('base64')).toString('base64'), ''],
  ])('%s', async (_, configured, used) => {
    const jwt = serviceWith({ secret: configured });
    await expect(jwt.verify(token(used === '' ? configured : used))).resolves.toBeDefined();
    await expect(jwt.verify(token('another'))).rejects.toMatchObject({
      code: 'OIDC_TOKEN_INVALID_SIGNATURE',
    });
  });

  it('a private PEM with escaped line ends, which 4.3.7 took for a secret, is one', async () => {
    const pem = pemOf(makeRsaKey()).replaceAll('\n', '\\n');
    await expect(serviceWith({ secret: pem }).verify(token(pem))).resolves.toBeDefined();
  });

  it.each<[string, unknown]>([
    ['an object', {}],
    ['a list', ['secret']],
    ['a key', makeKeyPair('ed25519').privateKey],
    ['a number, whose digits a schema may have lost', 1234567890123456],
    ['true', true],
  ])('%s is none', (_, given) => {
    const error = errorOf(() => serviceWith({ secret: given as string }));
    expect(error.message).toMatch(/is no secret: a string or bytes are needed/);
  });

  it.each([
    ['zeros, with which HMAC fills up a secret', Buffer.alloc(32)],
    ['a text of a zero', '\0'],
    ['more than 16 kB', 'a'.repeat(20_000)],
  ])('%s are none', (_, given) => {
    expect(errorOf(() => serviceWith({ secret: given })).code).toBe('OIDC_KEY_INVALID_OPTION');
  });

  it('bytes that are no text are not read as one, which others could write', async () => {
    const bytes = Buffer.concat([Buffer.alloc(40, 0xf8)]);
    const jwt = serviceWith({ secret: bytes });
    await expect(jwt.verify(token(bytes))).resolves.toBeDefined();
    await expect(jwt.verify(token(bytes.toString()))).rejects.toMatchObject({
      code: 'OIDC_TOKEN_INVALID_SIGNATURE',
    });
  });

  it.each([
    ['a text in a file', Buffer.from(`${'a'.repeat(31)}\n`), true],
    ['a text in quotes', `"${'a'.repeat(31)}"`, true],
    ['32 bytes', 'a'.repeat(32), false],
  ])('%s that is short is said, however it is read', (_, given, isShort) => {
    const legacy = legacyOf({ secret: given, until })!;
    expect(legacy.bootWarnings()).toHaveLength(isShort ? 1 : 0);
    expect(legacy.warnings().join()).not.toContain('fewer than');
  });
});

describe('the status', () => {
  it('is the same however often it is asked, and nobody can change it', async () => {
    const legacy = legacyOf({ secret, until })!;
    legacy.count('refresh_token');
    const first = legacy.status();
    first.lastAcceptedAt!.setTime(0);
    first.until.setTime(0);
    expect(legacy.status()).toMatchObject({ until, accepted: { refresh_token: 1 } });
    expect(legacy.status().lastAcceptedAt!.getTime()).toBeGreaterThan(0);
  });

  it('says that nothing is accepted any more as soon as that is so', () => {
    const legacy = legacyOf({ secret, until })!;
    legacy.mayHaveSigned(headerOf4, until.getTime());
    expect(legacy.warnings().join()).toMatch(
      /^No token that the option "legacyHs256\.secret" signed is accepted any more/,
    );
  });
});

describe('the option', () => {
  it('is not given by what every object inherits', async () => {
    const forged = signed(claimsOf.refresh_token);
    const jwt = withPollutedPrototype(
      'secret',
      () => withPollutedPrototype('until', () => new JwtService({ key }), until),
      secret,
    );
    await expect(jwt.verify(forged)).rejects.toMatchObject({ code: 'OIDC_TOKEN_INVALID_ALGORITHM' });
    const polluted = withPollutedPrototype('kinds', () => serviceWith(), ['access_token']);
    await expect(polluted.verify(signed(claimsOf.access_token))).rejects.toMatchObject({
      code: 'OIDC_TOKEN_INVALID_ALGORITHM',
    });
  });

  it.each<[string, unknown, RegExp]>([
    ['no object', 'secret', /"legacyHs256" has to be an object/],
    [
      'a member that does not exist',
      { secret, until, from: until },
      /no member "from".*secret, until, kinds/,
    ],
    [
      'an instant without a secret',
      { until },
      /until" is set, and no secret is\. Set the option "legacyHs256\.secret"/,
    ],
    [
      'no kinds',
      { secret, until, kinds: [] },
      /kinds" has to be a list of authorization_code, refresh_token, access_token/,
    ],
    ['an unknown kind', { secret, until, kinds: ['id_token'] }, /has to be a list of/],
    ['a kind that every object has', { secret, until, kinds: ['toString'] }, /has to be a list of/],
  ])('%s is refused', (_, legacyHs256, message) => {
    const error = errorOf(() => new JwtService({ key, legacyHs256: legacyHs256 as LegacyHs256Options }));
    expect([error.code, error.message]).toEqual(['OIDC_KEY_INVALID_OPTION', expect.stringMatching(message)]);
    expect(everythingPrintedOf(error)).not.toContain(secret);
  });

  it('may be there and say nothing, as where a variable is not set', async () => {
    const nothing = { secret: undefined, until: undefined, kinds: all } as unknown as LegacyHs256Options;
    const jwt = new JwtService({ key, legacyHs256: nothing });
    expect((await rejectionOf(jwt.verify(signed(claimsOf.refresh_token)))).code).toBe(
      'OIDC_TOKEN_INVALID_ALGORITHM',
    );
  });
});

it('counts what the secret has signed for itself, refused or not', async () => {
  const usage = new Usage();
  const { lives, defaultAlgorithm } = new KeyLoader().loadNow({ current: { key } }, {});
  const ring = new KeyRing(lives, defaultAlgorithm);
  const legacy = legacyOf({ secret, until, kinds: all });
  const jwt = new JwtService(new LiveRing(() => ring, undefined, undefined, legacy, usage));
  const token = signed(claimsOf.access_token);
  await jwt.verify(token);
  await rejectionOf(jwt.verify(token, { clockTimestamp: 4_000_000_001 }));
  await rejectionOf(jwt.verify(signed(claimsOf.access_token, headerOf4, 'guessed')));
  const countsOf = (kid: string) => new Map(usage.keys().find((each) => each.kid === kid)!.verifications);
  expect([...countsOf('_LEGACY_HS256')]).toEqual([
    ['verified', 1],
    ['OIDC_TOKEN_EXPIRED', 1],
  ]);
  expect(countsOf('_UNKNOWN').get('OIDC_TOKEN_INVALID_SIGNATURE')).toBe(1);
});
