import { OidcKeyError } from '../core/errors.js';
import { propagationOf, shortestCache } from '../core/key-set/figures.js';
import type { Figures } from '../core/key-set/figures.js';
import { defaultFigures } from '../core/ring/key-set-ring.js';

/** How long the steps of a rotation take, in seconds. */
export interface TimingOptions {
  /** How long relying parties may cache the JWKS. */
  readonly jwksMaxAge: number;
  /** How long a key stays published after it stopped signing: at least the longest-lived token it signed. */
  readonly keyRetention: number;
  /** The longest time until the last replica has reloaded a change. */
  readonly keySpread: number;
  /** How far clocks may differ. */
  readonly clockSkew: number;
}

export const defaultTiming: TimingOptions = defaultFigures;

/** The same in milliseconds, as the rotation reckons. */
export interface Timing {
  /** How long a key must have been published before it may sign. */
  readonly propagation: number;
  /**
   * How long a key stays published after this process stopped signing with it. Another one may go on for as long as
   * propagation, where it was restarted in the middle of a rotation.
   */
  readonly retention: number;
}

/** The same in both forms. */
export interface RotationTiming extends Timing {
  /** What a key set is held against. */
  readonly figures: Figures;
}

/** @param propagationFloor the shortest time that a relying party is taken to cache, in seconds */
export function timingOf(options: TimingOptions, propagationFloor = shortestCache): RotationTiming {
  const { jwksMaxAge, keyRetention, keySpread, clockSkew } = options;
  const figures = { jwksMaxAge, keyRetention, keySpread, clockSkew, propagationFloor };
  const propagation = propagationOf(figures);
  return { propagation: propagation * 1000, retention: (keyRetention + propagation) * 1000, figures };
}

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function checkedInterval(seconds: unknown, name: string): number {
  if (Number.isInteger(seconds) && (seconds as number) > 0) return seconds as number;
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `${name} has to be a whole number of seconds, 1 or more.`,
  );
}

const longest = 10 * 365 * 24 * 3600;

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function checkedSeconds(seconds: unknown, name: string): number {
  if (Number.isInteger(seconds) && (seconds as number) >= 0 && (seconds as number) <= longest)
    return seconds as number;
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `${name} has to be a whole number of seconds, from 0 to ${longest}.`,
  );
}
