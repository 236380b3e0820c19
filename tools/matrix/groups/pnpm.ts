import type { Group } from '../cell.js';
import { generated, keyFile } from '../generated.js';
import { runInstalled } from '../run.js';
import { askServer } from '../server.js';
import type { Workshop } from '../workshop.js';

/** Where a package finds nothing that it does not name. */
export function pnpm(workshop: Workshop): Group {
  return {
    name: 'pnpm',
    about: 'compiles and boots with the strict node_modules of pnpm',
    cells: (['11', '12'] as const).map((cli) => ({
      name: `Nest ${cli}, as generated`,
      run: async () => {
        const cwd = await generated(workshop, { cli, client: 'pnpm' });
        await runInstalled('nest', ['build'], { cwd });
        const env = { OIDC_PRIVATE_KEY_FILE: keyFile };
        await askServer(process.execPath, ['--disable-warning=ExperimentalWarning', 'dist/main.js'], {
          cwd,
          env,
        });
      },
    })),
  };
}
