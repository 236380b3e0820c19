import { chunksOf } from '../chunks.js';
import { argumentsOf, say } from '../command-line.js';
import { longestTurnDuring } from '../turns.js';
import { Watchdog } from '../watchdog.js';
import { keyCases } from './key-cases.js';
import type { KeyCase } from './key-case.js';
import { defectOf, outcomeOf, slotsOf } from './outcome.js';

/** Milliseconds of the event loop that one setting may take. */
const limit = 50;
/** A busy machine takes a turn now and then; it does not take each of these. */
const attempts = 6;

const { count, seed } = argumentsOf(100_000);
const counts = new Map<string, { accepted: number; refused: number; longest: number }>();
const failures: string[] = [];
const watchdog = new Watchdog();
const begin = performance.now();

async function shortestOfLongestTurns(keyCase: KeyCase): Promise<number> {
  let shortest = Infinity;
  for (let attempt = 0; attempt < attempts && shortest > limit; attempt++) {
    shortest = Math.min(shortest, await longestTurnDuring(() => outcomeOf(slotsOf(keyCase))));
  }
  return shortest;
}

/** The parameters of an encrypted key say how long it takes to open it. */
const mayTakeLong = ({ family, passphrase }: KeyCase) =>
  passphrase !== undefined && family !== 'damaged text';

async function run(keyCase: KeyCase): Promise<void> {
  watchdog.begin(keyCase.toString());
  const longest = mayTakeLong(keyCase) ? 0 : await shortestOfLongestTurns(keyCase);
  const outcome = await outcomeOf(slotsOf(keyCase));
  const defects = [await defectOf(keyCase, outcome), longest > limit && `takes ${longest.toFixed(0)} ms`];
  for (const defect of defects) if (defect) failures.push(`${keyCase.toString()}\n  ${defect}`);
  const counted = counts.get(keyCase.family) ?? { accepted: 0, refused: 0, longest: 0 };
  counts.set(keyCase.family, counted);
  counted['keys' in outcome ? 'accepted' : 'refused']++;
  counted.longest = Math.max(counted.longest, longest);
}

say(`seed ${seed}`);
for (const chunk of chunksOf(keyCases, { count, seed })) {
  for (const keyCase of chunk) await run(keyCase);
}
await watchdog.end();

for (const [family, { accepted, refused, longest }] of [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
  say(
    `${family.padEnd(24)} ${String(accepted).padStart(7)} accepted ${String(refused).padStart(7)} refused` +
      `   longest turn ${longest.toFixed(1)} ms`,
  );
}
for (const failure of failures.slice(0, 20)) say(failure.slice(0, 2_000));
const seconds = (performance.now() - begin) / 1000;
say(
  `${count} keys in ${seconds.toFixed(0)} s, ${failures.length} failures` +
    (failures.length > 0 ? `; again with --seed ${seed}` : ''),
);
process.exitCode = failures.length > 0 ? 1 : 0;
