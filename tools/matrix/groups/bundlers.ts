import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { Cell, Group } from '../cell.js';
import { generated, keyFile } from '../generated.js';
import { recipeOf } from '../recipes.js';
import { run, runInstalled } from '../run.js';
import { askServer } from '../server.js';
import { writeJson } from '../workshop.js';
import type { Workshop } from '../workshop.js';

type Build = (folder: string) => Promise<string>;

interface Bundler {
  readonly name: string;
  readonly cli: '11' | '12';
  /** Resolves to the file to start. */
  readonly build: Build;
}

const nest = (cwd: string, ...args: string[]) => runInstalled('nest', ['build', ...args], { cwd });

const bundlers: readonly Bundler[] = [
  {
    name: 'webpack, nest build',
    cli: '11',
    build: async (folder) => {
      await nest(folder, '--webpack');
      return join(folder, 'dist/main.js');
    },
  },
  {
    name: 'webpack, with every package',
    cli: '11',
    build: async (folder) => {
      writeFileSync(join(folder, 'webpack.config.js'), recipeOf('webpack, with every package'));
      await nest(folder, '--webpack', '--webpackPath', 'webpack.config.js');
      return alone(folder, 'webpack', 'commonjs');
    },
  },
  {
    name: 'rspack, nest build',
    cli: '12',
    build: async (folder) => {
      await nest(folder, '--builder', 'rspack');
      return join(folder, 'dist/main.js');
    },
  },
  {
    name: 'rspack, with every package',
    cli: '12',
    build: async (folder) => {
      writeFileSync(join(folder, 'rspack.config.mjs'), recipeOf('rspack, with every package'));
      await nest(folder, '--builder', 'rspack', '--rspackPath', 'rspack.config.mjs');
      return alone(folder, 'rspack', 'module');
    },
  },
  {
    name: 'esbuild, one ES module',
    cli: '12',
    build: (folder) => esbuild(folder, 'main.mjs', 'one ES module'),
  },
  {
    name: 'esbuild, one CommonJS file',
    cli: '12',
    build: (folder) => esbuild(folder, 'main.cjs', 'one CommonJS file'),
  },
];

async function esbuild(folder: string, file: string, what: string): Promise<string> {
  await nest(folder, '--builder', 'tsc');
  await run('bash', ['-euc', recipeOf(`esbuild, ${what}`)], { cwd: folder });
  const to = join(folder, '..', `${file}-of-${basename(folder)}`, file);
  cpSync(join(folder, 'bundle', file), to);
  return to;
}

/** Copies a build to where no package can be found. */
function alone(folder: string, name: string, type: 'module' | 'commonjs'): string {
  const to = join(folder, '..', `${name}-of-${basename(folder)}`);
  mkdirSync(to, { recursive: true });
  writeJson(join(to, 'package.json'), { type });
  for (const file of readdirSync(join(folder, 'dist'))) cpSync(join(folder, 'dist', file), join(to, file));
  return join(to, 'main.js');
}

/** Each build, started where it was built or alone, with the optional peers and without. */
export function bundling(workshop: Workshop): Group {
  return {
    name: 'bundlers',
    about:
      'builds with webpack, rspack and esbuild, with the optional peers and without, and starts what was built',
    cells: bundlers.flatMap((bundler) => [cellOf(workshop, bundler, false), cellOf(workshop, bundler, true)]),
  };
}

function cellOf(workshop: Workshop, { name, cli, build }: Bundler, withoutPeers: boolean): Cell {
  return {
    name: `Nest ${cli}, ${name}${withoutPeers ? ', without optional peers' : ''}`,
    run: async () => {
      const folder = await generated(workshop, { cli, withoutPeers });
      const file = await oneAtATime(folder, () => build(folder));
      const env = { OIDC_PRIVATE_KEY_FILE: join(folder, keyFile) };
      await askServer(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
        cwd: join(file, '..'),
        env,
      });
    },
  };
}

const builds = new Map<string, Promise<unknown>>();

/** They share the folder `dist`. */
function oneAtATime<Result>(folder: string, build: () => Promise<Result>): Promise<Result> {
  const done = (builds.get(folder) ?? Promise.resolve()).then(build);
  builds.set(
    folder,
    done.catch(() => undefined),
  );
  return done;
}
