import { describe, expect, it } from '@jest/globals';

import { OidcKeyError, OidcTokenError } from '../../../lib/core/errors.js';
import { Counts } from '../../../lib/core/usage/counts.js';
import { durationBounds, Histogram } from '../../../lib/core/usage/histogram.js';
import { outcomeOf } from '../../../lib/core/usage/outcome.js';
import type { UsageListener } from '../../../lib/core/usage/usage-listener.js';
import { kidOf, mostKids, Usage } from '../../../lib/core/usage/usage.js';
import { KeyStoreError } from '../../../lib/stores/key-store.js';
import type { KeyStoreErrorCode } from '../../../lib/stores/key-store.js';
import { countedStore } from '../../../lib/stores/counted-store.js';
import { rejectionOf } from '../../support/errors.js';
import { FailingStore } from '../../support/measured-application.js';

const keyNamed = (kid: string) => ({ kid, alg: 'ES256' });
const inRing = (...kids: string[]) => kids.map((kid) => ({ key: keyNamed(kid), slot: 'current' }));
/** What is counted of a key that is the only one. */
const usageOfA = () => {
  const usage = new Usage();
  usage.takeOver(inRing('a'));
  return usage.of(keyNamed('a'));
};
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
    usage.takeOver(inRing('a'));
    usage.verified(keyNamed('a'));
    const another = { kid: 'a', alg: 'RS256' };
    usage.takeOver([{ key: another, slot: 'previous' }]);
    usage.verified(another);
    const [a] = usage.keys().filter(({ kid }) => kid === 'a');
    expect([a!.algorithm, Object.fromEntries(a!.verifications)]).toMatchObject(['RS256', { verified: 1 }]);
  });

  it('have none again that has left the ring, whatever of it ends later', async () => {
    const usage = new Usage();
    usage.takeOver(inRing('stolen', 'a'));
    let end!: (signature: Buffer) => void;
    const signing = usage.of(keyNamed('stolen')).sign(() => new Promise((resolve) => (end = resolve)));
    usage.takeOver(inRing('a'));
    usage.verified(keyNamed('stolen'));
    usage.refused(keyNamed('stolen'), new OidcTokenError('OIDC_TOKEN_EXPIRED', 'x'));
    await usage.of(keyNamed('stolen')).sign(() => Promise.resolve(Buffer.from('')));
    end(Buffer.from(''));
    await signing;
    expect(kidsIn(usage)).toEqual(['a', ...constants, '_OTHER']);
    const others = usage.keys().find(({ kid }) => kid === '_OTHER')!;
    expect(Object.fromEntries(others.verifications)).toEqual({ verified: 1, OIDC_TOKEN_EXPIRED: 1 });
  });

  it('go to the first of a ring, though others had them before', () => {
    const usage = new Usage();
    const old = Array.from({ length: mostKids }, (_, index) => `old-${index}`);
    usage.takeOver(inRing(...old));
    usage.takeOver(inRing('new', ...old));
    expect(kidsIn(usage).slice(0, mostKids)).toEqual(['new', ...old.slice(0, -1)]);
  });

  it.each([...Object.values(kidOf), '_OTHER'])(
    'are not those of a key that is called %s, like what is of no key',
    (kid) => {
      const usage = new Usage();
      usage.takeOver(inRing(kid, 'a'));
      usage.verified(keyNamed(kid));
      usage.ofNoKey('legacy');
      const kids = kidsIn(usage);
      expect(kids).toHaveLength(new Set(kids).size);
      const others = usage.keys().find((each) => each.kid === '_OTHER')!;
      expect(Object.fromEntries(others.verifications)).toMatchObject({ verified: 1 });
    },
  );
});

describe('a signature', () => {
  it('waits until it is begun, is under way until it ends, and counts however it ends', async () => {
    const key = usageOfA();
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
    expect(Object.fromEntries(key.view().signatures)).toEqual({ signed: 0, OIDC_KEY_SIGNER_FAILED: 1 });
    expect([key.view().waits.count, key.view().durations.count]).toEqual([1, 1]);
  });

  it('that never began waits no more when it is given up, and has no wait and no duration', async () => {
    const key = usageOfA();
    await rejectionOf(key.sign(() => Promise.reject(new Error('given up'))));
    const { waiting, underWay, waits, durations } = key.view();
    expect([waiting, underWay, waits.count, durations.count]).toEqual([0, 0, 0, 0]);
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

const failing = (): never => {
  throw new Error('The listener failed.');
};
const failingLater = () => Promise.reject(new Error('The listener failed.'));

describe.each<[string, UsageListener]>([
  ['throws before the work', { within: failing }],
  ['rejects before the work', { within: failingLater }],
  ['throws once the work is begun', { within: (_, work) => [void work(), failing()][1]! }],
  ['rejects after the work', { within: (_, work) => work().finally(failing) }],
  ['never ends', { within: (_, work) => [void work(), new Promise<never>(() => undefined)][1]! }],
  ['throws when it is told', { ended: failing }],
])('a listener that %s', (_, listener) => {
  it('changes neither a signature nor a call, and each is made once', async () => {
    const usage = new Usage();
    usage.takeOver(inRing('a'));
    const told: string[] = [];
    usage.listeners.add(listener);
    usage.listeners.add({ ended: ({ type }, { outcome }) => void told.push(`${type} ${outcome}`) });
    const key = usage.of(keyNamed('a'));
    let made = 0;
    const sign = (outcome: () => Promise<Buffer>) =>
      key.sign((begun) => {
        begun();
        made += 1;
        return outcome();
      });
    const signature = Buffer.from('signature');
    expect(await sign(() => Promise.resolve(signature))).toBe(signature);
    expect(await rejectionOf(sign(() => Promise.reject(new TypeError('The signer failed.'))))).toMatchObject({
      message: 'The signer failed.',
    });
    const brokenSigner = () => {
      throw new TypeError('The signer is broken.');
    };
    expect(await rejectionOf(sign(brokenSigner))).toMatchObject({ message: 'The signer is broken.' });
    expect(made).toBe(3);
    const call = { type: 'call', system: 'vault', operation: 'read' } as const;
    expect(await usage.calls.run(call, () => Promise.resolve(7))).toBe(7);
    expect(told).toEqual(['sign signed', 'sign error', 'sign error', 'call ok']);
    expect([key.view().waiting, key.view().underWay, key.view().durations.count]).toEqual([0, 0, 3]);
  });
});

it('a write that lost to another writer is counted as a conflict', async () => {
  const usage = new Usage();
  const store = new FailingStore();
  store.write = (text) => Promise.resolve(text === 'first');
  const counted = countedStore(store, 'vault', usage.calls);
  expect([await counted.write('first', '1'), await counted.write('second', '1')]).toEqual([true, false]);
  expect(usage.calls.view()[0]!.outcomes).toEqual([
    ['ok', 1],
    ['conflict', 1],
  ]);
});

it.each([
  [new OidcKeyError('OIDC_KEY_MISMATCH', 'x'), 'OIDC_KEY_MISMATCH'],
  [new OidcTokenError('OIDC_TOKEN_EXPIRED', 'x'), 'OIDC_TOKEN_EXPIRED'],
  [new KeyStoreError('KEY_STORE_BUSY', 'x'), 'KEY_STORE_BUSY'],
  [Object.assign(new Error('x'), { code: 'ECONNREFUSED 10.0.0.7' }), 'error'],
  [Object.assign(new Error('x'), { code: 'OIDC_KEY_with a secret' }), 'error'],
  [Object.assign(new Error('x'), { code: 'OIDC_KEY_HUNTER2' }), 'error'],
  [Object.assign(new Error('x'), { code: 'toString' }), 'error'],
  [new DOMException('x', 'TimeoutError'), 'timeout'],
  ['a text', 'error'],
  [undefined, 'error'],
])('of %j is counted %s', (error, outcome) => {
  expect(outcomeOf(error)).toBe(outcome);
});

const codesOfStores: Record<KeyStoreErrorCode, true> = {
  KEY_STORE_NOT_READ: true,
  KEY_STORE_NOT_WRITTEN: true,
  KEY_STORE_READ_ONLY: true,
  KEY_STORE_MOUNTED_FILE: true,
  KEY_STORE_BUSY: true,
  KEY_STORE_UNREACHABLE: true,
  KEY_STORE_THROTTLED: true,
  KEY_STORE_SEALED: true,
  KEY_STORE_UNAUTHENTICATED: true,
  KEY_STORE_FORBIDDEN: true,
  KEY_STORE_MISCONFIGURED: true,
  KEY_STORE_PACKAGE_MISSING: true,
  KEY_STORE_TOO_LARGE: true,
  KEY_STORE_KEY_UNUSABLE: true,
};
it.each(Object.keys(codesOfStores) as KeyStoreErrorCode[])('of a store is counted %s', (code) => {
  expect(outcomeOf(new KeyStoreError(code, 'x'))).toBe(code);
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
