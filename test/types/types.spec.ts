import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { root, run } from '../support/processes.js';

/** The compilers that are installed, by the name of the package. */
const compilers = [
  ['5.9', 'typescript-5.9'],
  ['6', 'typescript'],
  ['7', 'typescript-7'],
] as const;

const resolutions = [
  ['nodenext', []],
  ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
] as const;

const compile = (compiler: string, project: string, ...options: string[]) =>
  run(process.execPath, [
    join(root, 'node_modules', compiler, 'bin/tsc'),
    '--noEmit',
    '--pretty',
    'false',
    '-p',
    join(root, project),
    ...options,
  ]);

/** Errors begin a line; what explains them is indented. One without a place, as of an option, is kept too. */
const errorsIn = (stdout: string) => stdout.split('\n').filter((line) => /^\S/.test(line));

/**
 * The declarations of 4.3.7 import a type from a chunk that has none; nothing of a JwtService depends on it, which
 * `jmondi-4.3.7.ts` makes sure of. No other package that we are compiled with has an error.
 */
const errorsOfOthers = [
  /^node_modules\/@jmondi\/oauth2-server\/dist\/index\.d\.ts\(\d+,\d+\): error TS7016: .+chunk/,
  /^node_modules\/@jmondi\/oauth2-server\/dist\/request-\w+\.d\.ts\(\d+,\d+\): error TS7016: .+chunk/,
];

describe('types', () => {
  it('library, tests and sample type-check, with every error that is expected', async () => {
    const { code, stdout } = await compile('typescript', 'tsconfig.json');
    expect([stdout, code]).toEqual(['', 0]);
  }, 240_000);

  it('of Node are those that its declarations have had, and have still in version 26', () => {
    const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' });
    const declarations = files.filter((file) => file.endsWith('.d.ts'));
    expect(declarations).toContain('index.d.ts');
    // `JsonWebKey` of node:crypto is in another place there.
    const ofCrypto =
      /\bJsonWebKey\b[^;]*from ['"](?:node:)?crypto['"]|import\(['"](?:node:)?crypto['"]\)\.JsonWebKey/;
    const offenders = declarations.filter((file) =>
      ofCrypto.test(readFileSync(join(root, 'dist', file), 'utf8')),
    );
    expect(offenders).toEqual([]);
  });

  it.each(compilers)('TypeScript %s is the one that is installed as %s', async (version, compiler) => {
    const { stdout } = await run(process.execPath, [join(root, 'node_modules', compiler, 'bin/tsc'), '-v']);
    expect(stdout).toMatch(`Version ${version}.`);
  });

  describe.each(
    compilers.flatMap(([version, compiler]) =>
      resolutions.map(([resolution, options]) => ({ version, resolution, compiler, options })),
    ),
  )(
    'the built declarations, strict, with exactOptionalPropertyTypes and without skipLibCheck, in TypeScript $version with $resolution',
    ({ compiler, options }) => {
      let files: string[] = [];
      let errors: string[] = [];
      const errorsOf = (file: string) => errors.filter((line) => line.startsWith(`test/types/${file}(`));

      beforeAll(async () => {
        const { stdout } = await compile(compiler, 'test/types/consumer', '--listFiles', ...options);
        const lines = errorsIn(stdout);
        errors = lines.filter((line) => line.includes('error TS'));
        files = lines.filter((line) => !line.includes('error TS'));
      }, 240_000);

      it('are what is compiled', () => {
        expect(files).toContain(join(root, 'dist/index.d.ts'));
        expect(files.filter((file) => file.startsWith(join(root, 'lib/')))).toEqual([]);
      });

      it.each(['consumer/consumer.ts', 'jwt-interface.ts', 'jmondi-4.3.7.ts', 'jmondi-5.0.0.ts'])(
        'accept and refuse what they have to: %s',
        (file) => {
          expect(files).toContain(join(root, 'test/types', file));
          expect(errorsOf(file)).toEqual([]);
        },
      );

      it('have no error, and of other packages nobody has but 4.3.7', () => {
        expect(errors).toEqual(errorsOfOthers.map((error) => expect.stringMatching(error)));
      });
    },
  );
});
