import { OidcKeyError } from '../errors.js';
import type { OpenSigners } from '../key/remote-signers.js';
import { take } from '../key/steps.js';
import type { Steps } from '../key/steps.js';
import type { VerificationKey } from '../key/verification-key.js';
import type { Figures } from '../key-set/figures.js';
import type { KeyOfSet } from '../key-set/key-of-set.js';
import type { KeySet } from '../key-set/key-set.js';
import { signingInstantOf } from '../key-set/successors.js';

/** A key set whose keys can sign wherever they are held, and what somebody should know of them. */
export interface OpenedKeySet {
  readonly keySet: KeySet;
  readonly warnings: readonly string[];
}

/** What the keys of a set are opened with, wherever they are held. */
export interface GivenWithHeldKeys {
  /** Undefined where nobody can wait for them. */
  readonly signers: OpenSigners | undefined;
  /** What the set or configuration revokes: it is asked for nothing. */
  readonly isRevoked: (key: VerificationKey) => boolean;
  readonly figures: Figures;
}

/**
 * Opens the signers of those keys of a set that are held elsewhere. One that signs, or is to sign, has to; the KMS of one
 * that signs no more may be gone.
 *
 * @throws OidcKeyError `OIDC_KEY_UNSUPPORTED`, and what signers throw that are not allowed, or do not sign
 */
export function* withSignersElsewhere(
  keySet: KeySet,
  { signers: open, isRevoked, figures }: GivenWithHeldKeys,
): Steps<OpenedKeySet> {
  const held = keySet.keys.filter((key) => isHeldElsewhere(key) && !isRevoked(key.verificationKey!));
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
    if (isPast(each, keySet, { isRevoked, figures })) continue;
    warnings.push(...(yield* later(() => signers.check(reference!, key!, where))));
  }
  return { keySet: keySet.changed((each) => opened.get(each) ?? each), warnings };
}

function isHeldElsewhere({ canSign, hasPrivateHalf }: KeyOfSet): boolean {
  return canSign && !hasPrivateHalf;
}

/** Whether another key signs in its place by now. */
function isPast(
  key: KeyOfSet,
  keySet: KeySet,
  { isRevoked, figures }: Pick<GivenWithHeldKeys, 'isRevoked' | 'figures'>,
): boolean {
  const now = Date.now() / 1000;
  return keySet
    .unrevokedOf(key.algorithm)
    .some(
      (each) =>
        each.canSign &&
        each.order > key.order &&
        signingInstantOf(each, figures) <= now &&
        !isRevoked(each.verificationKey!),
    );
}

function cannotBeUsed(where: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_UNSUPPORTED',
    `${where} is held by a KMS or HSM, which answers later, and a constructor cannot wait. Use OidcKeyModule.`,
  );
}
