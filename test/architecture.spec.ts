import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { root } from './support/processes.js';

const lib = join(root, 'lib');
const files = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .toSorted();

/** `import ... from 'x'`, `export ... from 'x'`, `import 'x'` and `import('x')`. */
const importStatements = [
  /^(?:import|export)\s[^;]*?from '([^']+)';$/gms,
  /^import\s+'([^']+)';$/gm,
  /\bimport\(\s*['"`]([^'"`]+)/g,
];

function specifiersIn(code: string): string[] {
  return importStatements.flatMap((pattern) =>
    [...code.matchAll(pattern)].map(([, specifier]) => specifier!),
  );
}

const importsOf = (file: string) => specifiersIn(readFileSync(join(lib, file), 'utf8'));

/** What core may use besides itself: nothing that reads files, opens sockets or belongs to a framework. */
const coreMayImport = [
  'node:async_hooks',
  'node:crypto',
  'node:events',
  'node:os',
  'node:util',
  'node:util/types',
];

/** The rooms of core, from the top down. */
const coreRooms = ['jwt', 'ring', 'key-set', 'key', 'reading', 'usage'];

const localImportsOf = (file: string) =>
  importsOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(lib, resolve(lib, dirname(file), specifier)).replace(/\.js$/, '.ts'));

/** From the top down: a file imports from its own layer and from those below it. */
const layers: [string, RegExp][] = [
  ['public API', /^index\.ts$/],
  ['testing', /^testing\//],
  ['module', /^oidc-key\.module\.ts$/],
  ['definition', /^oidc-key\.module-definition\.ts$/],
  ['resource server', /^resource-server\//],
  ['command line', /^cli\//],
  ['doctor', /^doctor\//],
  ['rotate', /^rotate\//],
  ['health', /^health\//],
  ['prometheus', /^prometheus\//],
  ['opentelemetry', /^opentelemetry\//],
  ['metrics', /^metrics\//],
  ['route', /^jwks\//],
  ['options', /^options\//],
  ['option types', /^oidc-key\.options\.ts$/],
  ['rotation', /^rotation\//],
  ['stores', /^stores\//],
  ['sources', /^sources\//],
  ['network', /^network\//],
  ...coreRooms.map((room): [string, RegExp] => [`core/${room}`, new RegExp(`^core/${room}/`)]),
  ['core', /^core\/[\w.-]+\.ts$/],
];
const layerOf = (file: string) => layers.findIndex(([, pattern]) => pattern.test(file));

describe('architecture', () => {
  it('finds the files and their imports', () => {
    expect(files.length).toBeGreaterThan(15);
    expect(localImportsOf('oidc-key.module.ts')).toContain('rotation/key-rotation.ts');
  });

  it.each([
    ["import { a } from 'x';", ['x']],
    ["import type {\n  a,\n  b,\n} from 'x';", ['x']],
    ["export { a } from 'x';", ['x']],
    ["import 'x';", ['x']],
    ["const a = await import('x');", ['x']],
    ["import 'x';\nimport { a } from 'y';", ['y', 'x']],
    ["const text = 'import';", []],
  ])('sees what %j imports', (code, specifiers) => {
    expect(specifiersIn(code)).toEqual(specifiers);
  });

  it.each(files)('%s is in a layer, and imports downwards only', (file) => {
    expect(layerOf(file)).toBeGreaterThanOrEqual(0);
    for (const imported of localImportsOf(file)) {
      expect(files).toContain(imported);
      expect(layerOf(imported)).toBeGreaterThanOrEqual(layerOf(file));
    }
  });

  it.each(files.filter((file) => file.startsWith('core/')))(
    '%s imports nothing but core, and of Node what knows no files and no sockets',
    (file) => {
      const foreign = importsOf(file).filter((specifier) => !/^\.{1,2}\//.test(specifier));
      for (const specifier of foreign) expect(coreMayImport).toContain(specifier);
    },
  );

  it('one file knows ConfigService, and nothing imports @jmondi/oauth2-server, whose declarations do not compile alone', () => {
    expect(files.filter((file) => importsOf(file).includes('@nestjs/config'))).toEqual([
      'options/config-service.ts',
    ]);
    expect(
      files.filter((file) => importsOf(file).some((specifier) => specifier.startsWith('@jmondi'))),
    ).toEqual([]);
  });

  it('an application over HTTP loads nothing of the other transports', () => {
    const transports =
      /^import [^;]*? from '(?:@nestjs\/(?:graphql|websockets|microservices)|graphql|ws)';$/m;
    expect(files.filter((file) => transports.test(readFileSync(join(lib, file), 'utf8')))).toEqual([]);
    expect(files.filter((file) => importsOf(file).includes('@nestjs/websockets'))).toHaveLength(1);
  });

  it.each([
    ['prom-client', 'prometheus/'],
    ['@opentelemetry/api', 'opentelemetry/'],
  ])('nothing imports %s but the room %s, which no other room imports', (name, room) => {
    const isOf = (file: string) => file.startsWith(room);
    expect(files.filter((file) => importsOf(file).includes(name)).every(isOf)).toBe(true);
    expect(files.filter((file) => !isOf(file) && localImportsOf(file).some(isOf))).toEqual([]);
  });

  it('has no import cycle', () => {
    const finished = new Set<string>();
    const visit = (file: string, path: string[]) => {
      if (path.includes(file))
        throw new Error(`cycle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
      if (finished.has(file)) return;
      for (const imported of localImportsOf(file)) visit(imported, [...path, file]);
      finished.add(file);
    };
    for (const file of files) visit(file, []);
    expect(finished.size).toBe(files.length);
  });
});
