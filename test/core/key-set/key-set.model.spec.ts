import { it } from '@jest/globals';
import * as fc from 'fast-check';

import { Fleet, skew, spread } from './fleet.js';
import type { Act, Plan, Step } from './fleet.js';

/** `KEY_SET_RUNS=30000 KEY_SET_SEED=1` tries more. */
const runs = Number(process.env.KEY_SET_RUNS ?? 300);
const seed = process.env.KEY_SET_SEED === undefined ? undefined : Number(process.env.KEY_SET_SEED);

const algorithm = fc.constantFrom<'ES256' | 'EdDSA' | undefined>('ES256', 'EdDSA', undefined);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('rotate' as const),
      algorithm,
      every: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('revoke' as const),
      key: fc.nat(5),
      noRotate: fc.oneof(
        { weight: 6, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.constant(true) },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('retire' as const), key: fc.nat(5) }) },
);

// Two clocks differ by the skew at most.
const clock = fc.integer({ min: -skew / 2, max: skew / 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('act' as const), act, ahead: clock }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('race' as const),
      acts: fc.array(act, { minLength: 2, maxLength: 3 }),
      ahead: fc.array(clock, { minLength: 3, maxLength: 3 }),
      lag: fc.integer({ min: 0, max: 1 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('pass' as const), seconds: fc.integer({ min: 0, max: 320 }) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('restart' as const), replica: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('figures' as const),
      jwksMaxAge: fc.integer({ min: 30, max: 100 }),
      keyRetention: fc.integer({ min: 100, max: 300 }),
    }),
  },
);
const plan: fc.Arbitrary<Plan> = fc.record({
  compareAndSet: fc.boolean(),
  clocks: fc.array(clock, { minLength: 3, maxLength: 3 }),
  // The spread has to include the time from the read of a command to its write.
  polls: fc.array(fc.integer({ min: 5, max: spread - 5 }), { minLength: 3, maxLength: 3 }),
  steps: fc.array(step, { minLength: 1, maxLength: 18 }),
});

it(
  'no history of rotations, revocations, races, restarts, clocks and figures breaks a rule of the key set',
  async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (each) => new Fleet(each).run()),
      { numRuns: runs, ...(seed !== undefined && { seed }) },
    );
  },
  60_000 + runs * 200,
);

/** Each broke a simpler rule. */
const hard: readonly [why: string, steps: readonly Step[], compareAndSet?: boolean][] = [
  [
    'a key that signs again after the next one was revoked, and is the last of its algorithm',
    [
      rotated('ES256'),
      { type: 'pass', seconds: 95 },
      rotated('ES256'),
      revoked(1),
      { type: 'pass', seconds: 130 },
      rotated('EdDSA'),
      { type: 'act', act: { type: 'revoke', key: 2, noRotate: true }, ahead: 0 },
    ],
  ],
  [
    'three who rotate at once, of whom the third writes after the union of the first two',
    [
      {
        type: 'race',
        acts: [rotated('ES256').act, rotated('ES256').act, rotated('ES256').act],
        ahead: [0, 0, 0],
        lag: 0,
      },
    ],
    false,
  ],
  [
    'a rotation and a revocation at once, of which the first has the later instant',
    [
      rotated('EdDSA'),
      { type: 'pass', seconds: 81 },
      { type: 'race', acts: [rotated('ES256').act, revoked(0).act], ahead: [2, 0, 0], lag: 1 },
    ],
    false,
  ],
];

function rotated(name: 'ES256' | 'EdDSA'): Step & { readonly type: 'act' } {
  return { type: 'act', act: { type: 'rotate', algorithm: name, every: undefined }, ahead: 0 };
}

function revoked(key: number): Step & { readonly type: 'act' } {
  return { type: 'act', act: { type: 'revoke', key, noRotate: false }, ahead: 0 };
}

it.each(hard)('not even %s', async (_, steps, compareAndSet = true) => {
  await new Fleet({ compareAndSet, clocks: [0, 0, 0], polls: [5, 5, 5], steps }).run();
});
