import { describe, expect, it } from '@jest/globals';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import type { SigningAlgorithm } from '../../../lib/core/algorithms.js';
import { inOrder, withoutRevoked } from '../../../lib/core/ring/life.js';
import type { Life, Slot } from '../../../lib/core/ring/life.js';
import { makeKeyFor } from '../../support/algorithm-keys.js';
import { signingKeyNow } from '../../support/loaded.js';

function life(slot: Slot, kid: string, algorithm: SigningAlgorithm = 'EdDSA', signsFrom?: number): Life {
  const keyObject = makeKeyFor(algorithmNamed(algorithm)!);
  return { ...signingKeyNow({ keyObject, kid, algorithm, where: kid }), slot, signsFrom };
}

const revoking =
  (...kids: string[]) =>
  ({ kid }: { kid: string }) =>
    kids.includes(kid);
const seen = (lives: readonly Life[]) => lives.map(({ slot, key }) => `${slot} ${key.kid}`);

const lives = [
  life('previous', 'p'),
  life('next', 'n1', 'EdDSA', 5_000),
  life('next', 'n2', 'EdDSA', 5_000),
  life('next', 'e2', 'ES256'),
  life('current', 'c'),
  life('current', 'e1', 'ES256'),
];
const left = (nextStandsIn: boolean, ...kids: string[]) =>
  withoutRevoked({ lives, nextStandsIn }, revoking(...kids));

describe('what is left of lives without the keys that are revoked', () => {
  it.each([
    ['nothing revoked', [], ['current c', 'current e1', 'next n1', 'next n2', 'next e2', 'previous p']],
    ['a previous key', ['p'], ['current c', 'current e1', 'next n1', 'next n2', 'next e2']],
    ['a next key', ['n1'], ['current c', 'current e1', 'next n2', 'next e2', 'previous p']],
    [
      'a current key, and the first next one of its algorithm stands in',
      ['c'],
      ['current n1', 'current e1', 'next n2', 'next e2', 'previous p'],
    ],
    [
      'a current key and the first next one',
      ['c', 'n1'],
      ['current n2', 'current e1', 'next e2', 'previous p'],
    ],
    [
      'a current key of another algorithm',
      ['e1'],
      ['current e2', 'current c', 'next n1', 'next n2', 'previous p'],
    ],
    ['both current keys', ['c', 'e1'], ['current n1', 'current e2', 'next n2', 'previous p']],
    ['all that could sign for an algorithm', ['c', 'n1', 'n2'], ['current e1', 'next e2', 'previous p']],
    ['everything', ['c', 'e1', 'n1', 'n2', 'e2', 'p'], []],
  ])('%s', (_, kids, expected) => {
    expect(seen(left(false, ...kids)).toSorted()).toEqual(expected.toSorted());
  });

  it('stands in order: current, next, previous', () => {
    expect(left(false, 'c').map(({ slot }) => slot)).toEqual([
      'current',
      'current',
      'next',
      'next',
      'previous',
    ]);
    expect(seen(inOrder(lives))).toEqual([
      'current c',
      'current e1',
      'next n1',
      'next n2',
      'next e2',
      'previous p',
    ]);
  });

  it('takes the schedule from the key that stands in, and from no other', () => {
    const instants = new Map(left(false, 'c').map(({ key, signsFrom }) => [key.kid, signsFrom]));
    expect([instants.get('n1'), instants.get('n2')]).toEqual([undefined, 5_000]);
  });

  it('has one key of each algorithm stand in where the current keys are gone and a revocation says why', () => {
    const withoutCurrent = lives.filter(({ slot }) => slot !== 'current');
    const standingIn = withoutRevoked({ lives: withoutCurrent, nextStandsIn: true }, revoking());
    expect(seen(standingIn)).toEqual(['current n1', 'current e2', 'next n2', 'previous p']);
    const waiting = withoutRevoked({ lives: inOrder(withoutCurrent), nextStandsIn: false }, revoking());
    expect(seen(waiting)).toEqual(['next n1', 'next n2', 'next e2', 'previous p']);
  });

  it('does not change what it was made of', () => {
    const before = seen(lives);
    left(true, 'c', 'e1');
    expect(seen(lives)).toEqual(before);
    expect(lives[1]!.signsFrom).toBe(5_000);
  });
});
