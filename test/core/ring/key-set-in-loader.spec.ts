import { createPublicKey } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import type { KeyInput } from '../../../lib/core/reading/key-material.js';
import type { KeySlots } from '../../../lib/core/reading/key-slots.js';
import { NamedValue } from '../../../lib/core/reading/named-value.js';
import type { KeyRing } from '../../../lib/core/ring/key-ring.js';
import { KeySetRing } from '../../../lib/core/ring/key-set-ring.js';
import { KeyLoader } from '../../../lib/core/ring/key-loader.js';
import type { LoadContext } from '../../../lib/core/ring/key-loader.js';
import { revocationsIn } from '../../../lib/core/ring/members-of-slots.js';
import { JwtService } from '../../../lib/core/jwt/jwt.service.js';
import { errorOf } from '../../support/errors.js';
import { epoch, jwkOf, privateKeyNamed } from '../../support/key-sets.js';
import type { KeyOfTest } from '../../support/key-sets.js';
import { pemOf } from '../../support/keys.js';
import { headerOf } from '../../support/tokens.js';
import { primeFor65537, rsaKeyOf } from '../../support/weak-keys.js';

const a: KeyOfTest = { kid: 'a', iat: 0, nbf: 0, exp: 2130 };
const b: KeyOfTest = { kid: 'b', iat: 1000, nbf: 1100 };
const documentOf = (...keys: KeyOfTest[]) => ({ keys: keys.map(jwkOf) });
const text = JSON.stringify(documentOf(a, b));
const pem = (kid: string) => pemOf(privateKeyNamed(kid));

const load = (slots: KeySlots, context: LoadContext = {}) => new KeyLoader().loadNow(slots, context);
const given = (current: unknown) => ({ current: new NamedValue('OIDC_PRIVATE_KEY', current) });
const codeOf = (slots: KeySlots, context?: LoadContext) => errorOf(() => load(slots, context)).code;
const messageOf = (slots: KeySlots, context?: LoadContext) => errorOf(() => load(slots, context)).message;

describe('a key set where the current keys stand', () => {
  it.each<[string, unknown]>([
    ['an object', documentOf(a, b)],
    ['a text', text],
    ['bytes', Buffer.from(text)],
    ['bytes of UTF-16', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['a text in quotes', `'${text}'`],
    ['a text whose quotes were escaped', text.replaceAll('"', String.raw`\"`)],
    ['a text in a JSON string', JSON.stringify(text)],
    ['a text in base64', Buffer.from(text).toString('base64')],
    ['a text in base64url', Buffer.from(text).toString('base64url')],
    ['a text of several lines', JSON.stringify(documentOf(a, b), null, 2)],
  ])('is one as %s', (_, value) => {
    const { keySet, lives } = load(given(value));
    expect(keySet?.keys.map(({ kid, nbf }) => [kid, nbf])).toEqual([
      ['a', epoch],
      ['b', epoch + 1100],
    ]);
    expect(lives).toEqual([]);
  });

  it.each(['iat', 'nbf', 'exp'])('is one by a key that has "%s"', (member) => {
    const { kid, alg } = b;
    const jwk = { ...jwkOf({ kid, ...(alg && { alg }) }), [member]: epoch };
    expect(load({ current: { keys: [jwk] } as KeyInput }).keySet?.keys).toHaveLength(1);
  });

  it('is none without such a member, and the next and previous keys never are one', () => {
    const slots = {
      current: documentOf({ kid: 'c' }) as KeyInput,
      next: documentOf(b) as KeyInput,
      previous: documentOf(a) as KeyInput,
    };
    const { keySet, lives } = load(slots);
    expect(keySet).toBeUndefined();
    expect(lives.map(({ slot, key, signsFrom }) => [slot, key.kid, signsFrom])).toEqual([
      ['current', 'c', undefined],
      ['next', 'b', undefined],
      ['previous', 'a', undefined],
    ]);
  });

  it('gets the previous keys beside it', () => {
    const { keySet, lives } = load({
      current: documentOf(a, b),
      previous: { key: pem('p'), kid: 'p' },
    });
    expect(keySet?.keys).toHaveLength(2);
    expect(lives.map(({ slot, key, signer }) => [slot, key.kid, signer])).toEqual([
      ['previous', 'p', undefined],
    ]);
  });

  it.each<[string, KeySlots]>([
    ['next keys', { next: pem('c') }],
    ['an instant', { nextActivatesAt: '2040-01-01T00:00:00Z' }],
  ])('with %s beside it is a conflict, which says what to remove', (_, beside) => {
    const slots = { current: documentOf(a, b) as KeyInput, ...beside };
    expect(codeOf(slots)).toBe('OIDC_KEY_CONFLICT');
    expect(messageOf(slots)).toMatch(/is a key set.*Remove The source’s slot "next/);
  });

  it.each<[string, unknown]>([
    ['a list', [documentOf(a, b)]],
    ['a list with another key', [documentOf(a, b), pem('c')]],
    ['a list as text', `[${text}]`],
    ['a description', { key: text }],
    ['a description as text', JSON.stringify({ key: documentOf(a, b) })],
    ['a list of descriptions', [{ key: documentOf(a, b) }]],
  ])('in %s is refused, since its instants would be lost', (_, value) => {
    expect(messageOf(given(value))).toMatch(/^OIDC_PRIVATE_KEY has a key set in a list or in a description/);
    expect(codeOf(given(value))).toBe('OIDC_KEY_CONFLICT');
  });

  it('with a key that a KMS holds is not for a constructor, and a revoked one does no harm', () => {
    const held = { kid: 'k', signer: 'awskms:alias/issuer', iat: 500 };
    expect(codeOf(given(documentOf(a, held)))).toBe('OIDC_KEY_UNSUPPORTED');
    expect(messageOf(given(documentOf(a, held)))).toMatch(
      /key 2 of 2\) is held by a KMS or HSM.*Use OidcKeyModule/,
    );
    const revoked = {
      keys: [jwkOf(b), { ...jwkOf({ kid: 'k', revoked: 5 }), signer: 'awskms:alias/issuer' }],
    };
    expect(load(given(revoked)).keySet?.keys).toHaveLength(2);
  });

  it('has to be the same under both names of the setting, its instants included', () => {
    const under = (value: unknown) => ({
      current: new NamedValue('OIDC_PRIVATE_KEY', text, {
        alias: new NamedValue('RSA_PRIVATE_KEY_PEM', value),
      }),
    });
    expect(load(under(JSON.stringify(documentOf(b, a)))).keySet?.keys).toHaveLength(2);
    expect(codeOf(under(JSON.stringify(documentOf({ ...a, exp: 2131 }, b))))).toBe('OIDC_KEY_CONFLICT');
    expect(codeOf(under(pem('a')))).toBe('OIDC_KEY_CONFLICT');
  });

  it('names the default algorithm, or asks for it', () => {
    const e: KeyOfTest = { kid: 'e', alg: 'EdDSA', iat: 0, nbf: 0 };
    expect(load(given(documentOf(a, b, e)), { algorithm: 'EdDSA' }).defaultAlgorithm.names[0]).toBe('EdDSA');
    expect(codeOf(given(documentOf(a, b, e)))).toBe('OIDC_KEY_NONE_TO_SIGN');
    expect(codeOf(given(documentOf(a, b)), { algorithm: 'RS256' })).toBe('OIDC_KEY_NONE_TO_SIGN');
  });

  it.each<[string, KeySlots, string]>([
    ['under one kid with another key', { previous: { key: pem('p'), kid: 'a' } }, 'OIDC_KEY_DUPLICATE_KID'],
    ['under another kid', { previous: { key: pem('a'), kid: 'x' } }, 'OIDC_KEY_DUPLICATE_KID'],
  ])('is refused with a previous key %s', (_, beside, code) => {
    expect(codeOf({ current: documentOf(a, b) as KeyInput, ...beside })).toBe(code);
  });

  it('is not held up by a previous key that is revoked', () => {
    const { thumbprint } = load(given(documentOf({ kid: 'p', iat: 0 }))).keySet!.keys[0]!;
    const previous = { key: pem('p'), kid: 'a' };
    const slots = { ...given(documentOf(a, b)), previous, revokedKids: [thumbprint] };
    expect(load(slots).keySet?.keys).toHaveLength(2);
  });

  it('is refused where two of its keys have a prime in common, or one with another key', () => {
    const shared = primeFor65537(1024);
    const [one, two] = [0, 1].map(() => rsaKeyOf(shared, primeFor65537(1024)).export({ format: 'jwk' }));
    const [first, second] = [
      { ...one, iat: 0 },
      { ...two, iat: 5000 },
    ];
    expect(codeOf(given({ keys: [first, second] }))).toBe('OIDC_KEY_TOO_WEAK');
    expect(codeOf({ ...given({ keys: [first] }), previous: two as KeyInput })).toBe('OIDC_KEY_TOO_WEAK');
  });

  it('is refused where all of its keys are revoked, by whatever', () => {
    const keys = documentOf(a, b) as KeyInput;
    expect(codeOf({ current: keys, revokedKids: ['a', 'b'] })).toBe('OIDC_KEY_NONE_TO_SIGN');
    expect(codeOf({ current: keys }, { isRevoked: () => true })).toBe('OIDC_KEY_NONE_TO_SIGN');
  });
});

describe('the revocations of a key set', () => {
  it.each<[string, unknown]>([
    ['sound', documentOf({ ...a, revoked: 5 }, b)],
    ['with a broken key', { keys: [jwkOf({ ...a, revoked: 5 }), { kty: 'EC' }, 7] }],
    ['with an instant that is none', JSON.stringify({ keys: [{ ...jwkOf(a), revoked: true, iat: 'x' }] })],
    ['in base64', Buffer.from(JSON.stringify(documentOf({ ...a, revoked: 5 }, b))).toString('base64')],
  ])('are found where it is %s', (_, value) => {
    const key = {
      kid: 'any',
      thumbprint: load({ current: documentOf(a) }).keySet!.keys[0]!.thumbprint,
    };
    expect(revocationsIn(given(value)).names(key)).toBe(true);
    expect(revocationsIn(given(value)).unknown(() => false)).toEqual([]);
  });

  it('are found under the alias of the setting, too', () => {
    const alias = new NamedValue('RSA_PRIVATE_KEY_PEM', documentOf({ ...a, revoked: 5 }, b));
    const current = new NamedValue('OIDC_PRIVATE_KEY', documentOf(a, b), { alias });
    expect(revocationsIn({ current }).isEmpty).toBe(false);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an empty text', ''],
    ['garbage', 'garbage'],
    ['a PEM', pem('a')],
    ['a KeyObject', createPublicKey(privateKeyNamed('a'))],
  ])('of %s are none', (_, value) => {
    expect(revocationsIn(given(value)).isEmpty).toBe(true);
  });
});

describe('the ring of a key set that nobody reads again', () => {
  const loaded = (previous: KeyInput, ...keys: KeyOfTest[]) => {
    const { keySet, lives } = load({ current: documentOf(...keys), previous });
    const ring = new KeySetRing(keySet!, lives, undefined);
    return (seconds: number) => ring.at(epoch + seconds);
  };
  const slotsOf = ({ keys }: KeyRing) => keys.map(({ key, slot }) => `${key.kid} ${slot}`);
  const p = { key: pem('p'), kid: 'p' };

  it('goes with the clock, in both directions, and is made anew only where something changes', () => {
    const at = loaded(p, { kid: 'a', iat: 0, nbf: 0 }, { kid: 'b', iat: 10_000, nbf: 20_000 });
    expect(slotsOf(at(19_999))).toEqual(['a current', 'b next', 'p previous']);
    expect(slotsOf(at(20_000))).toEqual(['b current', 'a previous', 'p previous']);
    expect(at(20_001)).toBe(at(20_000));
    expect(slotsOf(at(19_998))).toEqual(['a current', 'b next', 'p previous']);
  });

  it('has no previous key that the key set revokes', () => {
    const at = loaded({ key: pem('p'), kid: 'q' }, { kid: 'a', iat: 0 }, { kid: 'p', revoked: 5 });
    expect(slotsOf(at(10))).toEqual(['a current']);
  });
});

describe('new JwtService({ key })', () => {
  it('takes a key set, and signs with the key whose time it is', async () => {
    const seconds = Math.floor(Date.now() / 1000) - epoch;
    const hour = 3600;
    const old = { kid: 'a', iat: seconds - 9 * hour, nbf: seconds - 9 * hour, exp: seconds + 900 * hour };
    const waiting = { kid: 'b', iat: seconds, nbf: seconds + 2 * hour };
    const service = new JwtService({ key: documentOf(old, waiting) });
    expect(headerOf(await service.sign({})).kid).toBe('a');
    expect(service.getKeySet().keys.map(({ kid }) => kid)).toEqual(['a', 'b']);
  });
});
