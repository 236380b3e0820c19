// Runs the OpenID Foundation's conformance suite against the sample.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { freePort } from '../../sample-app/demo/server-process.js';
import type { ServerProcess } from '../../sample-app/demo/server-process.js';
import { certificateFor } from '../../test/support/certificate.js';
import { buildSuite } from './build-suite.js';
import { configOf } from './config.js';
import type { KeySet } from './key-set.js';
import { optionsOf, usage } from './options.js';
import type { Options } from './options.js';
import { partiesAt } from './parties.js';
import { modulesOfKeys } from './plans.js';
import { runPlan } from './run-plan.js';
import { startSample } from './sample.js';
import { startSuite } from './start-suite.js';
import { SuiteApi } from './suite-api.js';
import { tableOf } from './table.js';
import { startTlsEnd } from './tls-end.js';
import { tolerated } from './tolerated.js';
import { flawsOf } from './verdict.js';
import type { Outcome } from './verdict.js';

// So long before the new keys sign a plan begins: some modules see the old ones.
const beforeChange = 45_000;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Resolves to what was not as it should be. */
async function run({ suite, work, plans, modules, algorithm, isRotated, spoil }: Options): Promise<string[]> {
  mkdirSync(work, { recursive: true });
  const built = await buildSuite(resolve(suite), work);
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-conformance-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

  const [suitePort, samplePort, suiteTls, sampleTls] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const parties = partiesAt(`https://localhost:${sampleTls}`, `https://localhost:${suiteTls}`);
  const certificate = certificateFor('localhost');
  await startTlsEnd(certificate, suiteTls, suitePort);
  await startTlsEnd(certificate, sampleTls, samplePort, spoil);
  const api = new SuiteApi(await startSuite(built, parties.suite, suitePort, work));
  const only = modules ?? (spoil === undefined ? undefined : modulesOfKeys);
  const outcomes: Outcome[] = [];
  const flaws: string[] = [];
  for (const plan of plans) {
    print(`\n${plan.name}, ID tokens signed by ${algorithm}`);
    // Each plan has a sample of its own, whose keys no other plan has rotated.
    const own = join(folder, plan.name);
    const { server, keys, endSession } = await startSample(parties, own, samplePort, algorithm);
    if (isRotated && !plan.isModule) await wait((await keys.rotate()) - Date.now() - beforeChange);
    const ofPlan = await runPlan(plan, {
      api,
      config: configOf(parties, endSession),
      only,
      rotate: async () => changeOf(keys, server),
      tell: ({ module, result }) => process.stderr.write(`${result.padEnd(10)} ${module}\n`),
    });
    print(tableOf(ofPlan));
    const kids = new Set(ofPlan.flatMap((outcome) => outcome.kids));
    print(`keys that signed ID tokens: ${kids.size}`);
    if (isRotated && !plan.isModule && kids.size === 1)
      flaws.push(`${plan.name}: one key signed all ID tokens`);
    outcomes.push(...ofPlan);
    await server.stop();
    writeFileSync(join(work, `${plan.name}.log`), server.log);
  }
  writeFileSync(join(work, 'outcomes.json'), JSON.stringify(outcomes, undefined, 2));

  const problems = outcomes.flatMap((outcome) =>
    flawsOf(outcome, tolerated).map((flaw) => `${outcome.plan} ${outcome.module}: ${flaw}`),
  );
  if (spoil === undefined) return [...flaws, ...problems];
  return problems.length > 0 ? [] : [`the suite did not notice the fault ${spoil}`];
}

/** A change that the server has taken over: it says so in its log. */
async function changeOf(keys: KeySet, server: ServerProcess): Promise<void> {
  const logged = server.log.length;
  await keys.rotate();
  const deadline = Date.now() + 10_000;
  while (!server.log.slice(logged).includes('is published')) {
    if (Date.now() > deadline)
      throw new Error('The sample did not take over a rotated key within ten seconds.');
    await wait(100);
  }
}

let options: Options;
try {
  options = optionsOf(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${usage}`);
  process.exit(2);
}
try {
  const flaws = await run(options);
  for (const flaw of flaws) process.stderr.write(`${flaw}\n`);
  process.exit(flaws.length === 0 ? 0 : 1);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
