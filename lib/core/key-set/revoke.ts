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
import { stateAt } from './state-at.js';
import type { StateAt } from './state-at.js';

/** What came of asking a key that is held elsewhere for a signature. */
export type Proof =
  | { readonly type: 'signs' }
  | {
      /** That it does not sign is sure, or nobody could be asked. */
      readonly type: 'fails' | 'unknown';
      /** In a sentence. */
      readonly why: string;
    };

/** How a key is revoked. */
export interface RevokeOptions {
  /** Why, for whoever reads the key set. */
  readonly reason?: string | undefined;
  /** Makes no key where nothing is left to sign. */
  readonly noRotate?: boolean | undefined;
  /** Finds out whether a key signs that is held elsewhere. It never rejects. */
  readonly prove?: ((key: KeyOfSet) => Promise<Proof>) | undefined;
}

/** Makes a key worthless at once. What is left signs; where nothing is, a key is made that signs at once. */
export async function revoke(
  set: KeySet | undefined,
  name: string,
  context: CommandContext,
  { reason, noRotate = false, prove }: RevokeOptions = {},
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
  const able =
    prove && stateOf(set, context).signing.get(key.algorithm) === key
      ? await withoutThoseThatFail(revoked, { key, isReplaced, prove }, context)
      : revoked;
  const whole = isReplaced ? await withSigners(able, [key.algorithm], context) : able;
  const keySet = completed(whole, t, figures);
  return { type: 'write', keySet, sentences: sentencesAbout(keySet, t, figures) };
}

interface StandIns {
  readonly key: KeyOfSet;
  readonly isReplaced: boolean;
  readonly prove: NonNullable<RevokeOptions['prove']>;
}

/**
 * A key that comes back in the place of the revoked one may be gone from its KMS by now, since nobody had to keep it there.
 * One that does not sign for sure makes room for a new one, where that is made.
 */
async function withoutThoseThatFail(
  revoked: KeySet,
  { key, isReplaced, prove }: StandIns,
  context: CommandContext,
): Promise<KeySet> {
  for (let set = revoked; ;) {
    const standIn = stateOf(set, context).signing.get(key.algorithm);
    if (!standIn || standIn.hasPrivateHalf) return set;
    const { type } = await prove(standIn);
    if (type !== 'fails' || !isReplaced) return set;
    set = set.changed((each) => (each === standIn ? each.withoutSigner() : each));
  }
}

function stateOf(set: KeySet, { t, figures }: CommandContext): StateAt {
  return stateAt({ set, figures }, t);
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
