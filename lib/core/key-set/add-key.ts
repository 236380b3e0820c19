import type { Algorithm, SigningAlgorithm } from '../algorithms.js';
import { propagationOf } from './figures.js';
import type { Figures } from './figures.js';
import type { KeySet } from './key-set.js';
import { keyOfSetFrom } from './new-key.js';
import type { MadeKey, MakeKey } from './new-key.js';
import { stateAt } from './state-at.js';

/** What every command is given: an instant in seconds since 1970, taken after the read, and the figures of the servers. */
export interface CommandContext {
  readonly t: number;
  readonly figures: Figures;
  readonly make: MakeKey;
}

/** The name of an algorithm that its newest key has, so that a rotation does not change it. */
export function nameIn(set: KeySet, algorithm: Algorithm): SigningAlgorithm {
  return set.of(algorithm).at(-1)?.alg ?? algorithm.names[0];
}

/** The set with a key that signs when relying parties know it. */
export function withNext(
  set: KeySet,
  made: MadeKey,
  alg: SigningAlgorithm,
  t: number,
  figures: Figures,
): KeySet {
  const life = { iat: t, nbf: t + propagationOf(figures) };
  const key = keyOfSetFrom(made, alg, life);
  const newest = set.unrevokedOf(key.algorithm).at(-1)?.order ?? -Infinity;
  // Clocks differ: it has to be the newest all the same.
  return set.and(newest < life.nbf ? key : key.with({ nbf: newest + 1 }));
}

/** The set with a key that signs at once, for an algorithm that nothing signs. */
function withReplacement(set: KeySet, made: MadeKey, alg: SigningAlgorithm, t: number): KeySet {
  const key = keyOfSetFrom(made, alg, { iat: t });
  const others = set.unrevokedOf(key.algorithm);
  let iat = others.reduce(
    (latest, { canSign, order }) => (canSign ? latest : Math.max(latest, order + 1)),
    t,
  );
  while (others.some(({ order }) => order === iat)) iat++;
  return set.and(key.with({ iat }));
}

/** The set with a key for each of these algorithms that nothing would sign. */
export async function withSigners(
  set: KeySet,
  needed: readonly Algorithm[],
  { t, figures, make }: CommandContext,
): Promise<KeySet> {
  let whole = set;
  for (const algorithm of needed) {
    if (stateAt({ set: whole, figures }, t).signing.has(algorithm)) continue;
    const alg = nameIn(set, algorithm);
    whole = withReplacement(whole, await make(alg), alg, t);
  }
  return whole;
}
