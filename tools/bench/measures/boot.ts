import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { init } from 'nestjs-oidc-key/rotate';

import { makeKey, privatePem } from '../keys.js';
import { interleaved } from '../rounds.js';
import { rowOf } from '../row.js';
import type { Row } from '../row.js';
import { pathOf } from '../server-process.js';

const run = promisify(execFile);

const program = (variant: 'with' | 'without') => ['--expose-gc', pathOf(`boot/${variant}`)];

/** What the module adds to the start of an application, from the start of the process until it listens. */
export async function measureBoot(): Promise<Row[]> {
  const OIDC_PRIVATE_KEY = privatePem(makeKey('RSA-2048'));
  const env = { ...process.env, OIDC_PRIVATE_KEY };
  const memory = { with: [] as number[], without: [] as number[] };
  const boot = (variant: 'with' | 'without') => async () => {
    const { stdout } = await run(process.execPath, program(variant), { env });
    const { milliseconds, megabytes } = JSON.parse(stdout) as { milliseconds: number; megabytes: number };
    memory[variant].push(megabytes);
    return milliseconds;
  };
  const time = await interleaved({ with: boot('with'), without: boot('without') }, 21);
  const about = { beside: 'the same application without the module', kind: 'difference' } as const;
  return [
    rowOf({ ...about, measure: 'time to boot', unit: 'ms', target: { atMost: 15 } }, time.with, time.without),
    rowOf(
      { ...about, measure: 'memory after boot (resident set)', unit: 'MB', target: { atMost: 5 } },
      memory.with.slice(1),
      memory.without.slice(1),
    ),
  ];
}

/** What a store adds to the same, beside its own round trip, which a file does not have. */
export async function measureBootWithStore(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'oidc-key-bench-'));
  const file = join(folder, 'keys.json');
  await init({ store: `file:${file}`, settings: { get: () => undefined } });
  const boot = (settings: Record<string, string>) => async () => {
    const env = { ...process.env, ...settings };
    const { stdout } = await run(process.execPath, program('with'), { env });
    return (JSON.parse(stdout) as { milliseconds: number }).milliseconds;
  };
  const time = await interleaved(
    { store: boot({ OIDC_KEY_STORE: `file:${file}` }), setting: boot({ OIDC_PRIVATE_KEY_FILE: file }) },
    21,
  );
  await rm(folder, { recursive: true });
  return [
    rowOf(
      {
        measure: 'time to boot with a key set in a store',
        beside: 'the same key set in a file that a setting names',
        kind: 'difference',
        unit: 'ms',
        target: { atMost: 20 },
      },
      time.store,
      time.setting,
    ),
  ];
}
