import { join } from 'node:path';

import type { Cell, Group, Impossibility } from '../cell.js';
import { install } from '../installing.js';
import { run } from '../run.js';
import { compilers, nests, packagesOf } from '../supported.js';
import type { Compiler, Nest } from '../supported.js';
import { copyProject, writeJson } from '../workshop.js';
import type { Workshop } from '../workshop.js';

interface Setting {
  readonly name: string;
  /** Of the package.json beside the source, which decides what a file is. */
  readonly type: 'module' | 'commonjs';
  readonly options: Readonly<Record<string, unknown>>;
  readonly compilers: readonly Compiler[];
  readonly impossible?: Impossibility;
}

const settings: readonly Setting[] = [
  { name: 'nodenext, ES module', type: 'module', options: { module: 'nodenext' }, compilers },
  { name: 'nodenext, CommonJS', type: 'commonjs', options: { module: 'nodenext' }, compilers },
  { name: 'node20, CommonJS', type: 'commonjs', options: { module: 'node20' }, compilers },
  { name: 'node16, ES module', type: 'module', options: { module: 'node16' }, compilers },
  {
    name: 'node16, CommonJS',
    type: 'commonjs',
    options: { module: 'node16' },
    compilers,
    impossible: {
      // Nothing but the imports of the consumer itself.
      says: /^(?:[^\n]*consumer\.ts\(\d+,\d+\): error TS(?:1479|1541): [^\n]*\n?)+$/,
      reason: 'TS1479: node16 knows no require of an ES module; node20 and nodenext do',
    },
  },
  {
    name: 'bundler',
    type: 'module',
    options: { module: 'esnext', moduleResolution: 'bundler' },
    compilers,
  },
  { name: 'commonjs', type: 'commonjs', options: { module: 'commonjs' }, compilers },
  {
    name: 'commonjs, node10',
    type: 'commonjs',
    options: { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' },
    // Of 5.9 it is what `commonjs` has anyway.
    compilers: ['6', '7'],
    impossible: {
      says: /error TS5108: Option 'moduleResolution=node10' has been removed/,
      reason: 'TypeScript 7 has no node10; without moduleResolution it works',
    },
  },
];

/** The declarations of 4.3.7 need `@types/jsonwebtoken`, and import a type from a chunk that has none. */
const errorOfOthers = /^[^(]*node_modules\/@jmondi\/oauth2-server\//;

/** The declarations, in a project that checks them as strictly as a compiler can. */
export function types(workshop: Workshop): Group {
  return {
    name: 'types',
    about:
      'compiles strictly, with exactOptionalPropertyTypes and without skipLibCheck: TypeScript × Nest × module',
    cells: compilers.flatMap((compiler) =>
      nests.flatMap((nest) =>
        settings
          .filter((setting) => setting.compilers.includes(compiler))
          .map((setting) => cellOf(workshop, compiler, nest, setting)),
      ),
    ),
  };
}

function cellOf(workshop: Workshop, compiler: Compiler, nest: Nest, setting: Setting): Cell {
  return {
    name: `TypeScript ${compiler}, Nest ${nest.major}, ${setting.name}`,
    impossible: setting.impossible,
    run: async () => compile(await consumer(workshop, nest), compiler, setting),
  };
}

async function compile(
  project: string,
  compiler: Compiler,
  { name, type, options }: Setting,
): Promise<string> {
  const folder = join(project, `${compiler}-${name.replaceAll(/\W+/g, '-')}`);
  copyProject('types', folder);
  writeJson(join(folder, 'package.json'), { type });
  writeJson(join(folder, 'tsconfig.json'), {
    compilerOptions: { ...strict, ...options },
    files: ['consumer.ts'],
  });
  const tsc = join(project, `node_modules/typescript-${compiler}/bin/tsc`);
  const errors = await run(process.execPath, [tsc, '--pretty', 'false', '-p', folder], { cwd: project }).then(
    () => [],
    ({ message }: Error) => errorsIn(message),
  );
  const ours = errors.filter((error) => !errorOfOthers.test(error));
  if (ours.length > 0) throw new Error(ours.join('\n'));
  return errors.length > 0 ? `${errors.length} errors of @jmondi/oauth2-server 4.3.7 aside` : '';
}

function errorsIn(printed: string): string[] {
  const errors = printed.split('\n').filter((line) => line.includes('error TS'));
  // Not a compiler that found something.
  if (errors.length === 0) throw new Error(printed);
  return errors;
}

const strict = {
  target: 'ES2023',
  lib: ['ES2023'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  noEmit: true,
};

function consumer(workshop: Workshop, nest: Nest): Promise<string> {
  return workshop.project(`types-${nest.major}`, async (folder) => {
    writeJson(join(folder, 'package.json'), { name: 'types', private: true });
    await install(folder, [
      await workshop.tarball(),
      ...packagesOf(nest),
      `@nestjs/terminus@${nest.major}`,
      '@jmondi/oauth2-server@4.3.7',
      '@types/node@20',
      ...compilers.map((compiler) => `typescript-${compiler}@npm:typescript@${compiler}`),
    ]);
  });
}
