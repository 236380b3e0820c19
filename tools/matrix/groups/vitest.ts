import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Group } from '../cell.js';
import { generated } from '../generated.js';
import { recipeOf } from '../recipes.js';
import { runInstalled } from '../run.js';
import type { Workshop } from '../workshop.js';

async function test(cwd: string, config = 'vitest.config.ts'): Promise<void> {
  await runInstalled('vitest', ['run', 'src', '--config', config], { cwd });
}

/** The same test as under Jest. */
export function vitest(workshop: Workshop): Group {
  return {
    name: 'vitest',
    about: 'runs a test with Vitest, as Nest 12 generates it',
    cells: [
      {
        name: 'Nest 12, as generated',
        run: async () => test(await generated(workshop, { cli: '12' })),
      },
      {
        name: 'Nest 11, with the plugin of SWC',
        run: async () => {
          const project = await generated(workshop, { cli: '11' });
          writeFileSync(join(project, 'vitest.swc.mts'), recipeOf('Vitest'));
          return test(project, 'vitest.swc.mts');
        },
      },
      {
        name: 'Nest 12, inlined, without optional peers',
        run: async () => {
          const project = await generated(workshop, { cli: '12', withoutPeers: true });
          writeFileSync(join(project, 'vitest.inline.mts'), inlined);
          return test(project, 'vitest.inline.mts');
        },
      },
    ],
  };
}

const inlined = `import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { globals: true, server: { deps: { inline: [/nestjs-oidc-key/] } } } });
`;
