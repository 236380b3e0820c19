import { describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';

import type { JwtService } from '../../lib/core/jwt/jwt.service.js';
import { rejectionOf } from './errors.js';
import { inheriting, withPollutedPrototype } from './prototypes.js';
import { headerOf, payloadOf } from './tokens.js';

/** What a JwtService promises of the tokens that it signs, whatever signs with its key of RS256. */
export function describeSigning(service: () => JwtService): void {
  const kid = () => service().getKeySet().keys[0]!.kid;
  const sign = async (payload: unknown, options?: unknown) =>
    service().sign(payload as object as Record<string, unknown>, options as object);
  const seconds = () => Math.floor(Date.now() / 1000);

  describe('RFC 7515 section 7.1, compact serialization', () => {
    it('makes a token that jose verifies against the key set', async () => {
      const token = await sign({ sub: 'alice' });
      const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(service().getKeySet()));
      expect(protectedHeader).toEqual({ typ: 'JWT', alg: 'RS256', kid: kid() });
      expect(payload).toEqual({ sub: 'alice', iat: expect.any(Number) });
    });

    it('signs many at once', async () => {
      const tokens = await Promise.all(Array.from({ length: 50 }, (_, index) => sign({ index })));
      for (const [index, token] of tokens.entries())
        await expect(service().verify(token)).resolves.toMatchObject({ index });
    });
  });

  describe('payload', () => {
    it('a string or a Buffer is signed to the byte, without iat', async () => {
      const text = '{ "auth_code_id":"1",  "scopes":[] }';
      for (const payload of [text, Buffer.from(text)]) {
        const [, body] = (await sign(payload)).split('.');
        expect(Buffer.from(body!, 'base64url').toString()).toBe(text);
      }
    });

    it('an object gets iat unless it has one, and is not changed', async () => {
      const payload = Object.freeze({ sub: 7, aud: undefined });
      const earliest = seconds();
      const claims = payloadOf(await sign(payload));
      expect(claims).toEqual({ sub: '7', iat: expect.any(Number) });
      expect(claims.iat).toBeGreaterThanOrEqual(earliest);
      expect(claims.iat).toBeLessThanOrEqual(seconds());
      expect(payload).toEqual({ sub: 7, aud: undefined });
      expect(payloadOf(await sign({ iat: 5 })).iat).toBe(5);
      expect(payloadOf(await sign({ iat: 0 })).iat).toBe(0);
    });

    it('RFC 7519 section 4.1.2: a numeric sub becomes a string, and none is invented', async () => {
      expect(payloadOf(await sign({ sub: 42 })).sub).toBe('42');
      expect(payloadOf(await sign({ sub: 42n })).sub).toBe('42');
      expect(payloadOf(await sign({ cid: 'client' }))).not.toHaveProperty('sub');
    });

    it('claims that are named like header members stay claims', async () => {
      const token = await sign({ alg: 'none', typ: 'x', kid: 'y' });
      expect(headerOf(token)).toEqual({ typ: 'JWT', alg: 'RS256', kid: kid() });
      expect(payloadOf(token)).toMatchObject({ alg: 'none', typ: 'x', kid: 'y' });
    });

    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    it.each([
      ['undefined', undefined],
      ['null', null],
      ['a list', [1]],
      ['a number', 1],
      ['a cycle', cyclic],
      ['a bigint claim', { n: 1n }],
      ['exp as text', { exp: '1' }],
      ['exp as Date', { exp: new Date() }],
      ['exp as null', { exp: null }],
      ['exp as Infinity', { exp: Infinity }],
      ['nbf as NaN', { nbf: Number.NaN }],
      ['nbf as Infinity', { nbf: Infinity }],
      ['iat as text', { iat: 'x' }],
      ['iat as NaN', { iat: Number.NaN }],
      ['aud as object', { aud: { a: 1 } }],
      ['aud as list of objects', { aud: [{}] }],
      ['aud with a hole', { aud: Object.assign([], { 0: 'a', length: 2 }) }],
      ['aud of nothing but holes', { aud: Object.assign([], { length: 3 }) }],
      ['aud as a list of lists', { aud: [['a']] }],
      ['aud as an object with toJSON', { aud: { toJSON: () => 'a' } }],
      ['a member of aud with toJSON', { aud: ['a', { toJSON: () => 'b' }] }],
      ['a text that is an object as aud', { aud: Object('a') as unknown }],
      ['iss with toJSON', { iss: { toJSON: () => 'a' } }],
      ['sub with toJSON', { sub: { toJSON: () => 'a' } }],
      ['exp with toJSON', { exp: { toJSON: () => 1 } }],
      ['jti with toJSON', { jti: { toJSON: () => 'a' } }],
      ['iss as list', { iss: ['a'] }],
      ['sub as object', { sub: {} }],
      ['sub as null', { sub: null }],
      ['jti as number', { jti: 1 }],
      ['sub as NaN', { sub: Number.NaN }],
      ['its own toJSON', { toJSON: () => ({ refresh_token_id: '1' }) }],
      ['a Date', new Date()],
      ['a Map', new Map()],
      ['a Uint8Array', new Uint8Array(3)],
      ['an instance of a class', new (class Claims {})()],
    ])('%s is refused', async (_, payload) => {
      const error = await rejectionOf(sign(payload));
      expect([error.name, error.code]).toEqual(['OidcTokenError', 'OIDC_TOKEN_INVALID_PAYLOAD']);
    });
  });

  describe('typ keeps one kind of token from passing for another', () => {
    const accessToken = { jti: '1', cid: 'client', scope: 'openid' };
    it.each([
      ['at+jwt', 'an access token (RFC 9068 section 2.1)', accessToken],
      ['at+jwt', 'an access token without scopes', { ...accessToken, scope: '' }],
      ['JWT', 'an ID token', { sub: '1', at_hash: 'x', nonce: 'y' }],
      ['JWT', 'access token members with a nonce', { ...accessToken, nonce: 'n' }],
      ['JWT', 'access token members with at_hash', { ...accessToken, at_hash: 'h' }],
      ['JWT', 'a payload without cid', { jti: '1', scope: '' }],
      ['JWT', 'a payload without jti', { cid: 'client', scope: '' }],
      ['JWT', 'a scope that is no string', { ...accessToken, scope: ['a'] }],
      ['refresh+jwt', 'a refresh token', { refresh_token_id: '1', client_id: 'c' }],
      ['refresh+jwt', 'access token members in a refresh token', { ...accessToken, refresh_token_id: '1' }],
      ['code+jwt', 'a code', JSON.stringify({ auth_code_id: '1' })],
      ['code+jwt', 'a code whose id is empty', '{"auth_code_id":""}'],
      ['code+jwt', 'a code in a Buffer', Buffer.from(JSON.stringify({ auth_code_id: '1' }))],
      ['JWT', 'other JSON', '{"a":1}'],
      ['JWT', 'text that is no JSON', 'hello'],
    ])('%s for %s', async (typ, _, payload) => {
      expect(headerOf(await sign(payload)).typ).toBe(typ);
    });

    it('is the one of options.header where it is given', async () => {
      expect(headerOf(await sign(accessToken, { header: { typ: 'logout+jwt' } })).typ).toBe('logout+jwt');
      expect(headerOf(await sign(accessToken, { header: { typ: undefined } })).typ).toBe('at+jwt');
    });
  });

  describe('options are applied', () => {
    it('expiresIn, notBefore, audience, issuer, subject, jwtid', async () => {
      const options = {
        expiresIn: 60,
        notBefore: -5,
        audience: ['a', 'b'],
        issuer: 'https://issuer.example',
        subject: 's',
        jwtid: 'j',
      };
      expect(payloadOf(await sign({ iat: 100 }, options))).toEqual({
        iat: 100,
        exp: 160,
        nbf: 95,
        aud: ['a', 'b'],
        iss: 'https://issuer.example',
        sub: 's',
        jti: 'j',
      });
    });

    it('noTimestamp leaves iat out, and exp still counts from now or the given iat', async () => {
      expect(payloadOf(await sign({ a: 1 }, { noTimestamp: true }))).toEqual({ a: 1 });
      expect(payloadOf(await sign({ iat: 100 }, { noTimestamp: true, expiresIn: 5 }))).toEqual({ exp: 105 });
    });

    it('header members are kept, alg and kid are always the key’s', async () => {
      const token = await sign(
        {},
        { header: { typ: 'at+jwt', alg: 'HS256', kid: 'theirs', cty: 'x' }, algorithm: 'RS256' },
      );
      expect(headerOf(token)).toEqual({ typ: 'at+jwt', alg: 'RS256', kid: kid(), cty: 'x' });
    });

    it('undefined options are none', async () => {
      await expect(sign({}, { expiresIn: undefined, header: undefined })).resolves.toEqual(
        expect.any(String),
      );
      await expect(sign({}, null)).resolves.toEqual(expect.any(String));
      await expect(sign('text', { expiresIn: undefined })).resolves.toEqual(expect.any(String));
    });
  });

  describe('or refused, never ignored', () => {
    it.each([
      ['an unknown option', {}, { keyid: 'x' }],
      ['an algorithm without a row', {}, { algorithm: 'HS256' }],
      ['a list as algorithm', {}, { algorithm: ['RS256'] }],
      ['a member of Object.prototype as algorithm', {}, { algorithm: 'constructor' }],
      ['expiresIn in words', {}, { expiresIn: '1h' }],
      ['notBefore in words', {}, { notBefore: '1h' }],
      ['notBefore as NaN', {}, { notBefore: Number.NaN }],
      ['expiresIn beside exp', { exp: 1 }, { expiresIn: 1 }],
      ['audience beside aud', { aud: 'a' }, { audience: 'b' }],
      ['subject beside sub', { sub: 'a' }, { subject: 'b' }],
      ['issuer beside iss', { iss: 'a' }, { issuer: 'b' }],
      ['jwtid beside jti', { jti: 'a' }, { jwtid: 'b' }],
      ['notBefore beside nbf', { nbf: 1 }, { notBefore: 1 }],
      ['an audience that is an object', {}, { audience: { a: 1 } }],
      ['an audience of numbers', {}, { audience: [1] }],
      ['an audience with an empty text', {}, { audience: [''] }],
      ['an empty issuer', {}, { issuer: '' }],
      ['an empty subject', {}, { subject: '' }],
      ['a subject that is a number', {}, { subject: 7 }],
      ['an empty jwtid', {}, { jwtid: '' }],
      ['a jwtid that is a number', {}, { jwtid: 1 }],
      ['noTimestamp as text', {}, { noTimestamp: 'yes' }],
      ['noTimestamp as number', {}, { noTimestamp: 0 }],
      ['a header that is null', {}, { header: null }],
      ['a header that is a text', {}, { header: 'x' }],
      ['a header that is a list', {}, { header: [] }],
      ['a header with crit', {}, { header: { crit: ['x'] } }],
      ['a header with b64', {}, { header: { b64: false } }],
      ['a header with jwk', {}, { header: { jwk: {} } }],
      ['a header with toJSON', {}, { header: { toJSON: () => ({ alg: 'none' }) } }],
      ['a header that inherits', {}, { header: Object.create({ typ: 'x' }) as object }],
      ['a header member that is no string', {}, { header: { cty: 5 } }],
      ['options that inherit', {}, Object.create({ issuer: 'x' }) as object],
      ['an audience with a hole', {}, { audience: Object.assign([], { length: 2 }) }],
      ['an audience with toJSON', {}, { audience: { toJSON: () => 'a' } }],
      ['a member of an audience with toJSON', {}, { audience: ['a', { toJSON: () => 'b' }] }],
      ['an issuer with toJSON', {}, { issuer: { toJSON: () => 'a' } }],
      ['options that inherit from what has no prototype', {}, inheriting({ issuer: 'x' })],
      ['a header that inherits from what has no prototype', {}, { header: inheriting({ typ: 'x' }) }],
      ['a hidden option', {}, Object.defineProperty({}, 'issuer', { value: 'x' })],
      ['a hidden member of a header', {}, { header: Object.defineProperty({}, 'typ', { value: 'x' }) }],
      ['an option that is named by a symbol', {}, { [Symbol('issuer')]: 'x' }],
      ['a typ that is no string', {}, { header: { typ: 1 } }],
      ['options that are a text', {}, 'RS256'],
      ['options that are a callback', {}, () => undefined],
      ['a claim for a text payload', 'text', { expiresIn: 1 }],
      ['a member of Object.prototype', {}, { constructor: 'x' }],
    ])('%s', async (_, payload, options) => {
      const error = await rejectionOf(sign(payload, options));
      expect([error.name, error.code]).toEqual(['OidcTokenError', 'OIDC_TOKEN_INVALID_OPTION']);
    });
  });

  describe('what was checked is what is signed', () => {
    class Audiences extends Array<string> {
      toJSON() {
        return ['evil'];
      }
    }
    const withToJson = () => Object.assign(['a', 'b'], { toJSON: () => 'evil' });
    const iteratedTwice = () => {
      const lists = [['evil'], ['a', 'b']];
      return Object.assign(['a', 'b'], { [Symbol.iterator]: () => (lists.pop() ?? []).values() });
    };

    it.each([
      ['a toJSON of its own', withToJson],
      ['the toJSON of a class', () => Audiences.from(['a', 'b'])],
      ['an iterator of its own', iteratedTwice],
    ])('where aud is a list with %s, as a claim and as an option', async (_, audience) => {
      expect(payloadOf(await sign({ aud: audience() })).aud).toEqual(['a', 'b']);
      expect(payloadOf(await sign({}, { audience: audience() })).aud).toEqual(['a', 'b']);
    });

    it.each(['iss', 'sub', 'aud', 'jti'])(
      'where %s is a getter that answers otherwise later',
      async (claim) => {
        const answers = ['evil', 'a'];
        const payload = Object.defineProperty({}, claim, { enumerable: true, get: () => answers.pop() });
        expect(payloadOf(await sign(payload))[claim]).toBe('a');
      },
    );

    it('where an option is a getter that answers otherwise later', async () => {
      const answers = ['evil', 'a'];
      const options = {
        get issuer() {
          return answers.pop();
        },
      };
      expect(payloadOf(await sign({}, options)).iss).toBe('a');
    });

    it.each(['iss', 'aud', 'exp', 'jti', 'cid', 'nonce', 'refresh_token_id', 'typ', 'issuer', 'header'])(
      'where somebody put "%s" on Object.prototype',
      async (name) => {
        const [plain, changed] = await Promise.all([
          sign({ iat: 1, scope: 'x' }, { subject: 'a' }),
          withPollutedPrototype(name, () => sign({ iat: 1, scope: 'x' }, { subject: 'a' })),
        ]);
        expect(changed).toBe(plain);
      },
    );
  });
}
