import type { CommandContext } from './add-key.js';
import { completed, withoutThePast } from './complete.js';
import { afterlifeOf } from './figures.js';
import { utc } from './instants.js';
import type { KeySet } from './key-set.js';
import { nameOf } from './naming.js';
import { refused } from './outcome.js';
import type { Outcome } from './outcome.js';
import { refusedSinceUnknown } from './revoke.js';
import { signsEarly } from './rotate.js';
import { sentencesAbout } from './sentences.js';
import { stateAt } from './state-at.js';

/** Gives up an algorithm: its only key signs no more, and goes when its last token has expired. */
export function retire(
  set: KeySet | undefined,
  name: string,
  { t, figures }: Pick<CommandContext, 't' | 'figures'>,
): Outcome {
  const key = set?.named(name);
  if (!set || !key) return refusedSinceUnknown();
  const { algorithm, nbf = -Infinity } = key;
  const refuse = (why: string) => refused('KEY_NEEDED', `${nameOf(key)} ${why}`);
  if (key.revoked) return refuse('is revoked already.');
  if (!key.canSign) return refuse('signs no more, and goes by itself when its time is over.');
  const { signing } = stateAt({ set, figures }, t);
  if (nbf > t && signing.get(algorithm) === key) {
    return refuse(
      `${signsEarly(key)} Retire it after that; \`revoke\` takes it away at once if it must not sign.`,
    );
  }
  if (nbf > t) {
    return refuse(`waits, and signs from ${utc(nbf)}. \`revoke\` takes it away if it must not sign.`);
  }
  const able = set.unrevokedOf(algorithm).filter(({ canSign }) => canSign);
  if (able.length > 1) {
    return refuse(
      'is not the only one of its algorithm that can sign. `rotate` replaces keys; the old one goes by itself.',
    );
  }
  if (![...signing.keys()].some((each) => each !== algorithm)) {
    return refuse('is the only one that signs. `rotate --algorithm NAME` adds another algorithm first.');
  }
  const retired = withoutThePast(set, t, figures).changed((each) =>
    each === key ? key.withoutSigner().with({ exp: t + afterlifeOf(figures) }) : each,
  );
  const keySet = completed(retired, t, figures);
  return { type: 'write', keySet, sentences: sentencesAbout(keySet, t, figures) };
}
