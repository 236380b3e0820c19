import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { Deadlines } from '../../../lib/core/key/deadline.js';

const never = () => new Promise<never>(() => undefined);

const timersThatKeepAProcess = () =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

it('keeps a process while somebody waits for it, and no longer', async () => {
  const deadline = new Deadlines(60_000, () => new Error('too late')).begin();
  const others = timersThatKeepAProcess();
  let end: (result: string) => void;
  const waiting = deadline.race(new Promise<string>((resolve) => (end = resolve)));
  expect(timersThatKeepAProcess()).toBe(others + 1);
  end!('in time');
  await waiting;
  expect(timersThatKeepAProcess()).toBe(others);
});

describe('deadlines', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());
  const deadlines = () => new Deadlines(1000, () => new Error('too late'));

  it('end what takes longer, and say so to it', async () => {
    const deadline = deadlines().begin();
    const late = expect(deadline.race(never())).rejects.toThrow('too late');
    await jest.advanceTimersByTimeAsync(999);
    expect(deadline.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(deadline.signal.reason).toEqual(new Error('too late'));
    await late;
  });

  it('give what is in time its own result and its own error', async () => {
    const deadline = deadlines().begin();
    await expect(deadline.race(Promise.resolve(1))).resolves.toBe(1);
    await expect(deadline.race(Promise.reject(new Error('its own')))).rejects.toThrow('its own');
  });

  it('are those of what begins at the same time, and of nothing that begins later', async () => {
    const all = deadlines();
    const first = all.begin();
    await jest.advanceTimersByTimeAsync(19);
    expect(all.begin()).toBe(first);
    await jest.advanceTimersByTimeAsync(1);
    const second = all.begin();
    await jest.advanceTimersByTimeAsync(980);
    expect([first, second].map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  it('end at once what is asked of them when they are over', async () => {
    const deadline = deadlines().begin();
    await jest.advanceTimersByTimeAsync(1000);
    await expect(deadline.race(never())).rejects.toThrow('too late');
  });
});
