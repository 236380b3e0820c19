import { setImmediate } from 'node:timers/promises';

/** How long work holds up the event loop at most: its longest turn, in milliseconds. */
export async function longestTurnDuring(work: () => Promise<unknown>): Promise<number> {
  const state = { longest: 0, last: performance.now(), isOver: false };
  const watching = watch(state);
  // The first turn of the work is its own, before anything is awaited.
  state.last = performance.now();
  await work();
  state.isOver = true;
  await watching;
  return state.longest;
}

async function watch(state: { longest: number; last: number; readonly isOver: boolean }): Promise<void> {
  while (!state.isOver) {
    await setImmediate();
    const now = performance.now();
    state.longest = Math.max(state.longest, now - state.last);
    state.last = now;
  }
}
