import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { install } from './installing.js';
import type { Client } from './installing.js';
import { run } from './run.js';
import { copyProject, readJson, writeJson } from './workshop.js';
import type { Workshop } from './workshop.js';

export interface Manifest {
  jest?: Record<string, unknown>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

/** Where the key of a generated application is. */
export const keyFile = 'oidc_private.pem';

type CommandLine = '11' | '12';

interface How {
  /** The line of `@nestjs/cli` that generates it. */
  readonly cli: CommandLine;
  readonly client?: Client;
  /** Without `@nestjs/config` and `@jmondi/oauth2-server`. */
  readonly withoutPeers?: boolean;
  /** Brings an application of Nest 11 to Nest 12. */
  readonly upgrade?: (folder: string, manifest: Manifest) => void;
}

// What `nest new` does not bring, of all groups: each project takes a minute to install and to remove.
const runners = ['@swc/core@1', '@swc/jest@0.2'];
const packages: Readonly<Record<CommandLine, readonly string[]>> = {
  '11': [...runners, 'vitest@4', 'unplugin-swc@1'],
  '12': [
    ...runners,
    'jest@30',
    '@types/jest@30',
    '@rspack/core@2',
    'webpack-node-externals@3',
    'tsconfig-paths-webpack-plugin@4',
    'esbuild',
  ],
};

/** What `nest new` makes, with a service that signs and a test of it. */
export function generated(workshop: Workshop, how: How): Promise<string> {
  const { cli, client = 'npm', withoutPeers = false, upgrade } = how;
  const name = [cli, client, withoutPeers ? 'without-peers' : '', upgrade ? 'upgraded' : ''].join('-');
  return workshop.project(`generated-${name}`, async (folder) => {
    await generate(folder, cli, client);
    const source = join(folder, 'src');
    for (const file of ['app.controller.ts', 'app.controller.spec.ts', 'app.service.ts']) {
      rmSync(join(source, file));
    }
    for (const project of withoutPeers ? ['application', 'without-peers'] : ['application']) {
      copyProject(project, source, { asEsm: cli === '12' });
    }
    const manifest = readJson(join(folder, 'package.json')) as Manifest;
    withoutLint(manifest);
    upgrade?.(folder, manifest);
    writeJson(join(folder, 'package.json'), manifest);
    const peers = withoutPeers ? [] : ['@nestjs/config', '@jmondi/oauth2-server@4.3.7'];
    await install(folder, [await workshop.tarball(), ...peers, ...packages[cli]], client);
    const program = join(folder, 'node_modules/nestjs-oidc-key/dist/bundle/cli/main.js');
    await run(process.execPath, [program, 'generate', '--out', keyFile], { cwd: folder });
  });
}

async function generate(cwd: string, cli: CommandLine, client: Client): Promise<void> {
  const options = ['--directory', '.', '--skip-git', '--skip-install', '--package-manager', client];
  const observing = cli === '12' ? ['--no-observe'] : [];
  await run('npx', ['--yes', `@nestjs/cli@${cli}`, 'new', 'application', ...options, ...observing], { cwd });
}

/** It is most of what is installed, and not tried here. */
function withoutLint({ devDependencies }: Manifest): void {
  for (const name of Object.keys(devDependencies)) {
    if (/lint|prettier|globals/.test(name)) delete devDependencies[name];
  }
}
