import { describe, expect, it } from '@jest/globals';
import { JwtService } from 'nestjs-oidc-key';
import {
  assertAccessToken,
  assertIdToken,
  assertSignedBy,
  testKey,
  tokenMatchers,
} from 'nestjs-oidc-key/testing';
import type { TokenMatchers } from 'nestjs-oidc-key/testing';

import { errorOf } from '../support/errors.js';

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>> extends TokenMatchers<R> {}
}

expect.extend(tokenMatchers);

const jwt = new JwtService({ key: testKey('ES256') });
const options = { issuer: 'https://issuer.example', audience: 'https://orders.example', expiresIn: 60 };
const accessToken = await jwt.sign(
  { sub: 'alice', client_id: 'app', jti: '1', scope: 'orders' },
  { ...options, header: { typ: 'at+jwt' } },
);
const idToken = await jwt.sign({ sub: 'alice', nonce: 'n' }, options);
const forged = (token: string) => `${token.slice(0, -8)}AAAAAAAA`;

type Asked = (wrong: unknown) => void;
const byAccess: [name: string, ask: Asked][] = [
  ['toBeAccessToken', (wrong) => expect(forged(accessToken)).toBeAccessToken(wrong as object)],
  ['toBeAccessToken', (wrong) => expect(accessToken).not.toBeAccessToken(wrong as object)],
  ['assertAccessToken', (wrong) => assertAccessToken(forged(accessToken), wrong as object)],
];
const byId: [name: string, ask: Asked][] = [
  ['toBeIdToken', (wrong) => expect(forged(idToken)).toBeIdToken(wrong as object)],
  ['toBeIdToken', (wrong) => expect(idToken).not.toBeIdToken(wrong as object)],
  ['assertIdToken', (wrong) => assertIdToken(forged(idToken), wrong as object)],
];
const bySigned: [name: string, ask: Asked][] = [
  ['toBeSignedBy', (wrong) => expect(accessToken).toBeSignedBy(wrong as never)],
  ['toBeSignedBy', (wrong) => expect(accessToken).not.toBeSignedBy(wrong as never)],
  ['assertSignedBy', (wrong) => assertSignedBy(accessToken, wrong as never)],
];

function refuses(asked: [name: string, ask: Asked][], wrong: unknown, says: (name: string) => string): void {
  for (const [name, ask] of asked) {
    const error = errorOf(() => ask(wrong));
    expect(error).toMatchObject({ name: 'OidcKeyError', code: 'OIDC_KEY_INVALID_OPTION' });
    expect(error.message).toContain(says(name));
  }
}

class Computed {
  get issuer(): string {
    return 'https://other.example';
  }
}

describe('an expectation of a token', () => {
  it.each([[5], [null], ['text'], [[]], [() => ({})], [new Date()], [jwt], [new Computed()]])(
    'is an object: %p is refused',
    (wrong) => {
      refuses([...byAccess, ...byId], wrong, (name) => `${name} takes a plain object, such as {`);
    },
  );

  it.each([['signdBy'], ['audiance'], ['expiresAt'], ['constructor']])(
    'with "%s" is of nothing that there is',
    (wrong) => {
      refuses([...byAccess, ...byId], { [wrong]: jwt }, (name) => `${name} has no option "${wrong}".`);
    },
  );

  it('of the other kind of token is refused', () => {
    refuses(byAccess, { nonce: 'n' }, (name) => `${name} has no option "nonce". Its options are issuer, `);
    refuses(byId, { audience: 'a' }, (name) => `${name} has no option "audience". Its options are issuer, `);
  });

  it.each(['issuer', 'subject', 'claims', 'signedBy', 'at', 'clientId'])(
    'with "%s" that is undefined would expect nothing',
    (option) => {
      const says = (name: string) => `The option "${option}" of ${name} has to be `;
      refuses([...byAccess, ...byId], { [option]: undefined }, says);
      refuses([...byAccess, ...byId], { [option]: undefined }, () => ', and is undefined.');
    },
  );

  it.each<[string, unknown]>([
    ...['issuer', 'subject', 'clientId'].flatMap((option) =>
      [null, '', 5, ['a'], /a/].map((value): [string, unknown] => [option, value]),
    ),
    ...[null, 'a', ['a'], { jti: undefined }].map((value): [string, unknown] => ['claims', value]),
    ...[null, 'key', {}, { keys: 'a' }, { keys: [5] }, { keys: [{ kid: 5 }] }, { publicJwk: undefined }].map(
      (value): [string, unknown] => ['signedBy', value],
    ),
    ...[{ getKeySet: 5 }, { getKeySet: () => undefined }, Promise.resolve(jwt), [jwt]].map(
      (value): [string, unknown] => ['signedBy', value],
    ),
    ...[new Date('tomorrow'), 5, '2026-01-01', null, {}].map((value): [string, unknown] => ['at', value]),
  ])('with "%s" that is %p is refused', (option, value) => {
    refuses(
      [...byAccess, ...byId],
      { [option]: value },
      (name) => `The option "${option}" of ${name} has to be `,
    );
  });

  it.each([[''], [[]], [['']], [['orders', undefined]], [5], [null], [undefined]])(
    'with the scope %p is refused',
    (scope) => {
      refuses(byAccess, { scope }, (name) => `The option "scope" of ${name} has to be a string, or a list`);
    },
  );

  it('is compared whole where it names a claim twice', () => {
    const expected = { issuer: 'https://other.example', claims: { iss: options.issuer } };
    expect(errorOf(() => assertAccessToken(accessToken, expected)).message).toContain('its "iss" is');
  });

  it('may be left out', () => {
    assertAccessToken(accessToken);
    assertIdToken(idToken, {});
  });
});

it.each([
  [undefined],
  [null],
  [5],
  ['key'],
  [{}],
  [[]],
  [{ keys: undefined }],
  [{ keys: [{ key_ops: 'verify' }] }],
  [Promise.resolve(jwt)],
])('the keys that are to have signed a token cannot be %p', (wrong) => {
  refuses(
    bySigned,
    wrong,
    (name) => `The keys that ${name} takes have to be those of an issuer: a JwtService`,
  );
});
