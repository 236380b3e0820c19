import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { differences } from './differences.js';
import { tokenRecipes } from './token-recipes.js';
import { compared } from './verdicts.js';

/** For a busy machine; a case that never ends is still found. */
const patience = 120_000;

describe('what we make of a token and what jose does (`npm run fuzz:tokens` compares a million)', () => {
  const outcomes = new Set<string>();

  it(
    'we accept nothing that jose refuses, and where we are stricter it is known why',
    async () => {
      await fc.assert(
        fc.asyncProperty(tokenRecipes, async (recipe) => {
          const finding = await compared(recipe);
          expect(finding).toEqual({ outcome: expect.any(String) });
          if ('outcome' in finding) outcomes.add(finding.outcome);
        }),
        { numRuns: 4_000 },
      );
    },
    patience,
  );

  it('and the cases reached acceptance, refusal and each of these reasons', () => {
    const kinds = differences.map(({ kind }) => `stricter: ${kind}`);
    expect(outcomes).toEqual(new Set(['accepted', 'refused', ...kinds]));
  });
});
