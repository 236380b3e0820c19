import { describe, expect, it } from '@jest/globals';

import { OidcKeyError, OidcTokenError } from '../../../lib/core/errors.js';
import { Counts } from '../../../lib/core/usage/counts.js';
import { durationBounds, Histogram } from '../../../lib/core/usage/histogram.js';
import { outcomeOf } from '../../../lib/core/usage/outcome.js';
import { kidOf, mostKids, Usage } from '../../../lib/core/usage/usage.js';
import { KeyStoreError } from '../../../lib/stores/key-store.js';
import { rejectionOf } from '../../support/errors.js';

const keyNamed = (kid: string) => ({ kid, alg: 'ES256' });
const inRing = (...kids: string[]) => kids.map((kid) => ({ key: keyNamed(kid), slot: 'current' }));
const kidsIn = (usage: Usage) => usage.keys().map(({ kid }) => kid);
const constants = [kidOf.unknown, kidOf.none];

describe('the kids that have counts of their own', () => {
  it('are those of the ring and no others, once there is one', () => {
    const usage = new Usage();
    usage.takeOver(inRing('a', 'b'));
    usage.verified(keyNamed('a'));
    usage.takeOver(inRing('b', 'c'));
    expect(kidsIn(usage)).toEqual(['b', 'c', ...constants]);
  });

  it(`are ${mostKids} at most, and what the others do is counted together`, () => {
    const usage = new Usage();
    const kids = Array.from({ length: 1_000 }, (_, index) => `key-${index}`);
    usage.takeOver(inRing(...kids));
    for (const kid of kids) usage.verified(keyNamed(kid));
    expect(kidsIn(usage)).toHaveLength(mostKids + constants.length + 1);
    const others = usage.keys().find(({ kid }) => kid === '_OTHER')!;
    expect(Object.fromEntries(others.verifications)).toMatchObject({ verified: 1_000 - mostKids });
    const first = usage.keys().find(({ kid }) => kid === 'key-0')!;
    expect(Object.fromEntries(first.verifications)).toMatchObject({ verified: 1 });
  });

  it('begin anew where a kid came back with another key', () => {
    const usage = new Usage();
    usage.verified(keyNamed('a'));
    usage.verified({ kid: 'a', alg: 'RS256' });
    const [a] = usage.keys().filter(({ kid }) => kid === 'a');
    expect([a!.algorithm, Object.fromEntries(a!.verifications)]).toEqual(['RS256', { verified: 1 }]);
  });
});

describe('a signature', () => {
  it('waits until it is begun, is under way until it ends, and counts however it ends', async () => {
    const usage = new Usage();
    const key = usage.of(keyNamed('a'));
    let begin!: () => void;
    let end!: (error?: Error) => void;
    const seen = () => [key.view().waiting, key.view().underWay];
    const signing = key.sign((begun) => {
      begin = begun;
      return new Promise((resolve, reject) => {
        end = (error) => (error ? reject(error) : resolve(Buffer.from('')));
      });
    });
    expect(seen()).toEqual([1, 0]);
    begin();
    begin();
    expect(seen()).toEqual([0, 1]);
    end(new OidcKeyError('OIDC_KEY_SIGNER_FAILED', 'It failed.'));
    await rejectionOf(signing);
    expect(seen()).toEqual([0, 0]);
    expect(key.view().signatures).toEqual([['OIDC_KEY_SIGNER_FAILED', 1]]);
    expect([key.view().waits.count, key.view().durations.count]).toEqual([1, 1]);
  });

  it('that never began waits no more when it is given up, and has no wait', async () => {
    const key = new Usage().of(keyNamed('a'));
    await rejectionOf(key.sign(() => Promise.reject(new Error('given up'))));
    const { waiting, underWay, waits, durations } = key.view();
    expect([waiting, underWay, waits.count, durations.count]).toEqual([0, 0, 0, 1]);
  });
});

it('a listener is told of what ends, and runs the work within what it likes, until it is removed', async () => {
  const usage = new Usage();
  const told: string[] = [];
  const end = usage.listeners.add({
    ended: ({ type }, { outcome }) => void told.push(`${type} ${outcome}`),
    within: async (operation, work) => {
      told.push(`begin ${operation.type}`);
      return work();
    },
  });
  const call = { type: 'call', system: 'vault', operation: 'read' } as const;
  await usage.calls.run(call, () => Promise.resolve(1));
  await rejectionOf(usage.calls.run(call, () => Promise.reject(new KeyStoreError('KEY_STORE_SEALED', 'x'))));
  end();
  await usage.calls.run(call, () => Promise.resolve(1));
  expect(told).toEqual(['begin call', 'call ok', 'begin call', 'call KEY_STORE_SEALED']);
  const [calls] = usage.calls.view();
  expect(calls).toMatchObject({
    system: 'vault',
    operation: 'read',
    outcomes: [
      ['ok', 2],
      ['KEY_STORE_SEALED', 1],
    ],
  });
  expect(calls!.durations.count).toBe(3);
});

it.each([
  [new OidcKeyError('OIDC_KEY_MISMATCH', 'x'), 'OIDC_KEY_MISMATCH'],
  [new OidcTokenError('OIDC_TOKEN_EXPIRED', 'x'), 'OIDC_TOKEN_EXPIRED'],
  [new KeyStoreError('KEY_STORE_BUSY', 'x'), 'KEY_STORE_BUSY'],
  [Object.assign(new Error('x'), { code: 'ECONNREFUSED 10.0.0.7' }), 'error'],
  [Object.assign(new Error('x'), { code: 'OIDC_KEY_with a secret' }), 'error'],
  [new DOMException('x', 'TimeoutError'), 'timeout'],
  ['a text', 'error'],
  [undefined, 'error'],
])('of %j is counted %s', (error, outcome) => {
  expect(outcomeOf(error)).toBe(outcome);
});

it('words that are counted are few, whoever thinks of them', () => {
  const counts = new Counts();
  for (let word = 0; word < 500; word++) counts.add(`word ${word}`);
  expect(counts.view()).toHaveLength(41);
  expect(counts.view()).toContainEqual(['_OTHER', 460]);
});

it('a duration is in the first bucket whose bound it does not exceed, and in the last where it exceeds all', () => {
  const histogram = new Histogram();
  for (const seconds of [durationBounds[0]!, durationBounds[0]! + 1e-9, 60, -1]) histogram.add(seconds);
  const { counts, count, sum } = histogram.view();
  expect([counts[0], counts[1], counts.at(-1), count]).toEqual([2, 1, 1, 4]);
  expect(sum).toBeCloseTo(60.0002, 4);
});
