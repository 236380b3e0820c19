import { describe, expect, it } from '@jest/globals';

import type {
  ExtraTokenFields,
  ExtraTokenFieldsArguments,
} from '../../../lib/core/jwt/extra-token-fields.js';
import { JwtService } from '../../../lib/core/jwt/jwt.service.js';
import { errorOf, everythingPrintedOf, rejectionOf } from '../../support/errors.js';
import { describeSigning } from '../../support/contract-of-signing.js';
import { makeRsaKey, pemOf, privateTraces } from '../../support/keys.js';

const key = makeRsaKey();
const jwt = new JwtService({ key });
const { kid } = jwt.getKeySet().keys[0]!;
const sign = async (payload: unknown, options?: unknown) =>
  jwt.sign(payload as object as Record<string, unknown>, options as object);

describeSigning(() => jwt);

describe('the form of the seed’s documentation', () => {
  it('new JwtService({ key }) takes a PEM or a KeyObject and gives both one kid', () => {
    expect(new JwtService({ key: pemOf(key) }).getKeySet()).toEqual(jwt.getKeySet());
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['the PEM itself', pemOf(key)],
    ['a Buffer', Buffer.from(pemOf(key))],
    ['a KeyObject', key],
    ['a list', [key]],
    ['an unknown option', { key, previousKey: key }],
    ['an algorithm that there is not', { key, algorithm: 'nonsense' }],
    ['extraTokenFields that is no function', { key, extraTokenFields: { a: 1 } }],
    ['a misspelt description of a key', { key: { key, passphase: 'x' } }],
    ['a passphrase that has no text', { key: { key, passphrase: {} } }],
    ['a ring of the caller’s own', { ring: () => undefined }],
  ])('refuses %s at once, and repeats nothing of it', (_, options) => {
    const error = errorOf(() => new JwtService(options as never));
    expect([error.name, error.code]).toEqual(['OidcKeyError', 'OIDC_KEY_INVALID_OPTION']);
    expect(error.message).not.toMatch(/BEGIN/);
    for (const trace of privateTraces(key)) expect(everythingPrintedOf(error)).not.toContain(trace);
  });

  it('refuses a key that cannot sign', () => {
    expect(errorOf(() => new JwtService({ key: undefined as never })).code).toBe('OIDC_KEY_MISSING');
    expect(errorOf(() => new JwtService({ key: 'secret' })).code).toBe('OIDC_KEY_MALFORMED');
  });

  it('getKeySet is synchronous and a copy', () => {
    const set = jwt.getKeySet();
    expect(set).toEqual({
      keys: [{ kty: 'RSA', n: expect.any(String), e: 'AQAB', use: 'sig', alg: 'RS256', kid }],
    });
    set.keys.pop();
    expect(jwt.getKeySet().keys).toHaveLength(1);
  });
});

describe('attack 12: extraTokenFields', () => {
  const given = { user: { id: 1 }, client: { id: 'client' } };
  const fieldsOf = async (service: JwtService) => service.extraTokenFields?.(given);

  it('is there only if the option was given', () => {
    expect('extraTokenFields' in jwt).toBe(false);
  });

  it('is called with what the server gives, and may be asynchronous', async () => {
    const service = new JwtService({
      key,
      extraTokenFields: async (args) => ({ client_id: args.client.id }),
    });
    await expect(fieldsOf(service)).resolves.toEqual({ client_id: 'client' });
  });

  it.each(['auth_code_id', 'refresh_token_id', 'access_token_id', 'nonce', 'at_hash'])(
    'may not return %s',
    async (claim) => {
      const service = new JwtService({ key, extraTokenFields: () => ({ [claim]: 'x' }) });
      const error = await rejectionOf(fieldsOf(service));
      expect(error.code).toBe('OIDC_TOKEN_RESERVED_CLAIM');
      expect(error.message).toContain(claim);
    },
  );

  it.each(['', 0, false, null])('may not return a reserved claim, also where it is %p', async (value) => {
    const service = new JwtService({ key, extraTokenFields: () => ({ nonce: value as string }) });
    const error = await rejectionOf(fieldsOf(service));
    expect(error.code).toBe('OIDC_TOKEN_RESERVED_CLAIM');
  });

  it('may not return a reserved claim later either', async () => {
    const service = new JwtService({ key, extraTokenFields: async () => ({ nonce: 'x' }) });
    const error = await rejectionOf(fieldsOf(service));
    expect(error.code).toBe('OIDC_TOKEN_RESERVED_CLAIM');
  });

  it('has to return claims, or nothing', async () => {
    const returning = (value: unknown) => new JwtService({ key, extraTokenFields: () => value as never });
    await expect(fieldsOf(returning(undefined))).resolves.toEqual({});
    await expect(fieldsOf(returning(null))).resolves.toEqual({});
    expect((await rejectionOf(fieldsOf(returning('text')))).code).toBe('OIDC_TOKEN_INVALID_PAYLOAD');
  });

  it('is asked once for each claim, so that a getter cannot answer otherwise later', async () => {
    const answers = ['x', undefined];
    const fields = {
      get nonce() {
        return answers.pop();
      },
    };
    const service = new JwtService({ key, extraTokenFields: () => fields as never });
    expect((await fieldsOf(service))?.nonce).toBeUndefined();
    expect(answers).toEqual(['x']);
  });

  describe('as a method of a subclass', () => {
    class Subclass extends JwtService {
      readonly issuer = 'https://issuer.example';

      override extraTokenFields(
        args: ExtraTokenFieldsArguments,
      ): ExtraTokenFields | Promise<ExtraTokenFields> {
        return { iss: this.issuer, client_id: args.client.id };
      }
    }

    it('is called on the service, with what the server gives', async () => {
      await expect(fieldsOf(new Subclass({ key }))).resolves.toEqual({
        iss: 'https://issuer.example',
        client_id: 'client',
      });
    });

    it.each(['auth_code_id', 'refresh_token_id', 'access_token_id', 'nonce', 'at_hash'])(
      'may not return %s, now or later',
      async (claim) => {
        class Now extends JwtService {
          override extraTokenFields() {
            return { [claim]: 'x' };
          }
        }
        class Later extends Subclass {
          override async extraTokenFields(args: ExtraTokenFieldsArguments) {
            return { ...(await super.extraTokenFields(args)), [claim]: 'x' };
          }
        }
        for (const service of [new Now({ key }), new Later({ key })])
          expect((await rejectionOf(fieldsOf(service))).code).toBe('OIDC_TOKEN_RESERVED_CLAIM');
      },
    );

    it('is refused beside the option of that name, since only one would be called', () => {
      const error = errorOf(() => new Subclass({ key, extraTokenFields: () => ({ aud: 'api' }) }));
      expect([error.name, error.code]).toEqual(['OidcKeyError', 'OIDC_KEY_CONFLICT']);
    });
  });
});

it('exp that would not be finite is refused', async () => {
  const error = await rejectionOf(sign({ iat: Number.MAX_VALUE }, { expiresIn: Number.MAX_VALUE }));
  expect(error.code).toBe('OIDC_TOKEN_INVALID_PAYLOAD');
});

describe('the event loop', () => {
  it('goes on while signatures are made on the thread pool', async () => {
    const slow = new JwtService({ key: makeRsaKey(4096) });
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await Promise.all(Array.from({ length: 20 }, () => slow.sign({})));
    clearInterval(timer);
    // Signatures made on the loop would leave no turn to the timer.
    expect(turns).toBeGreaterThan(3);
  });
});
