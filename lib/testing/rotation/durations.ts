import { checkGivenOptions, invalidOption } from '../../options/given-options.js';
import type { OptionCheck } from '../../options/given-options.js';

/** A stretch of time, added up: a millisecond at least, and 100 years at most. */
export interface Duration {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
}

/** In milliseconds. */
const longest = 36_525 * 86_400_000;

/** Whether the test can let as many milliseconds pass: the end of what a Date can say is far behind it. */
export function isStretch(milliseconds: unknown): boolean {
  return typeof milliseconds === 'number' && milliseconds >= 1 && milliseconds <= longest;
}

const amount: OptionCheck = [
  (value) => Number.isFinite(value) && (value as number) >= 0,
  'a number that is not negative',
];

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function millisecondsOf(duration: Duration, owner: string): number {
  const checks = { days: amount, hours: amount, minutes: amount, seconds: amount };
  checkGivenOptions<Duration>(duration, checks, { owner, example: '{ hours: 2 }' });
  const { days = 0, hours = 0, minutes = 0, seconds = 0 } = duration;
  const milliseconds = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  if (isStretch(milliseconds)) return milliseconds;
  throw invalidOption(
    `${owner} lets time pass, a millisecond at least and 100 years at most. Give it a duration, such as { hours: 2 }.`,
  );
}

/** As messages say it. */
export function inWords(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
