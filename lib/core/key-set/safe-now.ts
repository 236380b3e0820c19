import type { Algorithm } from '../algorithms.js';
import type { Figures } from './figures.js';
import { utc } from './instants.js';
import type { KeyOfSet } from './key-of-set.js';
import type { KeySet } from './key-set.js';
import { nameOf, printable } from './naming.js';
import { retire } from './retire.js';
import { waitingKeyOf } from './rotate.js';
import { stateAt } from './state-at.js';

/** Whether a command would do no harm now, and why. */
export interface Advice {
  readonly command: string;
  readonly isSafe: boolean;
  readonly why: string;
}

/** What is safe now and what is not, for each algorithm and for every key that signs. */
export function adviceFor(set: KeySet, t: number, figures: Figures): readonly Advice[] {
  const { signing, successors } = stateAt({ set, figures }, t);
  return set.algorithms.flatMap((algorithm) => {
    const key = signing.get(algorithm);
    return [
      rotationOf(set, algorithm, t, key),
      ...(key ? [revocationOf(key, set, t, figures, successors), retirementOf(key, set, t, figures)] : []),
    ];
  });
}

function rotationOf(set: KeySet, algorithm: Algorithm, t: number, signs: KeyOfSet | undefined): Advice {
  const command = `rotate --algorithm ${set.of(algorithm).at(-1)!.alg}`;
  const waiting = waitingKeyOf(set, algorithm, t);
  if (waiting && waiting === signs) {
    const why = `the key that signs is new to relying parties, until ${utc(waiting.nbf!)}`;
    return { command, isSafe: false, why };
  }
  return waiting
    ? { command, isSafe: false, why: `a key waits already, until ${utc(waiting.nbf!)}` }
    : { command, isSafe: true, why: 'no key waits; the one that signs goes on until the new one is known' };
}

/** What a revocation costs beside the tokens of the key. */
function revocationOf(
  key: KeyOfSet,
  set: KeySet,
  t: number,
  figures: Figures,
  successors: ReadonlyMap<KeyOfSet, KeyOfSet>,
): Advice {
  const left = set.changed((each) => (each === key ? undefined : each));
  const next = stateAt({ set: left, figures }, t).signing.get(key.algorithm) ?? successors.get(key);
  return {
    command: `revoke ${printable(key.kid)}`,
    isSafe: false,
    why: `it is for a stolen key: every token of it is refused at once, and ${next?.canSign ? `key ${printable(next.kid)}` : 'a new key'} signs in its place`,
  };
}

function retirementOf(key: KeyOfSet, set: KeySet, t: number, figures: Figures): Advice {
  const outcome = retire(set, key.kid, { t, figures });
  return {
    command: `retire ${printable(key.kid)}`,
    isSafe: outcome.type === 'write',
    why:
      outcome.type === 'refused'
        ? outcome.sentence.replace(`${nameOf(key)} `, 'it ')
        : 'the algorithm is given up: nothing signs with it any more, and its tokens stay good',
  };
}
