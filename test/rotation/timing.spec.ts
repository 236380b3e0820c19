import { expect, it } from '@jest/globals';

import { defaultTiming, timingOf } from '../../lib/rotation/timing.js';

const seconds = (milliseconds: number) => milliseconds / 1000;

it('propagation is max-age, 300 seconds at least, plus spread, plus skew', () => {
  expect(seconds(timingOf(defaultTiming).propagation)).toBe(3600 + 120 + 60);
  expect(seconds(timingOf({ ...defaultTiming, jwksMaxAge: 0 }).propagation)).toBe(300 + 120 + 60);
  expect(
    seconds(timingOf({ ...defaultTiming, jwksMaxAge: 301, keySpread: 1, clockSkew: 2 }).propagation),
  ).toBe(304);
});

it('retention counts from when the last replica may have stopped signing', () => {
  const { retention, propagation } = timingOf({ ...defaultTiming, keyRetention: 1000 });
  expect(seconds(retention - propagation)).toBe(1000);
});
