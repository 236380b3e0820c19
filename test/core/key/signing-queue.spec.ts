import { availableParallelism } from 'node:os';

import { describe, expect, it } from '@jest/globals';

import { SigningQueue, threadsOf } from '../../../lib/core/key/signing-queue.js';

const threads = threadsOf(process.env.UV_THREADPOOL_SIZE);
const most = 2 * threads;

/** Signatures that end when they are told to, and how many ran at a time. */
function started(count: number) {
  const queue = new SigningQueue();
  const order: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const results = Array.from({ length: count }, (_, index) =>
    queue.run(async () => {
      order.push(index);
      await new Promise<void>((resolve, reject) => {
        ends.push((error) => (error ? reject(error) : resolve()));
      });
      return index;
    }),
  );
  const ended = async (error?: Error) => {
    ends.shift()!(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { order, ends, results, ended };
}

describe('the queue of signatures', () => {
  it.each([
    [undefined, 4],
    ['', 4],
    ['many', 4],
    ['0', 4],
    ['-1', 4],
    ['0.5', 4],
    ['1', 1],
    ['16', 16],
  ])('with UV_THREADPOOL_SIZE %j has %d threads', (size, count) => {
    expect(threadsOf(size)).toBe(count);
  });

  it('runs two for each thread while few wait, in the order in which they came', async () => {
    const { order, ends, results, ended } = started(most + threads);
    expect(ends.length).toBe(most);
    for (let count = 0; count < most + threads; count++) await ended();
    expect(order).toEqual(Array.from({ length: most + threads }, (_, index) => index));
    expect(await Promise.all(results)).toEqual(order);
  });

  it('runs one more than there are cores once more wait than there are threads, and takes all threads again after', async () => {
    const limit = Math.min(most, availableParallelism() + 1);
    const count = 20 * most;
    const { order, ends, results, ended } = started(count);
    const running = { whileManyWait: [] as number[], after: [] as number[] };
    while (ends.length > 0) {
      await ended();
      const waiting = count - order.length;
      (waiting > threads ? running.whileManyWait : running.after).push(ends.length);
    }
    // Those that ran before many waited end first.
    const steady = running.whileManyWait.slice(most - limit);
    expect(steady.length).toBeGreaterThan(20);
    expect(new Set(steady)).toEqual(new Set([limit]));
    expect(Math.max(...running.after)).toBe(Math.min(most, limit + threads));
    expect((await Promise.all(results)).length).toBe(count);
  });

  it('goes on after one that fails', async () => {
    const { results, ended } = started(most + 1);
    const failed = expect(results[0]).rejects.toThrow('no');
    await ended(new Error('no'));
    await failed;
    for (let count = 0; count < most; count++) await ended();
    expect(await results.at(-1)).toBe(most);
  });
});
