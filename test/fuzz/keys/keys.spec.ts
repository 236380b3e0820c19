import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { acceptedForms } from './accepted-forms.js';
import { keyCases } from './key-cases.js';
import type { KeyCase } from './key-case.js';
import { defectOf, outcomeNowOf, outcomeOf, slotsOf, verdictOf } from './outcome.js';

/** For a busy machine; a case that never ends is still found. */
const patience = 120_000;

async function check(keyCase: KeyCase): Promise<void> {
  const outcome = await outcomeOf(slotsOf(keyCase));
  expect(await defectOf(keyCase, outcome)).toBeUndefined();
  expect(verdictOf(outcomeNowOf(slotsOf(keyCase)))).toBe(verdictOf(outcome));
}

describe('properties of keys (`npm run fuzz:keys` tries a hundred thousand)', () => {
  it(
    'an accepted form, however mangled, is the key with the same kid',
    async () => {
      await fc.assert(fc.asyncProperty(acceptedForms, check), { numRuns: 500 });
    },
    patience,
  );

  it(
    'anything else ends in keys that sign, or in a coded error that repeats nothing',
    async () => {
      await fc.assert(fc.asyncProperty(keyCases, check), { numRuns: 2_000 });
    },
    patience,
  );
});
