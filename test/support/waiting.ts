import { setTimeout as wait } from 'node:timers/promises';

/** Asks until the answer is yes, for as long as anything here may take. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const patience = 10_000;
  for (const start = Date.now(); !(await condition()); await wait(20)) {
    if (Date.now() - start > patience)
      throw new Error(`still not so after ${patience} ms: ${condition.toString()}`);
  }
}
