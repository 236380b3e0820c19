import { completed } from '../core/key-set/complete.js';
import type { Figures } from '../core/key-set/figures.js';
import { isKeySet } from '../core/key-set/key-set-document.js';
import { KeySet } from '../core/key-set/key-set.js';
import { refused } from '../core/key-set/outcome.js';
import type { Outcome } from '../core/key-set/outcome.js';
import { sentencesAbout } from '../core/key-set/sentences.js';
import { stateAt } from '../core/key-set/state-at.js';
import { OidcKeyError } from '../core/errors.js';

/**
 * Puts keys that exist into a store where there are none, under their kids. A plain key signs from now on as it did
 * before, and its age counts from now.
 *
 * @throws OidcKeyError `OIDC_KEY_NONE_TO_SIGN`
 */
export function takeOver(
  set: KeySet | undefined,
  given: KeySet,
  { t, figures }: { readonly t: number; readonly figures: Figures },
): Outcome {
  if (set) {
    return refused(
      'KEY_SET_EXISTS',
      'There are keys already, and they are left as they are: without them every token is invalid.',
    );
  }
  const isPlain = !isKeySet(given.toDocument());
  const keySet = completed(
    isPlain ? given.changed((key) => key.with({ iat: t, nbf: t })) : given,
    t,
    figures,
  );
  if (stateAt({ set: keySet, figures }, t).signing.size === 0) {
    throw new OidcKeyError(
      'OIDC_KEY_NONE_TO_SIGN',
      'None of these keys can sign: their private halves are not in the file.',
    );
  }
  return { type: 'write', keySet, sentences: sentencesAbout(keySet, t, figures) };
}
