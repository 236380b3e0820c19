import { performance } from 'node:perf_hooks';

/** The two clocks of a rotation, both in milliseconds. */
export interface Clock {
  /** Since 1970. It may jump, and serves only to tell whether a scheduled instant has come. */
  wall(): number;
  /** Never jumps, and means nothing to another process. */
  monotonic(): number;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
};
