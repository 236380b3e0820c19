import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Cell, Group } from '../cell.js';
import { install } from '../installing.js';
import { run, runInstalled } from '../run.js';
import { askServer } from '../server.js';
import { nests, nodes, packagesOf } from '../supported.js';
import type { Nest } from '../supported.js';
import { copyProject } from '../workshop.js';
import type { Workshop } from '../workshop.js';

const platforms = ['express', 'fastify'] as const;
const programs = ['import.mjs', 'require.cjs'] as const;
const key = 'oidc_private.pem';
// Node 20 and 22 say so of each `require` of an ES module.
const quiet = '--disable-warning=ExperimentalWarning';

/** What an application and the command line do, in every Node and Nest that the package supports. */
export function runtime(workshop: Workshop): Group {
  return {
    name: 'runtime',
    about:
      'boots, serves its JWKS, signs and verifies, has a command line and a kit for tests: Node × Nest × platform',
    cells: nodes.flatMap((node) => nests.flatMap((nest) => cellsOf(workshop, node, nest))),
  };
}

function cellsOf(workshop: Workshop, node: string, nest: Nest): Cell[] {
  const name = `Node ${node}, Nest ${nest.major}`;
  const boots = platforms.map((platform) => ({
    name: `${name}, ${platform}: import, require`,
    run: async () => {
      const [binary, cwd] = [await nodeOf(workshop, node), await application(workshop, nest)];
      for (const program of programs) {
        const env = { OIDC_PRIVATE_KEY_FILE: key };
        await askServer(binary, [quiet, program, platform], { cwd, env });
      }
      return run(binary, ['--version'], { cwd }).then((version) => version.trim());
    },
  }));
  return [
    ...boots,
    { name: `${name}, command line`, run: () => useCommandLine(workshop, node, nest) },
    { name: `${name}, node:test: import, require`, run: () => useKit(workshop, node, nest) },
  ];
}

async function useCommandLine(workshop: Workshop, node: string, nest: Nest): Promise<void> {
  const [binary, project] = [await nodeOf(workshop, node), await application(workshop, nest)];
  const cwd = join(project, `keys-of-${node}`);
  mkdirSync(cwd);
  const program = join(project, 'node_modules/nestjs-oidc-key/dist/bundle/cli/main.js');
  await run(binary, [program, 'generate', '--out', 'new.pem'], { cwd });
  const inspected = await run(binary, [program, 'inspect'], {
    cwd,
    env: { OIDC_PRIVATE_KEY_FILE: 'new.pem' },
  });
  if (!/\bcurrent\b/.test(inspected)) throw new Error(`inspect shows no current key:\n${inspected}`);
}

/** The kit for tests of an application, under the runner that Node brings. */
async function useKit(workshop: Workshop, node: string, nest: Nest): Promise<void> {
  const [binary, cwd] = [await nodeOf(workshop, node), await application(workshop, nest)];
  await run(binary, [quiet, '--test', 'kit.test.mjs', 'kit.test.cjs'], { cwd });
}

/** An empty application with the packed package. */
export function application(workshop: Workshop, nest: Nest): Promise<string> {
  return workshop.project(`nest-${nest.major}`, async (folder) => {
    copyProject('runtime', folder);
    await install(folder, [await workshop.tarball(), ...packagesOf(nest)]);
    await runInstalled('nestjs-oidc-key', ['generate', '--out', key], { cwd: folder });
  });
}

/** The npm package `node` has the binary of its version. */
async function nodeOf(workshop: Workshop, node: string): Promise<string> {
  const folder = await workshop.project('nodes', (path) =>
    install(
      path,
      nodes.map((version) => `node-${version}@npm:node@${version}`),
    ),
  );
  return join(folder, `node_modules/node-${node}/bin/node`);
}
