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
      lag: fc.integer({ min: 0, max: 3 }),
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
  polls: fc.array(fc.integer({ min: 5, max: spread }), { minLength: 3, maxLength: 3 }),
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
