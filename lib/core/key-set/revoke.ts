import { withSigners } from './add-key.js';
import type { CommandContext } from './add-key.js';
import { completed, withoutThePast } from './complete.js';
import { utc } from './instants.js';
import type { KeyOfSet } from './key-of-set.js';
import type { KeySet } from './key-set.js';
import { nameOf } from './naming.js';
import { refused } from './outcome.js';
import type { Outcome } from './outcome.js';
import { sentencesAbout } from './sentences.js';

/** How a key is revoked. */
export interface RevokeOptions {
  /** Why, for whoever reads the key set. */
  readonly reason?: string | undefined;
  /** Makes no key where nothing is left to sign. */
  readonly noRotate?: boolean | undefined;
}

/** Makes a key worthless at once. What is left signs; where nothing is, a key is made that signs at once. */
export async function revoke(
  set: KeySet | undefined,
  name: string,
  context: CommandContext,
  { reason, noRotate = false }: RevokeOptions = {},
): Promise<Outcome> {
  const key = set?.named(name);
  if (!set || !key) return refusedSinceUnknown();
  const { t, figures } = context;
  if (key.revoked) {
    const since = `${nameOf(key)} is revoked since ${utc(key.revoked.revoked_at)}.`;
    return { type: 'nothing due', sentences: [since] };
  }
  const at = revocationInstant(set, key, context);
  const revocation = { revoked_at: at, ...(reason !== undefined && { reason }) };
  const revoked = withoutThePast(set, t, figures, key).changed((each) =>
    each === key ? key.withoutPrivateHalf().with({ revoked: revocation }) : each,
  );
  const isReplaced = key.canSign && !noRotate;
  const whole = isReplaced ? await withSigners(revoked, [key.algorithm], context) : revoked;
  const keySet = completed(whole, t, figures);
  return { type: 'write', keySet, sentences: sentencesAbout(keySet, t, figures) };
}

export function refusedSinceUnknown(): Outcome {
  return refused(
    'KEY_UNKNOWN',
    'No key of the set has this kid or JWK thumbprint. `npx nestjs-oidc-key status` shows the kids.',
  );
}

/**
 * Now, or where clocks differ just after a waiting key was published: that key signs at once where the one before it was
 * revoked later.
 */
function revocationInstant(set: KeySet, key: KeyOfSet, { t, figures }: CommandContext): number {
  const left = set.unrevokedOf(key.algorithm).filter((each) => each !== key && each.canSign);
  const latest = Math.max(...left.map(({ iat = -Infinity }) => iat));
  return latest >= t && latest - t <= figures.clockSkew ? latest + 1 : t;
}
