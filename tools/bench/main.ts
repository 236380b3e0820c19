import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

import { format, resolveConfig } from 'prettier';

import { measureBoot, measureBootWithStore } from './measures/boot.js';
import { measureCurves } from './measures/curves.js';
import { measureGuard } from './measures/guard.js';
import { measureMemory } from './measures/memory.js';
import { measureMetrics } from './measures/metrics.js';
import { measureRemoteSigning } from './measures/remote-signing.js';
import { measureRing } from './measures/ring.js';
import { measureRoute } from './measures/route.js';
import { measureSigning } from './measures/signing.js';
import { measureTokenSigning } from './measures/token-signing.js';
import { measureTokenEndpoint } from './measures/token-endpoint.js';
import { markdownOf, marker, tableOf } from './table.js';
import type { Results } from './table.js';
import type { Row } from './row.js';

const measures = {
  measureSigning,
  measureRemoteSigning,
  measureTokenSigning,
  measureRing,
  measureRoute,
  measureTokenEndpoint,
  measureCurves,
  measureGuard,
  measureMetrics,
  measureBoot,
  measureBootWithStore,
  measureMemory,
};
const [only] = process.argv.slice(2);

const chosen = Object.entries(measures).filter(
  ([name]) => !only || name.toLowerCase().includes(only.toLowerCase()),
);
if (chosen.length === 0) {
  process.stderr.write(`No measure holds "${only}" in its name: ${Object.keys(measures).join(', ')}.\n`);
  process.exit(2);
}

const rows: Row[] = [];
for (const [name, measure] of chosen) {
  process.stderr.write(`${name} …\n`);
  rows.push(...(await measure()));
}
const results: Results = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]!.model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`,
  rows,
};
process.stdout.write(`${results.date}, ${results.machine}\n\n${tableOf(results)}\n`);
if (!only) {
  await write('../../../bench/results.json', 'json', JSON.stringify(results));
  const [before, , after] = readFileSync(pathOf('../../../../docs/performance.md'), 'utf8').split(marker);
  await write(
    '../../../../docs/performance.md',
    'markdown',
    [before, `\n\n${markdownOf(results)}\n\n`, after].join(marker),
  );
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

async function write(file: string, parser: 'json' | 'markdown', text: string): Promise<void> {
  const path = pathOf(file);
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), parser }));
}
