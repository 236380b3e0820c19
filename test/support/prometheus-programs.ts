import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describe, it } from '@jest/globals';

import { serversFolder } from './stores/server-process.js';

const programs = join(serversFolder, 'prometheus');
export const promtool = join(programs, 'promtool');
export const prometheus = join(programs, 'prometheus');

/** Where they are not installed the tests are skipped, said and counted; in CI, which has them, they fail. */
export function describeWithPrometheus(title: string, tests: () => void): void {
  if (existsSync(promtool) || process.env.EVERY_STORE_IS_INSTALLED === '1') describe(title, tests);
  else it.skip(`${title} (skipped: Prometheus is not installed; .ci/machine installs it)`, () => undefined);
}
