import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { askSource } from '../../lib/rotation/ask-source.js';
import type { KeySource } from '../../lib/sources/key-source.js';
import { rejectionOf } from '../support/errors.js';

const thirtySeconds = 30_000;

/** A source that never answers, and what it was told. */
function silentSource() {
  const signals: AbortSignal[] = [];
  const source: KeySource = {
    load: (signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    },
  };
  return { source, signals };
}

describe('a key source that does not answer', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('is given up after 30 seconds, and told so', async () => {
    const { source, signals } = silentSource();
    const rejection = rejectionOf(askSource(source));
    let isOver = false;
    void rejection.then(() => (isOver = true));
    await jest.advanceTimersByTimeAsync(thirtySeconds - 1);
    expect([isOver, signals[0]!.aborted]).toEqual([false, false]);
    await jest.advanceTimersByTimeAsync(1);
    const error = await rejection;
    expect([error.code, signals[0]!.aborted]).toEqual(['OIDC_KEY_SOURCE_FAILED', true]);
    expect(error.message).toContain('TimeoutError');
  });

  it('is given up at once when nobody waits for it any more, and leaves no timer behind', async () => {
    const { source, signals } = silentSource();
    const ended = new AbortController();
    const rejection = rejectionOf(askSource(source, ended.signal));
    expect(jest.getTimerCount()).toBe(1);
    ended.abort();
    expect((await rejection).code).toBe('OIDC_KEY_SOURCE_FAILED');
    expect([signals[0]!.aborted, jest.getTimerCount()]).toEqual([true, 0]);
  });

  it('is not asked where nobody waits any more', async () => {
    const { source, signals } = silentSource();
    expect((await rejectionOf(askSource(source, AbortSignal.abort()))).code).toBe('OIDC_KEY_SOURCE_FAILED');
    expect([signals.length, jest.getTimerCount()]).toEqual([0, 0]);
  });
});
