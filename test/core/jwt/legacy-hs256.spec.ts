import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { JwtService } from 'nestjs-oidc-key';
import type { LegacyHs256Options, LegacyTokenKind } from 'nestjs-oidc-key';

import { errorOf, everythingPrintedOf, rejectionOf } from '../../support/errors.js';
import { derOf, jwkOf, makeRsaKey, pemOf } from '../../support/keys.js';
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
    ['an ID token with a jti', { ...claimsOf.access_token, nonce: 'n' }],
    ['an ID token with an at_hash', { ...claimsOf.access_token, at_hash: 'h' }],
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

  const other = makeRsaKey();
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const ed = generateKeyPairSync('ed25519').privateKey;
  const spki = (of: KeyObject) => createPublicKey(of).export({ format: 'der', type: 'spki' });
  const publicJwk = (of: KeyObject) => createPublicKey(of).export({ format: 'jwk' });
  const modulus = String(publicJwk(key).n);
  const n = Buffer.from(modulus, 'base64url');

  it.each<[string, string | Buffer]>([
    ['a public PEM', publicPemOf(other)],
    ['a public PEM without its last line end', publicPemOf(other).trim()],
    ['a public PEM with escaped line ends', publicPemOf(other).replaceAll('\n', '\\n')],
    ['a public PEM in quotes', `"${publicPemOf(other)}"`],
    ['a public PEM that is cut off', publicPemOf(other).slice(0, 120)],
    ['a public PEM in base64', Buffer.from(publicPemOf(other)).toString('base64')],
    ['a public PEM in base64, cut off', Buffer.from(publicPemOf(other)).toString('base64').slice(0, 99)],
    [
      'a public PEM in base64 of base64',
      Buffer.from(Buffer.from(publicPemOf(ec)).toString('base64')).toString('base64'),
    ],
    ['a public PEM in hexadecimal', Buffer.from(publicPemOf(ec)).toString('hex')],
    ['a public key in PKCS#1', createPublicKey(other).export({ format: 'pem', type: 'pkcs1' }).toString()],
    ['a public DER', spki(other)],
    ['a public DER in base64', spki(ed).toString('base64')],
    ['a public DER in base64url', spki(ec).toString('base64url')],
    ['a public JWK', JSON.stringify(publicJwk(ec))],
    ['a JWKS', JSON.stringify({ keys: [publicJwk(other)] })],
    ['a JWK that is cut off', JSON.stringify(publicJwk(other)).slice(0, 60)],
    ['an OpenSSH public key', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq0 alice@example'],
    ['the first line of a private PEM', '-----BEGIN PRIVATE KEY-----'],
    ['the first line of an encrypted PEM', '-----BEGIN ENCRYPTED PRIVATE KEY-----'],
    ['a private PEM that is cut off', pemOf(other).slice(0, 200)],
    ['a private PEM beside its public half', pemOf(other) + publicPemOf(other)],
    ['a private DER that is cut off', derOf(other).subarray(0, 300)],
    ['the modulus of the key', n],
    ['the modulus of the key in base64url', modulus],
    ['the modulus of the key in base64', n.toString('base64')],
    ['the modulus of the key in hexadecimal', n.toString('hex')],
    ['the modulus of the key in capitals', n.toString('hex').toUpperCase()],
    ['the modulus of the key as a number', BigInt(`0x${n.toString('hex')}`).toString()],
    ['the kid of the key', new JwtService({ key }).getKeySet().keys[0]!.kid],
  ])('%s is refused, since everybody may have it', (_, given) => {
    const error = errorOf(() => serviceWith({ secret: given }));
    expect([error.name, error.code]).toEqual(['OidcKeyError', 'OIDC_KEY_INVALID_OPTION']);
    expect(error.message).toMatch(
      /legacyHs256\.secret" could be taken for a public key.*users sign in again/,
    );
    const printed = everythingPrintedOf(error);
    if (given.length > 40) expect(printed).not.toContain(given.toString().slice(-30));
  });

  it('a public member of a next or previous key is one as well', () => {
    for (const option of ['nextKeys', 'previousKeys']) {
      const { x } = publicJwk(ed);
      const make = () => new JwtService({ key, [option]: ed, legacyHs256: { secret: x!, until } });
      expect(errorOf(make).code).toBe('OIDC_KEY_INVALID_OPTION');
    }
  });

  it.each<[string, unknown]>([
    ['an object', {}],
    ['a list', ['secret']],
    ['a key', ed],
  ])('%s is none', (_, given) => {
    const error = errorOf(() => serviceWith({ secret: given as string }));
    expect(error.message).toMatch(/is no secret: a string or bytes are needed/);
  });
});

describe('the option', () => {
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
