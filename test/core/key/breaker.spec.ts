import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';

import { Breaker } from '../../../lib/core/key/breaker.js';

const hour = 3_600_000;
let tries: number;
let works: boolean;
let said: (string | undefined)[];
let breaker: Breaker;

beforeEach(() => {
  jest.useFakeTimers();
  [tries, works, said] = [0, false, []];
  breaker = new Breaker({
    attempt: async () => {
      tries += 1;
      if (!works) throw new Error('down');
    },
    changed: (error) => said.push(error?.message),
  });
});
afterEach(() => {
  breaker.rest();
  jest.useRealTimers();
});

const fail = () => breaker.failed(new Error('down'), true);
const failOften = () => {
  for (let time = 0; time < 5; time++) fail();
};

it('what nobody asks for any more is tried seldom after hours, and found to work again', async () => {
  failOften();
  await jest.advanceTimersByTimeAsync(2 * hour);
  const before = tries;
  await jest.advanceTimersByTimeAsync(10 * hour);
  expect(tries - before).toBeGreaterThanOrEqual(60);
  expect(tries - before).toBeLessThanOrEqual(120);
  works = true;
  await jest.advanceTimersByTimeAsync(hour / 6);
  expect(breaker.failure).toBeUndefined();
  expect(said).toEqual(['down', undefined]);
  const last = tries;
  await jest.advanceTimersByTimeAsync(10 * hour);
  expect(tries).toBe(last);
});

it('whoever asks while it is tried seldom tries, and from then on it is tried as at first', async () => {
  failOften();
  expect(breaker.isOpen).toBe(true);
  await jest.advanceTimersByTimeAsync(2 * hour);
  expect(breaker.isOpen).toBe(false);
  const before = tries;
  fail();
  expect(breaker.isOpen).toBe(true);
  works = true;
  await jest.advanceTimersByTimeAsync(1_000);
  expect(tries).toBe(before + 1);
  expect(breaker.failure).toBeUndefined();
});

it('whoever asks while it is tried seldom does not make two try side by side', async () => {
  failOften();
  await jest.advanceTimersByTimeAsync(2 * hour);
  failOften();
  await jest.advanceTimersByTimeAsync(hour / 4);
  const before = tries;
  await jest.advanceTimersByTimeAsync(hour / 6);
  // A pause is 15 to 30 seconds.
  expect(tries - before).toBeGreaterThanOrEqual(20);
  expect(tries - before).toBeLessThanOrEqual(40);
});
