import { OidcKeyError } from '../errors.js';
import type { OpenSigners } from '../key/remote-signers.js';
import { take } from '../key/steps.js';
import type { Steps } from '../key/steps.js';
import type { KeyOfSet } from '../key-set/key-of-set.js';
import type { KeySet } from '../key-set/key-set.js';

/** A key set whose keys can sign wherever they are held, and what somebody should know of them. */
export interface OpenedKeySet {
  readonly keySet: KeySet;
  readonly warnings: readonly string[];
}

/**
 * Opens the signers of those keys of a set that are held elsewhere. One that signs, or is to sign, has to; the KMS of one
 * that signs no more may be gone.
 *
 * @throws OidcKeyError `OIDC_KEY_UNSUPPORTED`, and what signers throw that are not allowed, or do not sign
 */
export function* withSignersElsewhere(keySet: KeySet, open: OpenSigners | undefined): Steps<OpenedKeySet> {
  const held = keySet.keys.filter(isHeldElsewhere);
  const [first] = held;
  if (!first) return { keySet, warnings: [] };
  if (!open) throw cannotBeUsed(first.where);
  const later = <Result>(work: () => Promise<Result>) =>
    take({
      later: work,
      now: (): never => {
        throw cannotBeUsed(first.where);
      },
    });
  const signers = yield* later(open);
  const warnings: string[] = [];
  const opened = new Map<KeyOfSet, KeyOfSet>();
  for (const each of held) {
    const { where, verificationKey: key, signer: reference } = each;
    opened.set(each, each.signingWith(signers.signerOf(reference!, key!, where)));
    if (isPast(each, keySet)) continue;
    warnings.push(...(yield* later(() => signers.check(reference!, key!, where))));
  }
  return { keySet: keySet.changed((each) => opened.get(each) ?? each), warnings };
}

function isHeldElsewhere({ canSign, hasPrivateHalf }: KeyOfSet): boolean {
  return canSign && !hasPrivateHalf;
}

/** Whether another key signs in its place, as far as the document says. */
function isPast(key: KeyOfSet, keySet: KeySet): boolean {
  const now = Date.now() / 1000;
  return keySet
    .unrevokedOf(key.algorithm)
    .some(({ canSign, order }) => canSign && order > key.order && order <= now);
}

function cannotBeUsed(where: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_UNSUPPORTED',
    `${where} is held by a KMS or HSM, which answers later, and a constructor cannot wait. Use OidcKeyModule.`,
  );
}
