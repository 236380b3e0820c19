import { describe, expect, it } from '@jest/globals';

import { Announcements } from '../../lib/rotation/announcements.js';
import type { Change } from '../../lib/rotation/rotation-event.js';
import type { RotationView } from '../../lib/rotation/rotation-view.js';

const nothing = {
  waiting: [],
  retained: [],
  trusted: [],
  renamed: [],
  skipped: [],
  unknownRevocations: [],
} as unknown as RotationView;

function warningsOf(changes: readonly Change[], isReload: boolean): readonly string[] {
  const warnings: string[] = [];
  const log = {
    log: () => undefined,
    error: () => undefined,
    warn: (message: string) => warnings.push(message),
  };
  new Announcements(log).changes(changes, nothing, { wall: 0, monotonic: 0 }, isReload);
  return warnings;
}

describe('a key that signs in place of one that is gone', () => {
  const published: Change = { type: 'published', kid: 'new', algorithm: 'ES256', slot: 'current' };
  const promoted: Change = { type: 'promoted', kid: 'new', algorithm: 'ES256', replaced: 'old' };

  it('is warned of where a reload took the old one away', () => {
    expect(warningsOf([published, promoted, { type: 'retired', kid: 'old' }], true)).toEqual([
      expect.stringMatching(
        /^ES256 key new signs at once, since old, .* is gone .*bring the other one back$/,
      ),
    ]);
  });

  it.each<[string, Change[], boolean]>([
    ['of a rotation, which keeps the old one', [promoted], true],
    ['of a revocation', [published, promoted, { type: 'revoked', kid: 'old' }], true],
    ['where the clock brings it', [published, promoted, { type: 'retired', kid: 'old' }], false],
  ])('not %s', (_, changes, isReload) => {
    expect(warningsOf(changes, isReload)).toEqual([]);
  });
});
