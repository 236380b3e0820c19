import { setImmediate } from 'node:timers/promises';

/** Microseconds of this process, and milliseconds of the clock on the wall. */
interface Reading {
  readonly cpu: NodeJS.CpuUsage;
  readonly time: number;
}

/** Milliseconds. */
const tick = 10;

const read = (): Reading => ({ cpu: process.cpuUsage(), time: performance.now() });

/**
 * How long work holds up the event loop at most: its longest turn, in milliseconds. Other processes take the
 * processor away now and then, so a turn counts for no more than the time in which this one had it.
 */
export async function longestTurnDuring(work: () => Promise<unknown>): Promise<number> {
  const state = { longest: 0, last: read(), isOver: false };
  const watching = watch(state);
  // The first turn of the work is its own, before anything is awaited.
  state.last = read();
  await work();
  state.isOver = true;
  await watching;
  return state.longest;
}

async function watch(state: { longest: number; last: Reading; readonly isOver: boolean }): Promise<void> {
  while (!state.isOver) {
    await setImmediate();
    state.longest = Math.max(state.longest, durationSince(state.last));
    state.last = read();
  }
}

function durationSince({ cpu, time }: Reading): number {
  // Of all threads, so never less than what this one had but for the tick in which it is counted.
  const { user, system } = process.cpuUsage(cpu);
  return Math.min(performance.now() - time, (user + system) / 1000 + tick);
}
