import * as fc from 'fast-check';

import { chunksOf } from '../chunks.js';
import { argumentsOf, say } from '../command-line.js';
import { Watchdog } from '../watchdog.js';
import { differences } from './differences.js';
import { tokenRecipes } from './token-recipes.js';
import type { TokenRecipe } from './token-recipes.js';
import { compared } from './verdicts.js';

/** Enough to keep the thread pool busy. */
const atOnce = 16;

const { count, seed } = argumentsOf(1_000_000);
const outcomes = new Map<string, number>();
const failures: string[] = [];
const watchdog = new Watchdog();
const begin = performance.now();

async function run(recipe: TokenRecipe): Promise<void> {
  const finding = await compared(recipe);
  if ('failure' in finding) failures.push(`${fc.stringify(recipe)}\n  ${finding.failure}`);
  else outcomes.set(finding.outcome, (outcomes.get(finding.outcome) ?? 0) + 1);
}

say(`seed ${seed}`);
let done = 0;
for (const chunk of chunksOf(tokenRecipes, { count, seed })) {
  watchdog.begin(`one of the ${atOnce} from the ${done}th`);
  const waiting = chunk.values();
  const worker = async () => {
    for (const recipe of waiting) await run(recipe);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  done += chunk.length;
}
await watchdog.end();

for (const [outcome, times] of [...outcomes].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  say(`${String(times).padStart(8)} ${outcome}`);
say('stricter than jose, and why:');
for (const { kind, reason } of differences) say(`  ${kind}: ${reason}`);
for (const failure of failures.slice(0, 20)) say(failure.slice(0, 2_000));
const seconds = (performance.now() - begin) / 1000;
say(
  `${count} tokens in ${seconds.toFixed(0)} s (${Math.round(count / seconds)} a second), ${failures.length} failures` +
    (failures.length > 0 ? `; again with --seed ${seed}` : ''),
);
process.exitCode = failures.length > 0 ? 1 : 0;
