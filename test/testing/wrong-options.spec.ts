import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { MemoryKeyStore, OidcKeyTestingModule, testKey, withTestKey } from 'nestjs-oidc-key/testing';

import { errorOf, rejectionOf } from '../support/errors.js';

const invalid = { name: 'OidcKeyError', code: 'OIDC_KEY_INVALID_OPTION' };
const wrong = (value: unknown) => value as never;

describe('MemoryKeyStore refuses', () => {
  it.each<[string, () => unknown, string]>([
    [
      'no text',
      () => new MemoryKeyStore(wrong({ keys: [] })),
      'The text of MemoryKeyStore has to be a string',
    ],
    ['null', () => new MemoryKeyStore(wrong(null)), 'The text of MemoryKeyStore has to be a string'],
    [
      'no text, written by hand',
      () => (new MemoryKeyStore().text = wrong(5)),
      'The text of MemoryKeyStore has to be a string',
    ],
    [
      'an error that there is not',
      () => new MemoryKeyStore().fail(wrong('KEY_STORE_UNREACHABEL')),
      'fail of MemoryKeyStore takes the code of an error of stores, one of KEY_STORE_NOT_READ, ',
    ],
    [
      'what every object has',
      () => new MemoryKeyStore().fail(wrong('toString')),
      'fail of MemoryKeyStore takes',
    ],
    ['an error', () => new MemoryKeyStore().fail(wrong(new Error('no'))), 'fail of MemoryKeyStore takes'],
    [
      'writes with an error that there is not',
      () => new MemoryKeyStore().refuseWrites(wrong('FORBIDDEN')),
      'refuseWrites of MemoryKeyStore takes the code',
    ],
    ...[-1, Number.NaN, Infinity, 2 ** 31, '5', undefined, {}].map(
      (time): [string, () => unknown, string] => [
        `to answer after what is no time: ${JSON.stringify(time)}`,
        () => new MemoryKeyStore().answerAfter(wrong(time)),
        'answerAfter of MemoryKeyStore takes a number of milliseconds',
      ],
    ),
    [
      'another writer that is no function',
      () => new MemoryKeyStore().writeInBetween(wrong('text')),
      'writeInBetween of MemoryKeyStore takes a function',
    ],
  ])('%s', (_, make, says) => {
    const error = errorOf(make);
    expect(error).toMatchObject(invalid);
    expect(error.message).toContain(says);
  });

  it('another writer that writes no text', async () => {
    const store = new MemoryKeyStore('a');
    store.writeInBetween(() => wrong(5));
    const error = await rejectionOf(store.write('b', '0'));
    expect(error.message).toContain('The text of MemoryKeyStore has to be a string');
    expect(store.text).toBe('a');
  });
});

describe('OidcKeyTestingModule refuses', () => {
  it.each<[unknown, string]>([
    ...[null, 5, 'ES256', [], new MemoryKeyStore()].map((given): [unknown, string] => [
      given,
      'OidcKeyTestingModule takes a plain object',
    ]),
    ...['key', 'nextKeys', 'previousKeys', 'source', 'revokedKids', 'nextActivatesAt'].map(
      (name): [unknown, string] => [{ [name]: 'x' }, `OidcKeyTestingModule has no option "${name}"`],
    ),
    ...[null, '', 5, 'file:keys', {}, MemoryKeyStore].map((store): [unknown, string] => [
      { store },
      'The option "store" of OidcKeyTestingModule has to be a MemoryKeyStore.',
    ]),
    [{ algorithm: 'HS256' }, 'The option "algorithm" of OidcKeyTestingModule has to be one of RS256'],
  ])('%p', (given, says) => {
    const error = errorOf(() => OidcKeyTestingModule.forRoot(wrong(given)));
    expect(error).toMatchObject(invalid);
    expect(error.message).toContain(says);
  });

  it('what no OidcKeyModule has, and names none that it refuses', () => {
    const error = errorOf(() => OidcKeyTestingModule.forRoot(wrong({ stor: new MemoryKeyStore() })));
    expect(error).toMatchObject(invalid);
    expect(error.message).toMatch(/^OidcKeyTestingModule has no option "stor"\. Its options are store, /);
    for (const name of ['key', 'nextKeys', 'source']) expect(error.message).not.toContain(`${name},`);
    expect(error.message).toContain('jwks, envPrefix');
  });
});

describe('a key for tests', () => {
  it.each([undefined, null, 5, {}, Test])('is given to no %p', (builder) => {
    const error = errorOf(() => withTestKey(wrong(builder)));
    expect(error).toMatchObject(invalid);
    expect(error.message).toContain('withTestKey takes what `Test.createTestingModule(');
  });

  it.each([
    ['ES256', 'ES256'],
    ['EdDSA', 'RS256', 'Ed25519'],
  ])('is made once for %s, %s', (...algorithms) => {
    const error = errorOf(() => withTestKey(Test.createTestingModule({}), wrong(algorithms)));
    expect(error).toMatchObject(invalid);
    expect(error.message).toContain('each algorithm once');
  });

  it.each(['ES256', [], ['HS256'], [undefined], null])('is for no %p', (algorithms) => {
    const error = errorOf(() => withTestKey(Test.createTestingModule({}), wrong(algorithms)));
    expect(error).toMatchObject(invalid);
    expect(error.message).toContain('The algorithms that withTestKey takes have to be a list');
  });

  it.each([0, -1, 1.5, Number.NaN, '2', null])('has no number %p', (number) => {
    const error = errorOf(() => testKey('ES256', wrong(number)));
    expect(error).toMatchObject(invalid);
    expect(error.message).toContain('The number that testKey takes has to be a whole number from 1 on.');
  });
});
