import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from './run.js';

export type Client = 'npm' | 'pnpm';

/** Installs what the project's package.json names, and these packages. */
export async function install(
  cwd: string,
  packages: readonly string[],
  client: Client = 'npm',
): Promise<void> {
  if (client === 'npm') {
    await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], { cwd });
    return;
  }
  // pnpm asks which packages may run scripts; none of them needs to.
  writeFileSync(join(cwd, 'pnpm-workspace.yaml'), 'strictDepBuilds: false\n');
  await run('npx', ['--yes', 'pnpm@latest', 'add', ...packages], { cwd });
}
