import { algorithmNamed } from '../algorithms.js';
import type { Algorithm, SigningAlgorithm } from '../algorithms.js';
import { nameIn, withNext } from './add-key.js';
import type { CommandContext } from './add-key.js';
import { completed, withoutThePast } from './complete.js';
import { utc } from './instants.js';
import { isKeySet } from './key-set-document.js';
import type { KeyOfSet } from './key-of-set.js';
import type { KeySet } from './key-set.js';
import { nameOf } from './naming.js';
import { refused } from './outcome.js';
import type { Outcome } from './outcome.js';
import { retiredKeyOf } from './retired.js';
import { sentencesAbout } from './sentences.js';
import { stateAt } from './state-at.js';

/** What is to be rotated. */
export interface RotateOptions {
  /** Default: every algorithm of the set. The first key of a further algorithm is made by naming it. */
  readonly algorithm?: SigningAlgorithm | undefined;
  /** How old the newest key of an algorithm has to be, in seconds; it counts from its `iat`. Default: no matter. */
  readonly every?: number | undefined;
}

/** Adds a next key, which signs after propagation, for every algorithm that is due. */
export async function rotate(
  set: KeySet | undefined,
  context: CommandContext,
  options: RotateOptions = {},
): Promise<Outcome> {
  if (!set) {
    return refused(
      'KEY_SET_MISSING',
      'There are no keys yet. `npx nestjs-oidc-key init` makes the first one.',
    );
  }
  const { t, figures, make } = context;
  const asked = algorithmsToRotate(set, options, context);
  const waiting = asked.flatMap((algorithm) => waitingKeyOf(set, algorithm, t) ?? []);
  const due = asked.filter(
    (algorithm) =>
      !waiting.some((key) => key.algorithm === algorithm) && isDue(set, algorithm, options.every, t),
  );
  if (due.length === 0) {
    if (options.every === undefined && waiting.length > 0) return refusedSinceWaiting(waiting, set, context);
    if (options.every === undefined) return refused('KEY_SET_MISSING', nothingToRotate);
    return tidyOrNothing(set, context);
  }
  let whole = withoutThePast(set, t, figures);
  for (const algorithm of due) {
    const alg = wantedName(options, set, algorithm);
    whole = withNext(whole, await make(alg), alg, t, figures);
  }
  const keySet = completed(whole, t, figures);
  const sentences = [...sentencesAboutPlain(set), ...sentencesAbout(keySet, t, figures)];
  return { type: 'write', keySet, sentences };
}

/** Takes away what is over, and is for `rotate --every` where nothing is due. */
export function tidy(set: KeySet | undefined, context: Pick<CommandContext, 't' | 'figures'>): Outcome {
  if (!set) return { type: 'nothing due', sentences: [] };
  return tidyOrNothing(set, context);
}

const nothingToRotate =
  'Every algorithm of the set was retired. `rotate --algorithm NAME` makes the first key of an algorithm.';

function tidyOrNothing(set: KeySet, { t, figures }: Pick<CommandContext, 't' | 'figures'>): Outcome {
  // What was never a key set does not become one by itself.
  const keySet = isKeySet(set.toDocument()) ? completed(set, t, figures) : set;
  const sentences = sentencesAbout(keySet, t, figures);
  return keySet === set ? { type: 'nothing due', sentences } : { type: 'write', keySet, sentences };
}

/** An algorithm that was retired is taken up again by name alone. */
function algorithmsToRotate(
  set: KeySet,
  { algorithm }: RotateOptions,
  { figures }: CommandContext,
): readonly Algorithm[] {
  if (algorithm !== undefined) return [algorithmNamed(algorithm)!];
  return set.algorithms.filter((each) => !retiredKeyOf(set, each, figures));
}

/** The unrevoked key of an algorithm that is to sign later. */
export function waitingKeyOf(set: KeySet, algorithm: Algorithm, t: number): KeyOfSet | undefined {
  return set.unrevokedOf(algorithm).findLast(({ nbf = -Infinity }) => nbf > t);
}

function isDue(set: KeySet, algorithm: Algorithm, every: number | undefined, t: number): boolean {
  if (every === undefined) return true;
  const keys = set.unrevokedOf(algorithm);
  const isYoung = ({ iat = -Infinity }: KeyOfSet) => t - iat < every;
  return !keys.some(isYoung) || !keys.some(({ canSign }) => canSign);
}

function wantedName(
  { algorithm: wanted }: RotateOptions,
  set: KeySet,
  algorithm: Algorithm,
): SigningAlgorithm {
  return wanted ?? nameIn(set, algorithm);
}

function refusedSinceWaiting(
  waiting: readonly KeyOfSet[],
  set: KeySet,
  { t, figures }: CommandContext,
): Outcome {
  const signing = new Set(stateAt({ set, figures }, t).signing.values());
  const sentences = waiting.map((key) =>
    signing.has(key)
      ? `${nameOf(key)} ${signsEarly(key)} Rotate again after that.`
      : `${nameOf(key)} waits and signs from ${utc(key.nbf!)}. Rotate again after that, or revoke it if it must not sign.`,
  );
  return refused('KEY_WAITS', sentences.join(' '));
}

/** What is so of a key that was to wait, and signs in place of one that was revoked. */
export function signsEarly({ nbf }: KeyOfSet): string {
  return `signs already, since the key before it was revoked, and relying parties are sure to know it from ${utc(nbf!)}.`;
}

/** What it means that a plain key was written as a key set. */
export function sentencesAboutPlain(set: KeySet): readonly string[] {
  if (isKeySet(set.toDocument())) return [];
  return [
    'The plain key becomes a key set: what reads this value and expects a PEM or a JWK, other than nestjs-oidc-key, no longer can.',
  ];
}
