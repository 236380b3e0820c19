import type { Algorithm } from '../algorithms.js';
import type { Signer } from '../key/signer.js';
import type { VerificationKey } from '../key/verification-key.js';
import type { KeySet } from '../key-set/key-set.js';

/**
 * Where a key is in its life.
 *
 * @inline
 */
export type Slot = 'next' | 'current' | 'previous';

/** In the order of a ring. */
export const slotNames: readonly Slot[] = Object.freeze(['current', 'next', 'previous']);

/** A key in its slot; without a signer it verifies only. */
export interface KeyInSlot {
  readonly key: VerificationKey;
  readonly signer?: Signer | undefined;
  readonly slot: Slot;
}

/** A key, and what configuration says of its life. */
export interface Life extends KeyInSlot {
  /** When it starts to sign, in milliseconds since 1970, where a schedule says so. */
  readonly signsFrom?: number | undefined;
}

/** The same keys, slot after slot. */
export function inOrder<Each extends KeyInSlot>(keys: readonly Each[]): readonly Each[] {
  return slotNames.flatMap((slot) => keys.filter((each) => each.slot === slot));
}

/** Whether a key was revoked. */
export type IsRevoked = (key: VerificationKey) => boolean;

/** What was loaded: every key that configuration names, revoked ones too, and what it says of all of them. */
export interface Lives {
  /** Slot after slot. */
  readonly lives: readonly Life[];
  /** Where the current keys are a key set: it, and the lives are those of the previous keys alone. */
  readonly keySet?: KeySet | undefined;
  /** The algorithm that signs where none is asked for. */
  readonly defaultAlgorithm: Algorithm;
  /** True where the key that signs was taken out of configuration, and a revocation says why. */
  readonly nextStandsIn: boolean;
  /** What configuration holds and cannot be used, and why that does not matter enough to refuse all of it. */
  readonly warnings: readonly string[];
}

/** What is left of lives when revoked keys are gone: a next key stands in for a current one that was revoked. */
export function withoutRevoked(
  { lives, nextStandsIn }: Pick<Lives, 'lives' | 'nextStandsIn'>,
  isRevoked: IsRevoked,
): readonly Life[] {
  const left = lives.filter(({ key }) => !isRevoked(key));
  if (left.length === lives.length && !nextStandsIn) return lives;
  const standIns = new Set<Life>();
  for (const life of left) {
    if (life.slot !== 'next') continue;
    const { algorithm } = life.key;
    const isCurrentOfIt = ({ key, slot }: KeyInSlot) => slot === 'current' && key.algorithm === algorithm;
    const isTaken = left.some(isCurrentOfIt) || [...standIns].some(({ key }) => key.algorithm === algorithm);
    if (!isTaken && (nextStandsIn || lives.some(isCurrentOfIt))) standIns.add(life);
  }
  // The schedule goes with it: the key signs already.
  return inOrder(
    left.map((life) => (standIns.has(life) ? { ...life, slot: 'current', signsFrom: undefined } : life)),
  );
}
