import { createPublicKey } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { publicHalfOf } from '../../lib/core/key/public-jwk.js';
import { seenDocument } from '../../lib/doctor/issuer/observation.js';
import type { SeenDocument } from '../../lib/doctor/issuer/observation.js';
import { nextKeys } from '../../lib/doctor/next/next-keys.js';
import type { NextKey } from '../../lib/doctor/next/next-keys.js';
import { makeRsaKey } from '../support/keys.js';

const jwkOf = (kid: string) => publicHalfOf(createPublicKey(makeRsaKey()), 'RS256', kid).publicJwk;
const current = jwkOf('current');
const next = jwkOf('next');
const figures = { jwksMaxAge: 3600, keyRetention: 86_400, keySpread: 120, clockSkew: 60 };
/** max-age, spread and skew. */
const propagation = 3_780_000;
const now = Date.parse('2026-11-27T12:00:00Z');
const iso = (instant: number) => new Date(instant).toISOString().replace('.000Z', 'Z');

function answer(keys: unknown, headers: Record<string, string> = {}, status = 200): SeenDocument {
  return seenDocument('jwks', {
    url: new URL('https://login.example/jwks'),
    status,
    headers: { 'cache-control': 'public, max-age=3600', ...headers },
    body: Buffer.from(JSON.stringify({ keys })),
    redirects: [],
    askedAt: now,
    answeredAt: now,
    took: 0,
  });
}

const waiting = (instants: Partial<NextKey> = {}): NextKey => ({
  publicJwk: next,
  publishedSince: undefined,
  signsFrom: undefined,
  ...instants,
});
const ask = (key: NextKey, ...jwks: SeenDocument[]) =>
  nextKeys({ keys: [key], current: [current], jwks, figures, now });
const codesOf = ({ findings }: ReturnType<typeof nextKeys>) =>
  findings.map(({ code, severity }) => `${severity} ${code}`);
const both = [current, next];

describe('a key that waits', () => {
  it('there may be none', () => {
    const report = nextKeys({ keys: [], current: [current], jwks: [answer(both)], figures, now });
    expect([report.keys, codesOf(report)]).toEqual([[], ['error NEXT_KEY_NONE']]);
  });

  it.each([
    ['in no answer', [answer([next])]],
    ['in some of the answers', [answer(both), answer([next])]],
    ['another key there', [answer([{ ...next, kid: current.kid }, next])]],
  ])('says nothing where what signs is %s', (_, jwks) => {
    const key = waiting({ publishedSince: now - propagation });
    expect(codesOf(ask(key, ...jwks))).toContain('error CURRENT_KEY_NOT_VISIBLE');
    const none = nextKeys({ keys: [], current: [current], jwks, figures, now });
    expect(codesOf(none)).toContain('error CURRENT_KEY_NOT_VISIBLE');
  });

  it.each([
    ['is not in the JWKS', [answer([current])], 'NEXT_KEY_NOT_VISIBLE'],
    ['is in some of the answers', [answer(both), answer([current])], 'NEXT_KEY_NOT_EVERYWHERE'],
    ['is another key there', [answer([current, { ...next, n: current.kid }])], 'NEXT_KEY_DIFFERS'],
    ['is for encryption there', [answer([current, { ...next, use: 'enc' }])], 'NEXT_KEY_DIFFERS'],
    ['is for another algorithm there', [answer([current, { ...next, alg: 'PS256' }])], 'NEXT_KEY_DIFFERS'],
    ['is in a JWKS that nobody names', [], 'NEXT_KEY_NOT_SEEN'],
    ['cannot be seen', [answer(both, {}, 500)], 'NEXT_KEY_NOT_SEEN'],
    ['could be seen, and then not', [answer(both), answer(both, {}, 503)], 'NEXT_KEY_NOT_SEEN'],
  ])('%s', (_, jwks, code) => {
    const report = ask(waiting({ publishedSince: now - 10 * propagation }), ...jwks);
    expect(codesOf(report)).toEqual([`error ${code}`]);
    expect(report.keys).toEqual([
      {
        kid: 'next',
        visible: false,
        visibleSince: undefined,
        knownFrom: undefined,
        safeFrom: undefined,
        safe: false,
      },
    ]);
  });

  it('is visible in each answer, though in another order', () => {
    expect(ask(waiting(), answer(both), answer(both.toReversed())).keys[0]!.visible).toBe(true);
  });
});

describe('since when, and from when it may sign', () => {
  it('of slots nothing says it: what was seen counts, with the age of the answer', () => {
    const report = ask(waiting(), answer(both, { age: '600' }), answer(both, { age: '60' }));
    expect(codesOf(report)).toEqual(['error NEXT_KEY_TOO_YOUNG']);
    expect(report.keys[0]).toEqual({
      kid: 'next',
      visible: true,
      visibleSince: iso(now - 60_000),
      knownFrom: 'answer',
      safeFrom: iso(now - 60_000 + propagation),
      safe: false,
    });
  });

  it('of several answers the latest counts', () => {
    const jwks = ['9000', '0', '0'].map((age) => answer(both, { age }));
    expect(codesOf(ask(waiting(), ...jwks))).toEqual(['error NEXT_KEY_TOO_YOUNG']);
  });

  it('a key set says it', () => {
    const publishedSince = now - propagation;
    const report = ask(waiting({ publishedSince }), answer(both));
    expect(codesOf(report)).toEqual(['note NEXT_KEY_SAFE']);
    expect(report.keys[0]).toMatchObject({ knownFrom: 'configuration', safeFrom: iso(now), safe: true });
    const younger = ask(waiting({ publishedSince: publishedSince + 1000 }), answer(both));
    expect(codesOf(younger)).toEqual(['error NEXT_KEY_TOO_YOUNG']);
  });

  it('one that starts by itself in time needs nobody', () => {
    const report = ask(waiting({ publishedSince: now, signsFrom: now + propagation }), answer(both));
    expect(codesOf(report)).toEqual(['note NEXT_KEY_WAITS']);
    expect(report.keys[0]!.safe).toBe(false);
  });

  it('one that starts too early is an error', () => {
    const signsFrom = now + propagation - 1000;
    const report = ask(waiting({ publishedSince: now, signsFrom }), answer(both));
    expect(codesOf(report)).toEqual(['error NEXT_KEY_TOO_EARLY']);
  });

  it('one that may start too early, as far as one answer tells, is a warning', () => {
    const report = ask(waiting({ signsFrom: now + propagation - 1000 }), answer(both));
    expect(codesOf(report)).toEqual(['warning NEXT_KEY_SINCE_UNKNOWN']);
  });

  it('of slots whoever saw it earlier says it', () => {
    const seenBy = (seenSince: number, key = waiting(), age = '0') =>
      nextKeys({ keys: [key], current: [current], jwks: [answer(both, { age })], figures, seenSince, now });
    const report = seenBy(now - propagation);
    expect(codesOf(report)).toEqual(['note NEXT_KEY_SAFE']);
    expect(report.keys[0]).toMatchObject({ knownFrom: 'earlier', visibleSince: iso(now - propagation) });
    const early = seenBy(now - 1000, waiting({ signsFrom: now + 1000 }));
    expect(codesOf(early)).toEqual(['error NEXT_KEY_TOO_EARLY']);
    // The answer is older than that, and a document knows better.
    expect(seenBy(now - 1000, waiting(), '60').keys[0]).toMatchObject({ knownFrom: 'answer' });
    const ofDocument = seenBy(now - propagation, waiting({ publishedSince: now }));
    expect(ofDocument.keys[0]).toMatchObject({ knownFrom: 'configuration', safe: false });
    // A key that is gone is not there, whoever saw it.
    const gone = nextKeys({
      keys: [waiting()],
      current: [current],
      jwks: [answer([current])],
      figures,
      seenSince: 0,
      now,
    });
    expect(codesOf(gone)).toEqual(['error NEXT_KEY_NOT_VISIBLE']);
  });

  it.each([
    ['max-age', 'public, max-age=7200', 7200],
    ['both, one after the other', 'public, max-age=3600, s-maxage=7200', 10_800],
    ['s-maxage alone', 'public, s-maxage=7200', 7200],
    ['the longest of two', 'public, max-age=864000, max-age=0', 864_000],
    ['a number beyond all caches', 'public, max-age=99999999999', 2 ** 31],
    ['what is served on though stale', 'public, max-age=3600, stale-if-error=3600', 7200],
  ])('a JWKS that is kept for longer than the setting says counts: %s', (_, header, seconds) => {
    const key = waiting({ publishedSince: now - propagation });
    const report = ask(key, answer(both, { 'cache-control': header }));
    expect(codesOf(report)).toEqual(['error NEXT_KEY_TOO_YOUNG', 'warning NEXT_KEY_CACHED_LONGER']);
    expect(report.keys[0]!.safeFrom).toBe(iso(now - propagation + (seconds + 180) * 1000));
  });

  it.each([
    ['with a Date', { date: new Date(now).toUTCString() }],
    ['without', {}],
  ])('so does Expires where there is no max-age: %s', (_, more) => {
    const seconds = 7 * 86_400;
    const headers = {
      'cache-control': 'public',
      expires: new Date(now + seconds * 1000).toUTCString(),
      ...more,
    };
    const report = ask(waiting({ publishedSince: now - propagation }), answer(both, headers));
    expect(report.keys[0]!.safeFrom).toBe(iso(now - propagation + (seconds + 180) * 1000));
  });

  it('one that is kept for a shorter time changes nothing', () => {
    const key = waiting({ publishedSince: now - propagation });
    expect(codesOf(ask(key, answer(both, { 'cache-control': 'no-store' })))).toEqual(['note NEXT_KEY_SAFE']);
  });
});
