import type { SigningAlgorithm } from '../algorithms.js';
import type { KeyInput, KeySetting } from './key-material.js';

/** What fills the three slots of a ring. */
export interface KeySettings {
  readonly current: KeySetting;
  /** Published and accepted, does not sign yet. */
  readonly next?: KeySetting | undefined;
  /** Published and accepted, signs no more; newest first. A public key is enough. */
  readonly previous?: KeySetting | undefined;
  /** The default algorithm where there is no RS256 key. */
  readonly algorithm?: SigningAlgorithm | undefined;
}

/** The keys of an issuer, given as values. */
export interface KeyOptions {
  /** The key that signs. */
  key: KeyInput | KeyInput[];
  /** Published and accepted already, for the time when they sign. */
  nextKeys?: KeyInput | KeyInput[] | undefined;
  /** Still published and accepted, newest first. A public key is enough. */
  previousKeys?: KeyInput | KeyInput[] | undefined;
  /** The algorithm that signs where there is no RS256 key. */
  algorithm?: SigningAlgorithm | undefined;
}

export function settingsFromOptions({ key, nextKeys, previousKeys, algorithm }: KeyOptions): KeySettings {
  const slot = (option: keyof KeyOptions, value: KeyInput | KeyInput[] | undefined) =>
    value === undefined ? undefined : { name: `The option "${option}"`, value };
  return {
    // A key that is undefined is a mistake to report, where another slot may be empty.
    current: { name: 'The option "key"', value: key },
    next: slot('nextKeys', nextKeys),
    previous: slot('previousKeys', previousKeys),
    algorithm,
  };
}
