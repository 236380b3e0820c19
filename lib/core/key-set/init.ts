import type { SigningAlgorithm } from '../algorithms.js';
import type { CommandContext } from './add-key.js';
import { KeySet } from './key-set.js';
import { keyOfSetFrom } from './new-key.js';
import { refused } from './outcome.js';
import type { Outcome } from './outcome.js';
import { sentencesAbout } from './sentences.js';

/** Makes the first key of an issuer, which signs at once. */
export async function init(
  set: KeySet | undefined,
  { t, figures, make }: CommandContext,
  alg: SigningAlgorithm = 'RS256',
): Promise<Outcome> {
  if (set) {
    return refused(
      'KEY_SET_EXISTS',
      'There are keys already, and they are left as they are: without them every token is invalid. `rotate` adds a key.',
    );
  }
  const keySet = new KeySet([keyOfSetFrom(await make(alg), alg, { iat: t, nbf: t })]);
  return { type: 'write', keySet, sentences: sentencesAbout(keySet, t, figures) };
}
