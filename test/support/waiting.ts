import { setTimeout as wait } from 'node:timers/promises';

/** Asks until the answer is yes, by default for as long as anything here may take. */
export async function until(condition: () => boolean | Promise<boolean>, patience = 10_000): Promise<void> {
  for (const start = Date.now(); !(await condition()); await wait(20)) {
    if (Date.now() - start > patience)
      throw new Error(`still not so after ${patience} ms: ${condition.toString()}`);
  }
}
