import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { makeKey, privatePem } from '../keys.js';
import { interleaved } from '../rounds.js';
import { rowOf } from '../row.js';
import type { Row } from '../row.js';
import { pathOf } from '../server-process.js';

const run = promisify(execFile);

/** What the module adds to the start of an application, from the start of the process until it listens. */
export async function measureBoot(): Promise<Row[]> {
  const OIDC_PRIVATE_KEY = privatePem(makeKey('RSA-2048'));
  const env = { ...process.env, OIDC_PRIVATE_KEY };
  const memory = { with: [] as number[], without: [] as number[] };
  const boot = (variant: 'with' | 'without') => async () => {
    const { stdout } = await run(process.execPath, ['--expose-gc', pathOf(`boot/${variant}`)], { env });
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
