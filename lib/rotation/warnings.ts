import { dateOf } from './clock.js';
import type { Moment } from './clock.js';
import { renamed, retained, trustedSchedule, unknownRevocation, waits } from './rotation-messages.js';
import type { RotationView, WaitingKey } from './rotation-view.js';

/** Something that whoever runs the server should know. */
export interface Warning {
  /** What it is about: a warning is given once for as long as that holds. */
  readonly about: string;
  readonly message: string;
  /** True for what is said at every reload, since a reload may have been meant to mend it. */
  readonly isSaidAtReloads?: boolean;
  /** The key that waits, for the event beside the warning. */
  readonly waiting?: WaitingKey;
}

/** Where safety departs from what configuration asks for, and where configuration may not mean what it says. */
export function warningsOf(view: RotationView, now: Moment): Warning[] {
  return [
    ...view.waiting
      .filter(({ isHeldBack, isSaidElsewhere = false }) => isHeldBack && !isSaidElsewhere)
      .map((waiting) => ({
        about: `${waiting.key.kid} waits until ${waiting.signsFrom}`,
        message: waits(waiting.key, dateOf(waiting.signsFrom, now), waiting.isScheduled),
        waiting,
      })),
    ...view.retained.map(({ key, publishedUntil }) => ({
      about: `${key.kid} is retained`,
      message: retained(key.kid, dateOf(publishedUntil, now)),
    })),
    ...view.trusted.map(({ key, signsFrom }) => ({
      about: `${key.kid} was trusted`,
      message: trustedSchedule(key, new Date(signsFrom)),
    })),
    ...view.renamed.map(({ key, formerly }) => ({
      about: `${key.kid} was ${formerly}`,
      message: renamed(key, formerly),
    })),
    ...view.skipped.map((message) => ({ about: message, message })),
    ...view.unknownRevocations.map((unknown) => ({
      about: `revocation ${unknown.position} of ${unknown.characters} characters is unknown`,
      message: unknownRevocation(unknown),
      isSaidAtReloads: true,
    })),
  ];
}

/** Remembers what was said already. */
export class Warnings {
  #given: ReadonlySet<string> = new Set();

  /** What was not said before. */
  newOf(warnings: readonly Warning[], isReload: boolean): Warning[] {
    const given = this.#given;
    this.#given = new Set(warnings.map(({ about }) => about));
    return warnings.filter(
      ({ about, isSaidAtReloads = false }) => !given.has(about) || (isReload && isSaidAtReloads),
    );
  }
}
