import { algorithms } from '../algorithms.js';
import type { Algorithm, SigningAlgorithm } from '../algorithms.js';
import { afterlifeOf } from '../key-set/figures.js';
import type { Figures } from '../key-set/figures.js';
import type { KeyOfSet } from '../key-set/key-of-set.js';
import { algorithmsWithoutSigner } from '../key-set/key-set-view.js';
import { stateOf } from '../key-set/lifeline.js';
import type { Derivation, StateAt } from '../key-set/state-at.js';
import { signingInstantOf } from '../key-set/successors.js';
import { defaultAlgorithmAmong } from './default-algorithm.js';
import { inOrder } from './life.js';
import type { KeyInSlot, Slot } from './life.js';

/** A key of a key set in its slot, and since when it is there: in seconds since 1970, where the document says it. */
export interface KeyOfSetInSlot extends KeyInSlot {
  readonly since: number | undefined;
}

const slots = { waits: 'next', signs: 'current', previous: 'previous' } as const;

/** The published keys of a key set, slot after slot; previous ones newest first. */
export function slotsOfKeySet(
  { set, figures }: Derivation,
  state: StateAt,
  now: number,
): readonly KeyOfSetInSlot[] {
  const published = set.keys.toReversed().flatMap((each): KeyOfSetInSlot[] => {
    const { verificationKey: key, activeSigner } = each;
    const is = stateOf(each, state);
    if (!key || !(is in slots)) return [];
    const slot = slots[is as keyof typeof slots];
    const signer = slot === 'current' ? { signer: activeSigner } : {};
    return [{ key, ...signer, slot, since: sinceOf(each, slot, state, figures, now) }];
  });
  return inOrder(published);
}

function sinceOf(
  key: KeyOfSet,
  slot: Slot,
  { successors }: StateAt,
  figures: Figures,
  now: number,
): number | undefined {
  const successor = successors.get(key);
  const instants = {
    next: [key.iat],
    // One that waits for nobody signs from its `iat` on.
    current: [signingInstantOf(key, figures), key.nbf ?? key.iat],
    previous: [successor && signingInstantOf(successor, figures)],
  };
  return instants[slot].find(
    (instant) => instant !== undefined && Number.isFinite(instant) && instant <= now,
  );
}

/**
 * The algorithms that lost their key by a revocation. When all tokens that they signed have expired, whatever was
 * revoked, nobody waits for them any more: an algorithm may have been retired since.
 */
export function lostAlgorithms(
  derivation: Derivation,
  state: StateAt,
  now: number,
): readonly { readonly algorithm: Algorithm; readonly until: number }[] {
  const { set, figures } = derivation;
  return algorithmsWithoutSigner(derivation, state)
    .map((algorithm) => {
      const revoked = set.of(algorithm).filter((key) => state.revoked.has(key));
      // One that configuration revokes has no instant.
      const latest = Math.max(...revoked.map((key) => key.revoked?.revoked_at ?? Infinity));
      return { algorithm, until: latest + afterlifeOf(figures) };
    })
    .filter(({ until }) => now < until);
}

/** After a revocation nothing turns to another algorithm; while the chosen one waits, another signs. */
export function defaultAlgorithmOf(
  { signing }: StateAt,
  lost: readonly Algorithm[],
  chosen: SigningAlgorithm | undefined,
): Algorithm | undefined {
  const able = algorithms.filter((algorithm) => signing.has(algorithm));
  const wanted = [...able, ...lost];
  return (
    defaultAlgorithmAmong(wanted, chosen) ?? defaultAlgorithmAmong(able, undefined) ?? able[0] ?? wanted[0]
  );
}
