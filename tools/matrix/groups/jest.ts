import { join } from 'node:path';

import type { Cell, Group } from '../cell.js';
import { generated } from '../generated.js';
import type { Manifest } from '../generated.js';
import type { Client } from '../installing.js';
import { settingsOf } from '../recipes.js';
import { run } from '../run.js';
import { readJson, writeJson } from '../workshop.js';
import type { Workshop } from '../workshop.js';

const ofNest11 = () => settingsOf('Nest 11, as generated');
const ofNest12 = () => settingsOf('Nest 12 in CommonJS');
const inEsModules = () => settingsOf('Nest 12 in ES modules');
const withSwc = () => settingsOf('SWC in the place of ts-jest');

/** The test of a service, in applications as the command line of Nest generates them. */
export function jest(workshop: Workshop): Group {
  return {
    name: 'jest',
    about: 'runs a test in what `nest new` generates: ts-jest and SWC, npm and pnpm',
    cells: [
      ...(['npm', 'pnpm'] as const).flatMap((client) => cellsOnNest11(workshop, client)),
      ...cellsOnNest12(workshop),
    ],
  };
}

function cellsOnNest11(workshop: Workshop, client: Client): Cell[] {
  const project = () => generated(workshop, { cli: '11', client });
  return [
    {
      name: `Nest 11, ts-jest as generated, ${client}`,
      run: async () => test(await project(), 'ts-jest', ofNest11()),
    },
    {
      name: `Nest 11, SWC, ${client}`,
      run: async () => test(await project(), 'swc', { ...ofNest11(), ...withSwc() }),
    },
  ];
}

function cellsOnNest12(workshop: Workshop): Cell[] {
  const project = () => generated(workshop, { cli: '11', upgrade: upgradeToNest12 });
  return [
    {
      name: 'Nest 12, CommonJS, SWC',
      run: async () => test(await project(), 'swc', { ...ofNest12(), ...withSwc() }),
    },
    {
      name: 'Nest 12, CommonJS, ts-jest',
      impossible: {
        says: /Must use import to load ES Module: .*node_modules\/@nestjs\/common/,
        reason: 'Nest 12 uses import.meta, which ts-jest leaves as it is: SWC, or Vitest as Nest 12 has it',
      },
      run: async () => test(await project(), 'ts-jest', ofNest12()),
    },
    {
      name: 'Nest 12, ES modules, SWC',
      run: async () =>
        test(
          await generated(workshop, { cli: '12' }),
          'esm',
          {
            ...jestOfNest11,
            ...inEsModules(),
            transform: { '^.+\\.ts$': Object.values(withSwc().transform as object)[0] as unknown },
          },
          ['--experimental-vm-modules'],
        ),
    },
  ];
}

/** What Nest 11 generates, for the generated application of Nest 12, which has no Jest. */
const jestOfNest11 = { rootDir: 'src', testRegex: '.*\\.spec\\.ts$', testEnvironment: 'node' };

/** Runs Jest with what the application was generated with, and `changes`. */
async function test(
  folder: string,
  name: string,
  changes: Readonly<Record<string, unknown>>,
  flags: readonly string[] = [],
): Promise<void> {
  const { jest: asGenerated = {} } = readJson(join(folder, 'package.json')) as Manifest;
  const config = `jest.${name}.json`;
  writeJson(join(folder, config), { ...asGenerated, ...changes });
  await run(process.execPath, [...flags, join(folder, 'node_modules/jest/bin/jest.js'), '--config', config], {
    cwd: folder,
  });
}

/** An application of Nest 11 that came to Nest 12, with the TypeScript that it needs. */
function upgradeToNest12(folder: string, manifest: Manifest): void {
  for (const packages of [manifest.dependencies, manifest.devDependencies]) {
    for (const name of Object.keys(packages)) {
      if (name.startsWith('@nestjs/')) packages[name] = '^12.0.0';
    }
  }
  manifest.devDependencies['typescript'] = '^6.0.2';
  const path = join(folder, 'tsconfig.json');
  const { compilerOptions } = readJson(path) as { compilerOptions: Record<string, unknown> };
  const { baseUrl: _, ...others } = compilerOptions;
  writeJson(path, { compilerOptions: { ...others, rootDir: './src', types: ['jest', 'node'] } });
}
