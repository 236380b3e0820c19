import { performance } from 'node:perf_hooks';

/** One instant on both clocks, in milliseconds. */
export interface Moment {
  /** Since 1970. It may jump, and serves only to tell whether a scheduled instant has come. */
  readonly wall: number;
  /** Never jumps, and means nothing to another process. */
  readonly monotonic: number;
}

/** Tells what time it is. */
export type Clock = () => Moment;

export const systemClock: Clock = () => ({ wall: Date.now(), monotonic: performance.now() });

/** When it will be, or was, by the wall clock, if nobody sets it. */
export function dateOf(monotonic: number, now: Moment): Date {
  const latest = 8.64e15;
  return new Date(Math.min(now.wall + monotonic - now.monotonic, latest));
}
