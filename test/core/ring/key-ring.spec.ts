import { createHash, createPublicKey } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import type { JwtServiceOptions } from '../../../lib/core/jwt/jwt.service.js';
import { KeyRing } from '../../../lib/core/ring/key-ring.js';
import type { KeyInSlot } from '../../../lib/core/ring/life.js';
import { errorOf } from '../../support/errors.js';
import { keyObjectsWithin } from '../../support/key-objects.js';
import { jwkOf, makeRsaKey, pemOf } from '../../support/keys.js';
import { keysIn, ringOf } from '../../support/loaded.js';

const [one, two, three, four, five] = Array.from({ length: 5 }, () => makeRsaKey()) as [
  ReturnType<typeof makeRsaKey>,
  ...ReturnType<typeof makeRsaKey>[],
];
const kids = (keys: readonly { kid: string }[]) => keys.map(({ kid }) => kid);

describe('the slots', () => {
  const ring = ringOf({ key: one, nextKeys: two!, previousKeys: [createPublicKey(three!), pemOf(four!)] });

  it('publishes current, next and previous, in this order', () => {
    const published = ring.toKeySet().keys.map(({ kid }) => kid);
    expect(published).toHaveLength(4);
    expect(published.slice(0, 2)).toEqual([...kids(keysIn(ring, 'current')), ...kids(keysIn(ring, 'next'))]);
    expect(published.slice(2)).toEqual(kids(keysIn(ring, 'previous')).toSorted());
  });

  it('finds a key of any slot by its kid', () => {
    expect(ring.keys.map(({ slot }) => slot)).toEqual(['current', 'next', 'previous', 'previous']);
    for (const { key } of ring.keys) expect(ring.find(key.kid)).toBe(key);
    expect(ring.kids()).toEqual(ring.toKeySet().keys.map(({ kid }) => kid));
    expect(ring.find('unknown')).toBeUndefined();
    expect(ring.find('__proto__')).toBeUndefined();
  });

  it('signs with the current key only', () => {
    const [current] = ring.keys;
    for (const signing of [ring.signingKey(), ring.signingKey('RS256'), ...ring.signingKeys()]) {
      expect([signing.key, signing.signer]).toEqual([current!.key, current!.signer]);
    }
    expect(ring.signingKeys()).toHaveLength(1);
    expect(errorOf(() => ring.signingKey('ES256')).code).toBe('OIDC_KEY_NONE_TO_SIGN');
  });

  it('tries current, then previous as configured, never next, and at most four keys for a token without kid', () => {
    expect(kids(ring.candidatesFor('RS256'))).toEqual([
      ...kids(keysIn(ring, 'current')),
      ...kids(keysIn(ring, 'previous')),
    ]);
    expect(ring.candidatesFor('HS256')).toEqual([]);
    const many = ringOf({ key: one, previousKeys: [two!, three!, four!, five!] });
    expect(kids(many.candidatesFor('RS256'))).toEqual([
      ...kids(keysIn(many, 'current')),
      ...kids(keysIn(many, 'previous')).slice(0, 3),
    ]);
  });

  it('takes several keys for a slot in one text', () => {
    expect(keysIn(ringOf({ key: one, nextKeys: pemOf(two!) + pemOf(three!) }), 'next')).toHaveLength(2);
  });
});

describe('the rendered JWKS', () => {
  it('is the same bytes for the same slots, however they are ordered and encoded', () => {
    const first = ringOf({ key: one, previousKeys: [two!, three!] }).jwks;
    const second = ringOf({ key: pemOf(one), previousKeys: [jwkOf(three!), pemOf(two!, 'pkcs1')] }).jwks;
    expect(second).toEqual(first);
  });

  it('has a strong entity tag over its body (RFC 9110 section 8.8.3)', () => {
    const { body, etag } = ringOf({ key: one }).jwks;
    expect(etag).toBe(`"${createHash('sha256').update(body).digest('base64url')}"`);
    expect(ringOf({ key: two! }).jwks.etag).not.toBe(etag);
  });

  it('RFC 7517 section 4.3: has no key_ops beside use, whatever the JWK held', () => {
    const { keys } = ringOf({
      key: { ...jwkOf(one), key_ops: ['sign'], use: 'sig', x5c: ['MII'] },
    }).toKeySet();
    expect(Object.keys(keys[0]!).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });
});

describe('a ring is whole or is not', () => {
  it.each([
    ['the current key is a previous one too', { key: one, previousKeys: pemOf(one) }],
    [
      'two next keys have one kid',
      {
        key: one,
        nextKeys: [
          { key: two!, kid: 'x' },
          { key: three!, kid: 'x' },
        ],
      },
    ],
  ] as [string, JwtServiceOptions][])('RFC 7517 section 4.5: refused where %s', (_, options) => {
    const error = errorOf(() => ringOf(options));
    expect(error.code).toBe('OIDC_KEY_DUPLICATE_KID');
    expect(error.message).toMatch(/The option "/);
  });

  it('refuses two current keys of one algorithm, and names both', () => {
    const error = errorOf(() => ringOf({ key: pemOf(one) + pemOf(two!) }));
    expect(error.code).toBe('OIDC_KEY_SEVERAL');
    expect(error.message).toMatch(/key 1 of 2.*key 2 of 2/);
    expect(errorOf(() => ringOf({ key: [one, two!] })).message).toMatch(/entry 1 of 2.*entry 2 of 2/);
  });

  it('refuses a public key that would have to sign later', () => {
    expect(errorOf(() => ringOf({ key: one, nextKeys: createPublicKey(two!) })).code).toBe(
      'OIDC_KEY_NOT_PRIVATE',
    );
  });

  it.each(['', ' "" ', []])('takes %j for a slot without keys, where it is not the current one', (unset) => {
    const ring = ringOf({ key: one, nextKeys: unset, previousKeys: unset });
    expect(ring.keys.map(({ slot }) => slot)).toEqual(['current']);
    expect(errorOf(() => ringOf({ key: unset })).code).toBe('OIDC_KEY_MISSING');
  });

  it('cannot be changed', () => {
    const ring = ringOf({ key: one });
    expect(() => Object.assign(ring, { keys: [] })).toThrow(TypeError);
    expect(() => (ring.keys as unknown[]).push('x')).toThrow(TypeError);
    expect(() => Object.assign(ring.keys[0]!.key.publicJwk, { kid: 'x' })).toThrow(TypeError);
    expect(() => Object.assign(ring.jwks, { body: 'x' })).toThrow(TypeError);
    const copy = ring.toKeySet();
    copy.keys[0]!.kid = 'changed';
    expect(ring.toKeySet().keys[0]!.kid).toBe(ring.signingKey().key.kid);
  });

  it('keeps its private halves out of reach', () => {
    const found = keyObjectsWithin(ringOf({ key: one, nextKeys: two!, previousKeys: three! }));
    expect(found.map(({ type }) => type)).toEqual(['public', 'public', 'public']);
  });
});

describe('two rings', () => {
  const [current, next, previous] = ringOf({ key: one, nextKeys: two!, previousKeys: three! }).keys as [
    KeyInSlot,
    KeyInSlot,
    KeyInSlot,
  ];
  const rs256 = algorithmNamed('RS256');
  const ring = new KeyRing([current, next, previous], rs256);

  it('have one digest where they publish the same keys, in whatever slots', () => {
    const promoted = new KeyRing(
      [{ ...next, slot: 'current' }, { ...current, slot: 'previous' }, previous],
      rs256,
    );
    expect(promoted.digest).toBe(ring.digest);
    expect(promoted.jwks.etag).not.toBe(ring.jwks.etag);
    expect(new KeyRing([current, next], rs256).digest).not.toBe(ring.digest);
  });

  it('are the same for the same keys in the same slots and one default, in whatever order they are given', () => {
    expect(ring.isOf([previous, next, current], rs256)).toBe(true);
    expect(ring.isOf([current, next, previous], undefined)).toBe(false);
    expect(ring.isOf([current, next], rs256)).toBe(false);
    expect(ring.isOf([current, next, { ...previous, slot: 'next' }], rs256)).toBe(false);
    const [again] = ringOf({ key: one }).keys;
    expect(ring.isOf([again!, next, previous], rs256)).toBe(false);
  });
});

describe('a ring that lost the key of its default algorithm', () => {
  const { keys } = ringOf({ key: [{ key: one, algorithm: 'RS384' }], nextKeys: two! });
  const ring = new KeyRing(keys, algorithmNamed('RS256'));

  it('turns to no other algorithm by itself, and signs with it where it is asked for', () => {
    expect(ring.canSign()).toBe(false);
    expect(errorOf(() => ring.signingKey()).code).toBe('OIDC_KEY_NONE_TO_SIGN');
    expect(ring.signingKey('RS384').key).toBe(keys[0]!.key);
    expect(new KeyRing(keys, algorithmNamed('RS384')).canSign()).toBe(true);
  });
});
