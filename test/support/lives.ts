import type { KeyObject } from 'node:crypto';

import { algorithmNamed, algorithms } from '../../lib/core/algorithms.js';
import type { SigningAlgorithm } from '../../lib/core/algorithms.js';
import type { SigningKey } from '../../lib/core/key/signing-key.js';
import type { VerificationKey } from '../../lib/core/key/verification-key.js';
import { defaultAlgorithmAmong } from '../../lib/core/ring/default-algorithm.js';
import type { Life, Lives } from '../../lib/core/ring/life.js';
import type { Moment } from '../../lib/rotation/clock.js';
import type { RotationView } from '../../lib/rotation/rotation-view.js';
import { makeKeyPair } from './key-pairs.js';
import { signingKeyNow } from './loaded.js';

/** A key under a kid. EC keys unless told otherwise, because they are made at once. */
export function keyNamed(
  kid: string,
  keyObject: KeyObject = ecKey(),
  algorithm?: SigningAlgorithm,
): SigningKey {
  return signingKeyNow({ keyObject, kid, algorithm, where: kid });
}

export function ecKey(namedCurve = 'P-256'): KeyObject {
  return makeKeyPair('ec', { namedCurve }).privateKey;
}

/** What a test configures. */
export interface Slots {
  readonly current: readonly SigningKey[];
  readonly next: readonly SigningKey[];
  readonly previous: readonly (SigningKey | { readonly key: VerificationKey })[];
  /** In milliseconds since 1970. */
  readonly nextActivatesAt?: number | undefined;
  readonly nextStandsIn?: boolean | undefined;
  readonly algorithm?: SigningAlgorithm | undefined;
}

/** The lives that a loader makes of these slots. */
export function livesOf({ current, next, previous, nextActivatesAt, nextStandsIn, algorithm }: Slots): Lives {
  const lives: Life[] = [
    ...current.map((each): Life => ({ ...each, slot: 'current' })),
    ...next.map((each): Life => ({ ...each, slot: 'next', signsFrom: nextActivatesAt })),
    ...previous.map(({ key }): Life => ({ key, slot: 'previous' })),
  ];
  const able = algorithms.filter((each) => current.some(({ key }) => key.algorithm === each));
  const defaultAlgorithm =
    algorithmNamed(algorithm) ?? defaultAlgorithmAmong(able, undefined) ?? able[0] ?? next[0]!.key.algorithm;
  return { lives, defaultAlgorithm, nextStandsIn: nextStandsIn ?? false, warnings: [] };
}

/** Two clocks that a test sets. In milliseconds. */
export class FakeClock {
  monotonic = 1_000_000;
  offset: number;

  /** @param start what the wall clock says first, since 1970 */
  constructor(start: number) {
    this.offset = start - this.monotonic;
  }

  get wall(): number {
    return this.monotonic + this.offset;
  }

  get now(): Moment {
    return { wall: this.wall, monotonic: this.monotonic };
  }
}

/** The kids of current, next and previous keys. */
export function kidsIn({ keys }: RotationView): string {
  return (['current', 'next', 'previous'] as const)
    .map((wanted) => keys.flatMap(({ key, slot }) => (slot === wanted ? key.kid : [])).join())
    .join(' | ');
}
