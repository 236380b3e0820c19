import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { makeRsaKey, pemOf } from './support/keys.js';
import { pages } from './support/pages.js';
import { root, run } from './support/processes.js';
import { forge } from './support/tokens.js';

interface Packed {
  readonly files: { readonly path: string }[];
}

const programs = [
  'cli/main',
  'doctor/index',
  'health/index',
  'index',
  'resource-server/index',
  'opentelemetry/index',
  'prometheus/index',
  'rotate/index',
  'stores/index',
  'testing/index',
].map((name) => `dist/bundle/${name}.js`);
/** What entries have in common, and what is loaded where it is needed; the bundler names some files after what is in it. */
const isShared = (path: string) =>
  /^dist\/bundle\/(?:shared|cli)\/[\w.-]+\.js$/.test(path) && !programs.includes(path);
/** What an application without a store loads of them: Node takes longer to find a file than to run it. */
const loadedAtBoot = ['./shared/issuer.js', './shared/keys.js'];

/** To be copied, as the README says. */
const minimal = [
  'src/app.module.ts',
  'src/main.ts',
  'src/oauth.controller.ts',
  'src/repositories.ts',
  'tsconfig.json',
].map((name) => `sample-app/minimal/${name}`);
const recipes = readdirSync(join(root, 'sample-app/recipes'), { recursive: true, encoding: 'utf8' })
  .map((name) => `sample-app/recipes/${name}`)
  .filter((path) => statSync(join(root, path)).isFile());
const monitoring = readdirSync(join(root, 'monitoring')).map((name) => `monitoring/${name}`);
const documents = [
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'SECURITY.md',
  'key-set.schema.json',
  'package.json',
  ...pages.map(({ path }) => path),
];

/** What no file of a package may hold: a key, a token, a password in a URL, a place on the machine that built it. */
const suspicious = [
  /-----BEGIN [A-Z ]+-----[\s\\nr"'`+]*[A-Za-z0-9+/]{16}/,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/,
  /\b(npm_|gh[pousr]_|github_pat_|AKIA)\w{16,}/,
  /\/\/[^\s/:@]+:[^\s/@]+@/,
  // Without the hyphen, of which tables of Markdown are made.
  /[A-Za-z0-9+/_]{80,}/,
  /sourceMappingURL|sourcesContent/,
  new RegExp(root.replace(/\/$/, '')),
];

function suspicionsAgainst(text: string): string[] {
  return suspicious.flatMap((pattern) => pattern.exec(text)?.[0] ?? []);
}

describe('the tarball', () => {
  let paths: string[];

  beforeAll(async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts']);
    // npm 10 gives a list, npm 11 an object.
    const [packed] = Object.values(JSON.parse(stdout) as Record<string, Packed> | Packed[]);
    paths = packed!.files.map(({ path }) => path);
  });

  it('holds the programs, the declarations of every file of lib, the documents, the dashboard and the alerts, the small sample, the recipes, and nothing else', () => {
    const declarations = sourcesOfLib().map((source) => source.replace(/^lib\/(.*)\.ts$/, 'dist/$1.d.ts'));
    expect(declarations.length).toBeGreaterThan(40);
    const others = paths.filter((path) => !isShared(path)).toSorted();
    expect(others).toEqual(
      [...programs, ...declarations, ...documents, ...monitoring, ...minimal, ...recipes].toSorted(),
    );
  });

  it('has two files that every issuer loads beside the first', () => {
    const bundled = (path: string) => readFileSync(join(root, 'dist/bundle', path), 'utf8');
    const importsOf = (text: string) =>
      [...text.matchAll(/^(?:import|export) (?:[^;]*? from )?'(\.[^']+)';$/gm)].map(([, path]) => path!);
    expect([...new Set(importsOf(bundled('index.js')))].toSorted()).toEqual(loadedAtBoot);
    expect(loadedAtBoot.flatMap((path) => importsOf(bundled(path)))).toEqual(['./keys.js']);
  });

  it('has the program of a process beside each file that starts it', () => {
    const program = 'pkcs11-process.js';
    const bundled = paths.filter((path) => path.startsWith('dist/bundle/'));
    const starters = bundled.filter((path) =>
      readFileSync(join(root, path), 'utf8').includes(`new URL('./${program}'`),
    );
    const beside = starters.map((path) => join(dirname(path), program));
    expect(beside.filter((path) => !paths.includes(path))).toEqual([]);
    expect(paths).toEqual(
      expect.arrayContaining(['shared', 'cli'].map((folder) => `dist/bundle/${folder}/${program}`)),
    );
  });

  it.each(documents.filter((path) => path.endsWith('.md')))('holds what %s links to', (path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link!);
    const targets = links.map((link) => join(dirname(path), link));
    expect(targets.filter((target) => !paths.includes(target))).toEqual([]);
  });

  it('holds nothing that looks like a secret or tells of the machine that built it', () => {
    for (const path of paths) {
      expect([path, suspicionsAgainst(readFileSync(join(root, path), 'utf8'))]).toEqual([path, []]);
    }
  });

  it('runs nothing when it is installed', () => {
    const { scripts, gypfile } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
      gypfile?: unknown;
    };
    const hooks = [
      'preinstall',
      'install',
      'postinstall',
      'prepare',
      'preprepare',
      'postprepare',
      'dependencies',
    ];
    expect(hooks.filter((hook) => hook in scripts)).toEqual([]);
    // npm compiles where it finds this.
    expect([gypfile, paths.includes('binding.gyp')]).toEqual([undefined, false]);
  });
});

it.each([
  ['a key', pemOf(makeRsaKey())],
  ['a key in a string', JSON.stringify(pemOf(makeRsaKey()))],
  ['a key without its label', pemOf(makeRsaKey()).replaceAll(/-----.*-----|\n/g, '')],
  ['a token', forge(makeRsaKey(), { alg: 'RS256' }, { sub: 'alice' })],
  ['a password in a URL', 'https://user:password@registry.example/'],
  ['an access token of npm', `npm_${'a1B2'.repeat(9)}`],
  ['a source map', '//# sourceMappingURL=index.js.map'],
  ['a path of this machine', join(root, 'lib/index.ts')],
])('%s would be found', (_, text) => {
  expect(suspicionsAgainst(`const x = 1;\n${text}\n`)).not.toEqual([]);
});

function sourcesOfLib(): string[] {
  return readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `lib/${path}`);
}
