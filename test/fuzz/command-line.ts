import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

/** `[count] [--seed number]`; without a seed, one of this run. */
export function argumentsOf(defaultCount: number): { count: number; seed: number } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: 'string' } },
  });
  const count = Number(positionals[0] ?? defaultCount);
  const seed = Number(values.seed ?? randomInt(2 ** 31));
  if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed))
    throw new Error('usage: [count] [--seed number]');
  return { count, seed };
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
