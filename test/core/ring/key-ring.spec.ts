import { createHash, createPublicKey } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { KeyRing } from '../../../lib/core/ring/key-ring.js';
import { settingsFromOptions } from '../../../lib/core/reading/key-settings.js';
import type { KeyOptions } from '../../../lib/core/reading/key-settings.js';
import { loadSlotsNow } from '../../../lib/core/ring/slots.js';
import { errorOf } from '../../support/errors.js';
import { keyObjectsWithin } from '../../support/key-objects.js';
import { jwkOf, makeRsaKey, pemOf } from '../../support/keys.js';

const [one, two, three, four, five] = Array.from({ length: 5 }, () => makeRsaKey()) as [
  ReturnType<typeof makeRsaKey>,
  ...ReturnType<typeof makeRsaKey>[],
];
const ringOf = (options: KeyOptions) =>
  new KeyRing(loadSlotsNow(settingsFromOptions(options)), options.algorithm);
const kids = (keys: readonly { kid: string }[]) => keys.map(({ kid }) => kid);

describe('the slots', () => {
  const ring = ringOf({ key: one, nextKeys: two!, previousKeys: [createPublicKey(three!), pemOf(four!)] });

  it('publishes current, next and previous, in this order', () => {
    const published = ring.toKeySet().keys.map(({ kid }) => kid);
    expect(published).toHaveLength(4);
    expect(published.slice(0, 2)).toEqual([...kids(ring.current), ...kids(ring.next)]);
    expect(published.slice(2)).toEqual(kids(ring.previous).toSorted());
  });

  it('finds a key of any slot by its kid', () => {
    for (const key of [...ring.current, ...ring.next, ...ring.previous]) expect(ring.find(key.kid)).toBe(key);
    expect(ring.find('unknown')).toBeUndefined();
    expect(ring.find('__proto__')).toBeUndefined();
  });

  it('signs with the current key only', () => {
    expect(ring.signer()).toBe(ring.current[0]);
    expect(ring.signer('RS256')).toBe(ring.current[0]);
    expect(errorOf(() => ring.signer('ES256')).code).toBe('OIDC_KEY_NONE_TO_SIGN');
  });

  it('tries current, then previous as configured, never next, and at most four keys for a token without kid', () => {
    expect(kids(ring.candidatesFor('RS256'))).toEqual([...kids(ring.current), ...kids(ring.previous)]);
    expect(ring.candidatesFor('HS256')).toEqual([]);
    const many = ringOf({ key: one, previousKeys: [two!, three!, four!, five!] });
    expect(kids(many.candidatesFor('RS256'))).toEqual([
      ...kids(many.current),
      ...kids(many.previous).slice(0, 3),
    ]);
  });

  it('takes several keys for a slot in one text', () => {
    expect(ringOf({ key: one, nextKeys: pemOf(two!) + pemOf(three!) }).next).toHaveLength(2);
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
  ] as [string, KeyOptions][])('RFC 7517 section 4.5: refused where %s', (_, options) => {
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

  it('refuses an empty slot that was given', () => {
    expect(errorOf(() => ringOf({ key: one, nextKeys: '' })).code).toBe('OIDC_KEY_MISSING');
    expect(errorOf(() => ringOf({ key: [] })).code).toBe('OIDC_KEY_MISSING');
  });

  it('cannot be changed', () => {
    const ring = ringOf({ key: one });
    expect(() => Object.assign(ring, { current: [] })).toThrow(TypeError);
    for (const slot of [ring.current, ring.next, ring.previous])
      expect(() => (slot as unknown[]).push('x')).toThrow(TypeError);
    expect(() => Object.assign(ring.current[0]!.publicJwk, { kid: 'x' })).toThrow(TypeError);
    expect(() => Object.assign(ring.jwks, { body: 'x' })).toThrow(TypeError);
    const copy = ring.toKeySet();
    copy.keys[0]!.kid = 'changed';
    expect(ring.toKeySet().keys[0]!.kid).toBe(ring.signer().kid);
  });

  it('keeps its private halves out of reach', () => {
    const found = keyObjectsWithin(ringOf({ key: one, nextKeys: two!, previousKeys: three! }));
    expect(found.map(({ type }) => type)).toEqual(['public', 'public', 'public']);
  });
});
