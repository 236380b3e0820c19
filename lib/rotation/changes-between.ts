import type { IsRevoked, KeyInSlot } from '../core/ring/life.js';
import type { Change } from './rotation-event.js';

/** What happened to the keys from one moment to the next. */
export function changesBetween(
  before: readonly KeyInSlot[],
  after: readonly KeyInSlot[],
  isRevoked: IsRevoked,
): readonly Change[] {
  const kidsBefore = new Set(before.map(({ key }) => key.kid));
  const kidsAfter = new Set(after.map(({ key }) => key.kid));
  const gone = before.filter(({ key }) => !kidsAfter.has(key.kid)).map(({ key }) => key);
  return [
    ...after
      .filter(({ key }) => !kidsBefore.has(key.kid))
      .map(({ key: { kid, alg }, slot }): Change => ({ type: 'published', kid, algorithm: alg, slot })),
    ...gone.filter(isRevoked).map(({ kid }): Change => ({ type: 'revoked', kid })),
    ...promotionsBetween(before, after),
    ...gone.filter((key) => !isRevoked(key)).map(({ kid }): Change => ({ type: 'retired', kid })),
  ];
}

/** A key that signs in place of one that is gone at the same moment. */
export interface Replacement {
  readonly algorithm: string;
  readonly kid: string;
  readonly replaced: string;
}

/** What no rotation does: it publishes a key before it signs, and the one before for as long as its tokens last. */
export function replacementsIn(changes: readonly Change[]): readonly Replacement[] {
  const retired = new Set(changes.flatMap((change) => (change.type === 'retired' ? change.kid : [])));
  return changes.flatMap((change) => {
    if (change.type !== 'promoted' || change.replaced === undefined) return [];
    const { algorithm, kid, replaced } = change;
    return retired.has(replaced) ? [{ algorithm, kid, replaced }] : [];
  });
}

function promotionsBetween(before: readonly KeyInSlot[], after: readonly KeyInSlot[]): readonly Change[] {
  return after.flatMap(({ key, slot }) => {
    if (slot !== 'current') return [];
    const replaced = before.find((other) => other.slot === 'current' && other.key.algorithm === key.algorithm)
      ?.key.kid;
    return replaced === key.kid ? [] : [{ type: 'promoted', kid: key.kid, algorithm: key.alg, replaced }];
  });
}
