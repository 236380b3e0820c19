import { setTimeout as wait } from 'node:timers/promises';

import { KeyStoreError } from './key-store.js';

/** How a store is asked. In milliseconds. */
interface Patience {
  /** How messages call the store. */
  readonly where: string;
  /** For one answer. */
  readonly deadline?: number;
  /** How often it is asked at most, where it may be worth it. */
  readonly attempts?: number;
  readonly signal?: AbortSignal | undefined;
}

const usualDeadline = 5_000;
const usualAttempts = 4;
const firstPause = 200;
const longestPause = 5_000;

/** Asks a store, and again with growing pauses where that may be worth it. Nobody waits for an answer past the deadline. */
export async function ask<Answer>(
  call: (signal: AbortSignal) => Promise<Answer>,
  { where, deadline = usualDeadline, attempts = usualAttempts, signal }: Patience,
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await answerInTime(call, where, deadline, signal);
    } catch (error) {
      const pause = pauseAfter(error, attempt);
      if (attempt >= attempts || pause === undefined) throw error;
      await wait(pause, undefined, { signal });
    }
  }
}

/** Replicas that were refused together must not come back together. */
function pauseAfter(error: unknown, attempt: number): number | undefined {
  if (!(error instanceof KeyStoreError) || !error.isTransient) return undefined;
  const asked = (error.retryAfter ?? 0) * 1000;
  if (asked > longestPause) return undefined;
  const most = Math.min(firstPause * 2 ** attempt, longestPause);
  return asked + most * (0.5 + Math.random() / 2);
}

async function answerInTime<Answer>(
  call: (signal: AbortSignal) => Promise<Answer>,
  where: string,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  signal?.throwIfAborted();
  const asking = new AbortController();
  const abort = () => asking.abort(signal?.reason);
  const tooLate = new KeyStoreError(
    'KEY_STORE_UNREACHABLE',
    `${where} did not answer within ${deadline / 1000} s. Check that it runs, and that it is reachable from here.`,
    { isTransient: true },
  );
  // Neither AbortSignal.any nor AbortSignal.timeout: the one is kept alive by a signal that lives long, the other lets
  // the process end while it waits.
  const timer = setTimeout(() => asking.abort(tooLate), deadline);
  signal?.addEventListener('abort', abort);
  try {
    const aborted = new Promise<never>((_, reject) => {
      asking.signal.addEventListener('abort', () => reject(asking.signal.reason as Error));
    });
    return await Promise.race([call(asking.signal), aborted]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
