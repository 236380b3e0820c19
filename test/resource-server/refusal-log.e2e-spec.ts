import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { AccessTokenGuard, RequireScopes, ResourceServerModule } from 'nestjs-oidc-key/resource-server';

import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';
import { freePort } from '../support/ports.js';
import { closeIssuers, IssuerOfKeys, published } from './issuer-of-keys.js';

const key = makeRsaKey();

@Controller('orders')
@UseGuards(AccessTokenGuard)
class OrdersController {
  @Get()
  @RequireScopes('orders')
  list() {
    return {};
  }
}

/** Keeps what is logged level by level. */
class LevelLogger extends RecordingLogger {
  readonly debugged: string[] = [];
  readonly warned: string[] = [];
  override debug = (message: unknown) => void this.debugged.push(String(message));
  override warn = (message: unknown) => void this.warned.push(String(message));
}

const secret = 'mallory-was-here';

describe.each(platforms)('why a call was refused, on %s', (_, adapter) => {
  afterEach(async () => {
    await closeAll();
    await closeIssuers();
  });

  async function start(options: object = {}) {
    const issuer = await IssuerOfKeys.start([published(key, { kid: 'k' })]);
    const logger = new LevelLogger();
    const imports = [
      ResourceServerModule.forRoot({ issuer: issuer.url, audience: 'https://api.example', ...options }),
    ];
    const { fetch } = await boot(adapter(), { imports, controllers: [OrdersController] }, undefined, logger);
    const get = async (authorization?: string, path = '/orders') =>
      (await fetch(path, { headers: authorization === undefined ? {} : { authorization } })).status;
    const [debugged, warned] = [logger.debugged, logger.warned];
    debugged.length = warned.length = 0;
    return { issuer, logger, debugged, warned, get };
  }

  const now = () => Math.floor(Date.now() / 1000);

  it.each<[string, object, object, RegExp]>([
    ['expired', { exp: 1 }, {}, /OIDC_TOKEN_EXPIRED, its claim "exp" has to be later than \d+$/],
    [
      'not active yet',
      { nbf: now() + 900 },
      {},
      /OIDC_TOKEN_NOT_ACTIVE, its claim "nbf" has to be \d+ or earlier$/,
    ],
    [
      'a client_id that is no text',
      { token_use: 'access', client_id: [secret] },
      {},
      /OIDC_TOKEN_MALFORMED, its claim "client_id" has to be a string$/,
    ],
    [
      'an exp that is no number',
      { exp: secret },
      {},
      /OIDC_TOKEN_MALFORMED, its claim "exp" has to be a number$/,
    ],
    ['a claim that is expected', { token_use: secret }, {}, /its claim "token_use" has to be "access"$/],
    [
      'another algorithm',
      {},
      { alg: 'HS256' },
      /OIDC_TOKEN_INVALID_ALGORITHM, the "alg" of its header has to be one of "RS256",.*"Ed25519"$/,
    ],
  ])('is said at the level debug: %s', async (_name, changes, header, reason) => {
    const { issuer, debugged, warned, get } = await start({ expectedClaims: { token_use: 'access' } });
    const token = issuer.token(key, changes, { kid: 'k', ...header });
    expect(await get(`Bearer ${token}`)).toBe(401);
    expect(debugged).toEqual([expect.stringMatching(/^OrdersController\.list refused an access token: /)]);
    expect(debugged[0]).toMatch(reason);
    expect(warned).toEqual([]);
    for (const part of [secret, ...token.split('.')]) expect(debugged[0]).not.toContain(part);
  });

  it.each<[string, string | undefined, number, RegExp]>([
    ['no token', undefined, 401, /OrdersController\.list refused a call: An access token is required$/],
    [
      'a header that holds none',
      'Bearer a b',
      401,
      /refused a call: what was sent is not "Bearer" and one token$/,
    ],
    [
      'a header of another kind',
      `Basic ${secret}`,
      401,
      /"Authorization" is there, and does not begin with "Bearer "$/,
    ],
    ['a token alone', secret, 401, /"Authorization" is there, and does not begin with "Bearer "$/],
    ['no JWT', `Bearer ${secret}`, 401, /OIDC_TOKEN_MALFORMED, jwt malformed$/],
  ])('is said at the level debug: %s', async (_name, authorization, status, reason) => {
    const { debugged, get } = await start();
    expect(await get(authorization)).toBe(status);
    expect(debugged).toEqual([expect.stringMatching(reason)]);
    expect(debugged[0]).not.toContain(secret);
  });

  it('is said at the level debug: a scope that is missing, and one in the query', async () => {
    const { issuer, debugged, get } = await start();
    const token = issuer.token(key, { scope: secret }, { kid: 'k' });
    expect(await get(`Bearer ${token}`)).toBe(403);
    expect(await get(undefined, `/orders?access_token=${token}`)).toBe(400);
    expect(debugged).toEqual([
      expect.stringMatching(/refused a call: The scope orders is required$/),
      expect.stringMatching(/refused a call: An access token is not accepted in the query string$/),
    ]);
  });

  it.each<[string, object, object, RegExp]>([
    ['no sub', { sub: undefined }, {}, /OIDC_TOKEN_CLAIM_MISMATCH, its claim "sub" has to be there/],
    ['no client_id', { client_id: undefined }, {}, /its claim "client_id" has to be there/],
    ['cnf', { cnf: { jkt: secret } }, {}, /its claim "cnf" has to be missing, unless "cnfIsCheckedInFront"/],
    [
      'an unknown key',
      {},
      { kid: secret },
      /OIDC_TOKEN_INVALID_SIGNATURE, the "kid" of its header has to be that of a key which the issuer publishes/,
    ],
    [
      'another issuer',
      { iss: 'https://other.example' },
      {},
      /its claim "iss" has to be "http:.*", and is "https:\/\/other\.example"/,
    ],
    ['no issuer', { iss: undefined }, {}, /its claim "iss" has to be .*, and is missing/],
    [
      'another audience',
      { aud: ['account', 'web'] },
      {},
      /its claim "aud" has to be "https:\/\/api\.example", and is \["account","web"\]/,
    ],
    ['no audience', { aud: undefined }, {}, /its claim "aud" has to be .*, and is missing/],
    ['another type', {}, { typ: 'JWT' }, /the "typ" of its header has to be "at\+jwt", and is "JWT"/],
    ['no type', {}, { typ: undefined }, /the "typ" of its header has to be "at\+jwt", and is missing/],
    [
      'an audience in which nobody can hide a line',
      { aud: 'a\n\u001b[2J\u009b\u2028b' },
      {},
      /is "a\\n\\u001b\[2J\\u009b\\u2028b"/,
    ],
    ['an audience of any length', { aud: `${'a'.repeat(79)}${secret}` }, {}, /is "a{79}…/],
  ])('is a warning where it smells of configuration: %s', async (_name, changes, header, reason) => {
    const { issuer, debugged, warned, get } = await start();
    const token = issuer.token(key, changes, { kid: 'k', ...header });
    for (let index = 0; index < 3; index++) expect(await get(`Bearer ${token}`)).toBe(401);
    expect(warned).toEqual([expect.stringMatching(reason)]);
    expect(debugged).toHaveLength(2);
    for (const part of [secret, ...token.split('.')])
      expect(JSON.stringify([warned, debugged])).not.toContain(part);
  });

  it('tells a claim "typ" from the "typ" of the header', async () => {
    const { issuer, debugged, warned, get } = await start({ typ: 'JWT', expectedClaims: { typ: 'Bearer' } });
    expect(await get(`Bearer ${issuer.token(key, { typ: 'ID' }, { kid: 'k', typ: 'JWT' })}`)).toBe(401);
    expect(debugged).toEqual([expect.stringMatching(/its claim "typ" has to be "Bearer"$/)]);
    expect(await get(`Bearer ${issuer.token(key, { typ: 'Bearer' }, { kid: 'k', typ: 'x' })}`)).toBe(401);
    expect(warned).toEqual([expect.stringMatching(/the "typ" of its header has to be "JWT", and is "x"/)]);
  });

  it('says so where an issuer differs only in how it is written', async () => {
    const { issuer, warned, get } = await start();
    expect(await get(`Bearer ${issuer.token(key, { iss: `${issuer.url}/` }, { kid: 'k' })}`)).toBe(401);
    expect(warned).toEqual([
      expect.stringMatching(/They differ only in how they are written: configure it as the token/),
    ]);
  });

  it('each kind has a minute of its own', async () => {
    const { issuer, warned, get } = await start();
    for (const [changes, header] of [
      [{ iss: 'x' }, {}],
      [{ aud: 'x' }, {}],
      [{}, { typ: 'x' }],
    ]) {
      expect(await get(`Bearer ${issuer.token(key, changes, { kid: 'k', ...header })}`)).toBe(401);
    }
    expect(warned).toHaveLength(3);
  });

  it('an outage is one line, whatever is asked meanwhile, and the address is there without its query', async () => {
    const jwksUri = `http://127.0.0.1:${await freePort()}/keys?code=s3cret`;
    const { issuer, logger, warned, get } = await start({ jwksUri });
    for (let index = 0; index < 5; index++) {
      expect(await get(`Bearer ${issuer.token(key, {}, { kid: 'k' })}`)).toBe(503);
    }
    const lines = logger.lines
      .map((parts) => String(parts[0]))
      .filter((line) => line.includes('cannot be fetched'));
    expect(lines).toEqual([
      expect.stringMatching(/from http:\/\/127\.0\.0\.1:\d+\/keys: .*ECONNREFUSED.*"jwksUri"/),
    ]);
    expect(JSON.stringify([logger.lines, warned])).not.toContain('s3cret');
  });
});
