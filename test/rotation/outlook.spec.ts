import { describe, expect, it } from '@jest/globals';

import { nextChangeAfter, nextChangesAfter } from '../../lib/core/key-set/lifeline.js';
import { warningsAbout } from '../../lib/core/key-set/small-distances.js';
import { stateAt } from '../../lib/core/key-set/state-at.js';
import type { Derivation } from '../../lib/core/key-set/state-at.js';
import { Outlook } from '../../lib/rotation/outlook.js';
import { epoch, figures, setOf } from '../support/key-sets.js';

// Propagation is 100 seconds; "b" is to sign after 60.
const set = setOf(
  { kid: 'a', iat: 0, nbf: 0, exp: 2130 },
  { kid: 'b', iat: 1000, nbf: 1060, exp: 3130 },
  { kid: 'c', iat: 2000, nbf: 2100 },
);
const derivation: Derivation = { set, figures };
const outlookAt = (seconds: number, servedSince = seconds) =>
  new Outlook(derivation, stateAt(derivation, epoch + servedSince), epoch + servedSince, epoch + seconds);
const read = ({ warnings, nextChange, changes }: Outlook) => ({
  warnings,
  nextChange,
  changes: [...changes],
});

describe('what comes for a key set', () => {
  it('is the same at every second for which it holds, as if it were reckoned then', () => {
    let outlook = outlookAt(0);
    let times = 1;
    for (let second = 0; second <= 3200; second += 1) {
      if (!outlook.holdsAt(epoch + second)) {
        outlook = outlookAt(second);
        times += 1;
      }
      const now = epoch + second;
      expect(read(outlook)).toEqual({
        warnings: warningsAbout(derivation, stateAt(derivation, now), now),
        nextChange: nextChangeAfter(derivation, now),
        changes: [...nextChangesAfter(derivation, now)],
      });
    }
    // The instants of the document: 100, 1000, 1060, 1100, 2000, 2100, 2130, and 3130 twice.
    expect(times).toBe(9);
  });

  it('tells of what was due since the keys that are served were worked out', () => {
    expect(outlookAt(1050).nextChange).toBe(epoch + 1100);
    expect(outlookAt(1150, 1050).nextChange).toBe(epoch + 1100);
  });

  it('does not hold before its own instant', () => {
    expect(outlookAt(1050).holdsAt(epoch + 1049)).toBe(false);
  });
});
