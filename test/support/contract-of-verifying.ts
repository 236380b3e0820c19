import { describe, expect, it } from '@jest/globals';

import type { VerifyOptions } from '../../lib/core/jwt/jwt-options.js';
import type { JwtService } from '../../lib/core/jwt/jwt.service.js';
import { everythingPrintedOf, rejectionOf } from './errors.js';
import { makeRsaKey } from './keys.js';
import { inheriting, withPollutedPrototype } from './prototypes.js';
import { forge as forgeWith } from './tokens.js';

const now = 1_800_000_000;
const at = { clockTimestamp: now };

/**
 * What a JwtService promises of the tokens that it verifies, whatever holds its key of RS256.
 *
 * @param forge a token with whatever header and payload, really signed with that key
 */
export function describeVerifying(
  service: () => JwtService,
  forge: (header: object, payload: unknown) => Promise<string>,
): void {
  const verify = async (token: string, options?: unknown) =>
    service().verify(token, options as VerifyOptions);
  const refusal = async (payload: object, options: VerifyOptions, header: object = {}) => {
    const error = await rejectionOf(verify(await forge({ alg: 'RS256', ...header }, payload), options));
    return [error.code, error.message];
  };
  const accepted = async (payload: object, options: VerifyOptions, header: object = {}) =>
    verify(await forge({ alg: 'RS256', ...header }, payload), options);

  describe('RFC 7519 section 4.1, registered claims', () => {
    it('resolves to a plain object of the claims', async () => {
      const claims = await verify(await service().sign({ sub: 'alice' }));
      expect(claims).toEqual({ sub: 'alice', iat: expect.any(Number) });
      expect(Object.getPrototypeOf(claims)).toBe(Object.prototype);
    });

    it('4.1.4: a token without exp is accepted, since codes and refresh tokens have none', async () => {
      await expect(accepted({ a: 1 }, {})).resolves.toEqual({ a: 1 });
    });

    it('4.1.4: expired from the very second of exp on, with the message that 5.0.0 passes on', async () => {
      expect(await refusal({ exp: now }, at)).toEqual(['OIDC_TOKEN_EXPIRED', 'jwt expired']);
      await expect(accepted({ exp: now + 1 }, at)).resolves.toEqual({ exp: now + 1 });
      expect((await refusal({ exp: Math.floor(Date.now() / 1000) }, {}))[1]).toBe('jwt expired');
    });

    it('4.1.5: not before nbf', async () => {
      expect(await refusal({ nbf: now + 1 }, at)).toEqual(['OIDC_TOKEN_NOT_ACTIVE', 'jwt not active']);
      await expect(accepted({ nbf: now }, at)).resolves.toEqual({ nbf: now });
    });

    it('clockTolerance widens both, in seconds', async () => {
      const tolerant = { ...at, clockTolerance: 5 };
      await expect(accepted({ exp: now - 4, nbf: now + 5 }, tolerant)).resolves.toBeDefined();
      expect((await refusal({ exp: now - 5 }, tolerant))[1]).toBe('jwt expired');
      expect((await refusal({ nbf: now + 6 }, tolerant))[1]).toBe('jwt not active');
    });

    it.each(['{"exp":1e999}', '{"nbf":-1e999}', '{"iat":1e999}', '{"iat":"x"}', '{"iat":null}'])(
      '2: a time is a finite number, and %s is none',
      async (payload) => {
        const error = await rejectionOf(verify(await forge({ alg: 'RS256' }, payload)));
        expect(error.code).toBe('OIDC_TOKEN_MALFORMED');
      },
    );

    it('ignoreExpiration and ignoreNotBefore each lift their own check', async () => {
      await expect(accepted({ exp: 1, nbf: 0 }, { ...at, ignoreExpiration: true })).resolves.toBeDefined();
      await expect(accepted({ nbf: now * 2 }, { ...at, ignoreNotBefore: true })).resolves.toBeDefined();
      expect((await refusal({ exp: 1, nbf: now * 2 }, { ...at, ignoreExpiration: true }))[1]).toBe(
        'jwt not active',
      );
      expect((await refusal({ exp: 1, nbf: now * 2 }, { ...at, ignoreNotBefore: true }))[1]).toBe(
        'jwt expired',
      );
    });

    it('neither lifts the check of the signature or of the type of the claim', async () => {
      const ignore = { ignoreExpiration: true, ignoreNotBefore: true };
      const token = forgeWith(makeRsaKey(), { alg: 'RS256' }, { exp: 1 });
      expect((await rejectionOf(verify(token, ignore))).message).toBe('invalid signature');
      expect(await refusal({ exp: 'never' }, ignore)).toEqual(['OIDC_TOKEN_MALFORMED', 'invalid exp value']);
    });

    it('4.1.1: issuer, one or several', async () => {
      const payload = { iss: 'https://issuer.example' };
      await expect(accepted(payload, { issuer: 'https://issuer.example' })).resolves.toEqual(payload);
      await expect(accepted(payload, { issuer: ['x', 'https://issuer.example'] })).resolves.toEqual(payload);
      for (const iss of [
        'https://issuer.example/',
        'https://other.example',
        undefined,
        ['https://issuer.example'],
        1,
      ]) {
        expect(await refusal({ iss }, { issuer: 'https://issuer.example' })).toEqual([
          'OIDC_TOKEN_CLAIM_MISMATCH',
          'jwt issuer invalid',
        ]);
      }
    });

    it('4.1.3: audience, a string or a list on either side', async () => {
      for (const aud of ['api', ['other', 'api']]) {
        await expect(accepted({ aud }, { audience: 'api' })).resolves.toEqual({ aud });
        await expect(accepted({ aud }, { audience: ['x', 'api'] })).resolves.toEqual({ aud });
      }
      for (const aud of ['other', [], ['other'], undefined, null, { api: 1 }, 'ap', [['api']]]) {
        expect((await refusal({ aud }, { audience: 'api' }))[1]).toBe('jwt audience invalid');
      }
    });

    it('subject, jwtid and nonce', async () => {
      const payload = { sub: 's', jti: 'j', nonce: 'n' };
      await expect(accepted(payload, { subject: 's', jwtid: 'j', nonce: 'n' })).resolves.toEqual(payload);
      expect((await refusal(payload, { subject: 'x' }))[1]).toBe('jwt subject invalid');
      expect((await refusal(payload, { jwtid: 'x' }))[1]).toBe('jwt id invalid');
      expect((await refusal(payload, { nonce: 'x' }))[1]).toBe('jwt nonce invalid');
    });

    it('requiredClaims have to be there as own members', async () => {
      await expect(accepted({ exp: now + 1 }, { ...at, requiredClaims: ['exp'] })).resolves.toBeDefined();
      expect((await refusal({}, { requiredClaims: ['exp'] }))[1]).toBe('jwt claim missing: exp');
      expect((await refusal({}, { requiredClaims: ['constructor'] }))[1]).toBe(
        'jwt claim missing: constructor',
      );
    });

    it('maxAge counts from iat', async () => {
      await expect(accepted({ iat: now - 10 }, { ...at, maxAge: 10 })).resolves.toBeDefined();
      expect(await refusal({ iat: now - 11 }, { ...at, maxAge: 10 })).toEqual([
        'OIDC_TOKEN_EXPIRED',
        'maxAge exceeded',
      ]);
      expect((await refusal({}, { ...at, maxAge: 10 }))[1]).toBe('jwt claim missing: iat');
      expect((await refusal({ iat: now + 1 }, { ...at, maxAge: 10 }))[1]).toBe('jwt iat lies in the future');
      await expect(accepted({ iat: now }, { ...at, maxAge: 0, clockTolerance: 0 })).resolves.toBeDefined();
    });

    it('clockTolerance widens maxAge on either side', async () => {
      const tolerant = { ...at, maxAge: 10, clockTolerance: 5 };
      await expect(accepted({ iat: now + 5 }, tolerant)).resolves.toBeDefined();
      expect((await refusal({ iat: now + 6 }, tolerant))[0]).toBe('OIDC_TOKEN_CLAIM_MISMATCH');
      await expect(accepted({ iat: now - 15 }, tolerant)).resolves.toBeDefined();
      expect((await refusal({ iat: now - 16 }, tolerant))[0]).toBe('OIDC_TOKEN_EXPIRED');
    });

    it('RFC 7515 section 4.1.9: typ, without regard to case and the application/ prefix', async () => {
      for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt']) {
        await expect(accepted({}, { typ: 'at+jwt' }, { typ })).resolves.toBeDefined();
        await expect(accepted({}, { typ: 'application/at+jwt' }, { typ })).resolves.toBeDefined();
      }
      for (const typ of ['JWT', 'refresh+jwt', undefined, 1, ['at+jwt'], 'text/at+jwt']) {
        expect((await refusal({}, { typ: 'at+jwt' }, { typ }))[1]).toBe('jwt typ invalid');
      }
    });
  });

  describe('options are applied or refused, never ignored', () => {
    it.each([
      ['complete', { complete: true }],
      ['an unknown one', { kid: 'x' }],
      ['a regular expression as audience', { audience: /api/ }],
      ['a regular expression among the audiences', { audience: [/api/] }],
      ['algorithms as text', { algorithms: 'RS256' }],
      ['algorithms that are numbers', { algorithms: [1] }],
      ['no algorithm at all', { algorithms: [] }],
      ['maxAge in words', { maxAge: '1h' }],
      ['a negative tolerance', { clockTolerance: -1 }],
      ['an infinite tolerance', { clockTolerance: Infinity }],
      ['clockTimestamp as text', { clockTimestamp: '1' }],
      ['clockTimestamp as Date', { clockTimestamp: new Date() }],
      ['ignoreExpiration as text', { ignoreExpiration: 'true' }],
      ['ignoreNotBefore as text', { ignoreNotBefore: 'true' }],
      ['an empty issuer', { issuer: '' }],
      ['an empty subject', { subject: '' }],
      ['several subjects', { subject: ['a'] }],
      ['an empty jwtid', { jwtid: '' }],
      ['several jwtids', { jwtid: ['a'] }],
      ['an empty nonce', { nonce: '' }],
      ['a nonce that is a number', { nonce: 1 }],
      ['an empty typ', { typ: '' }],
      ['a typ that is a number', { typ: 1 }],
      ['required claims as text', { requiredClaims: 'exp' }],
      ['no required claim at all', { requiredClaims: [] }],
      ['required claims that are numbers', { requiredClaims: [1] }],
      ['options that are a text', 'x'],
      ['options that inherit', Object.create({ issuer: 'other' }) as object],
      ['options that inherit from what has no prototype', inheriting({ issuer: 'other' })],
      ['options that inherit what lifts a check', inheriting({ ignoreExpiration: true })],
      ['options that have something, and inherit', Object.assign(inheriting({ typ: 'x' }), { issuer: 'a' })],
      ['a hidden option', Object.defineProperty({}, 'issuer', { value: 'other' })],
      ['an option that is named by a symbol', { [Symbol('issuer')]: 'other' }],
      ['an issuer with toJSON', { issuer: { toJSON: () => 'a' } }],
      ['an audience with a hole', { audience: Object.assign([], { 0: 'a', length: 2 }) }],
      ['an issuer that is undefined, which would switch the check off', { issuer: undefined }],
      ['an audience that is undefined', { audience: undefined }],
      ['required claims with a hole', { requiredClaims: Object.assign([], { length: 2 }) }],
    ])('%s', async (_, options) => {
      const error = await rejectionOf(verify(await service().sign({}), options));
      expect([error.name, error.code]).toEqual(['OidcTokenError', 'OIDC_TOKEN_INVALID_OPTION']);
    });

    it.each([
      ['ignoreExpiration', true, { exp: 1 }, 'OIDC_TOKEN_EXPIRED'],
      ['clockTolerance', Number.MAX_SAFE_INTEGER, { exp: 1 }, 'OIDC_TOKEN_EXPIRED'],
      ['clockTimestamp', 0, { exp: 1 }, 'OIDC_TOKEN_EXPIRED'],
      ['ignoreNotBefore', true, { nbf: 4e9 }, 'OIDC_TOKEN_NOT_ACTIVE'],
    ])('"%s" on Object.prototype lifts no check', async (name, value, claims, code) => {
      const token = await service().sign(claims);
      for (const options of [undefined, {}, { ignoreExpiration: undefined }, { algorithms: ['RS256'] }]) {
        const verified = withPollutedPrototype(name, () => verify(token, options), value);
        expect((await rejectionOf(verified)).code).toBe(code);
      }
    });

    it.each(['issuer', 'audience', 'subject', 'typ', 'nonce', 'algorithms', 'requiredClaims', 'unheardOf'])(
      '"%s" on Object.prototype makes none either',
      async (name) => {
        const token = await service().sign({ sub: 'alice' });
        const verified = withPollutedPrototype(name, () => verify(token, { clockTolerance: 1 }), ['other']);
        await expect(verified).resolves.toMatchObject({ sub: 'alice' });
      },
    );

    it('an option that is a getter is asked once', async () => {
      const answers = ['evil', 'https://issuer.example'];
      const options = {
        get issuer() {
          return answers.pop();
        },
      };
      const token = await service().sign({ iss: 'https://issuer.example' });
      await expect(verify(token, options)).resolves.toBeDefined();
      expect(answers).toEqual(['evil']);
    });

    it('a list is what it holds, whatever it says of itself', async () => {
      const audience = Object.assign(['a'], { some: () => true, flat: () => ['b'], includes: () => true });
      const error = await rejectionOf(verify(await service().sign({ aud: 'b' }), { audience }));
      expect(error.code).toBe('OIDC_TOKEN_CLAIM_MISMATCH');
    });

    it('algorithms can only narrow', async () => {
      const token = await service().sign({});
      await expect(verify(token, { algorithms: ['RS256', 'HS256'] })).resolves.toBeDefined();
      expect((await rejectionOf(verify(token, { algorithms: ['RS512'] }))).code).toBe(
        'OIDC_TOKEN_INVALID_ALGORITHM',
      );
    });
  });

  describe('errors', () => {
    it('hold no token, no oauth property and no cause', async () => {
      const token = forgeWith(makeRsaKey(), { alg: 'RS256', kid: 'marker-kid' }, { marker: 'marker-claim' });
      const error = await rejectionOf(verify(token));
      expect(error).not.toHaveProperty('oauth');
      expect(error.cause).toBeUndefined();
      expect(everythingPrintedOf(error)).not.toMatch(/marker|eyJ/);
    });

    it.each([undefined, null, 1, {}, 'x'])(
      'are rejections, never thrown synchronously: %p',
      async (token) => {
        const bare = service().verify(token as string);
        const withOptions = service().verify(token as string, 'x' as never);
        const errors = await Promise.all([rejectionOf(bare), rejectionOf(withOptions)]);
        expect(errors.map(({ code }) => code)).toEqual(['OIDC_TOKEN_MALFORMED', 'OIDC_TOKEN_INVALID_OPTION']);
      },
    );
  });
}
