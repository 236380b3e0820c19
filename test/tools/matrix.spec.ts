import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { rowsOf } from '../../tools/matrix/cell.js';
import type { Cell } from '../../tools/matrix/cell.js';
import { allGroups } from '../../tools/matrix/groups.js';
import { compilers } from '../../tools/matrix/supported.js';
import { failuresOf, tableOf } from '../../tools/matrix/table.js';
import { cleanEnvironment, root, run } from '../support/processes.js';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const groups = allGroups();
const namesIn = (group: string) => groups.find(({ name }) => name === group)!.cells.map((cell) => cell.name);
const matrix = (args: string[], env = cleanEnvironment()) =>
  run(process.execPath, [join(root, 'tools/dist/tools/matrix/main.js'), ...args], { env });

/** `^11.0.0 || ^12.0.0` names 11 and 12. */
const majorsOf = (range: string) => [...range.matchAll(/(\d+)\.\d+\.\d+/g)].map(([, major]) => major!);

describe('the matrix', () => {
  const nests = majorsOf(manifest.peerDependencies['@nestjs/core']);
  const nodes = majorsOf(manifest.engines.node);

  it('boots each major of Nest on each line of Node that the package names, and on both platforms', () => {
    expect([nodes, nests]).toEqual([
      ['20', '22'],
      ['11', '12'],
    ]);
    for (const node of nodes) {
      for (const nest of nests) {
        for (const what of ['express', 'fastify', 'command line']) {
          const cells = namesIn('runtime').filter((name) =>
            new RegExp(`^Node ${node}\\b.*, Nest ${nest}, ${what}`).test(name),
          );
          expect([node, nest, what, cells.length]).toEqual([node, nest, what, 1]);
        }
      }
    }
  });

  it('has the oldest Node that the package names', () => {
    const [, oldest] = /^\^(\d+\.\d+)\.0 /.exec(manifest.engines.node)!;
    expect(namesIn('runtime')).toContainEqual(expect.stringMatching(`^Node ${oldest},`));
  });

  it('compiles in each TypeScript that the type tests have, for each major of Nest', () => {
    const installed = ['typescript-5.9', 'typescript', 'typescript-7'].map((name) => {
      const { version } = JSON.parse(
        readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'),
      ) as { version: string };
      return version;
    });
    expect(installed.map((version) => compilers.find((line) => version.startsWith(line)))).toEqual(compilers);
    for (const compiler of compilers) {
      for (const nest of nests) {
        const start = `TypeScript ${compiler}, Nest ${nest}, `;
        const modules = namesIn('types').filter((name) => name.startsWith(start));
        expect(modules.join()).toMatch(/nodenext.*node16.*bundler.*commonjs/);
      }
    }
  });

  it.each(groups)('has no two cells of one name in $name', ({ cells }) => {
    expect(new Set(cells.map(({ name }) => name)).size).toBe(cells.length);
  });

  const says = (message: string, cell: Partial<Cell> = {}): Cell => ({
    name: message,
    run: () => Promise.reject(new Error(message)),
    ...cell,
  });
  const impossible = { says: /no such option/, reason: 'use another' };

  it('tells what cannot work from what fails', async () => {
    const cells = [
      { name: 'good', run: async () => 'v1' },
      says('broken'),
      says('no such option', { impossible }),
      says('something else', { impossible }),
      { name: 'possible by now', run: async () => undefined, impossible },
    ];
    const rows = await rowsOf([{ name: 'group', about: '', cells }], 2, () => undefined);
    expect(rows.map(({ name, result, note }) => [name, result, note])).toEqual([
      ['good', 'works', 'v1'],
      ['broken', 'FAILS', 'broken'],
      ['no such option', 'cannot work', 'use another'],
      ['something else', 'FAILS', 'something else'],
      ['possible by now', 'works', ''],
    ]);
    expect(tableOf(rows)).toMatch(/^\| group \| broken +\| FAILS +\|/m);
    expect(failuresOf(rows)).toEqual([
      'group, broken:\n  broken',
      'group, something else:\n  something else',
    ]);
  });

  it('ends with 1 where a cell fails, with every row in its table', async () => {
    // Nothing can be packed without npm.
    const { code, stdout, stderr } = await matrix(['pnpm', 'vitest'], cleanEnvironment({ PATH: '' }));
    const rows = stdout.match(/^\| (?!group|-).*FAILS/gm);
    expect([code, rows?.length]).toEqual([1, namesIn('pnpm').length + namesIn('vitest').length]);
    expect(stderr).toMatch(/ENOENT/);
  });

  it('tells its groups, and refuses another', async () => {
    const help = await matrix(['--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    for (const { name } of groups) expect(help.stdout).toContain(`  ${name} `);
    const refused = await matrix(['everything']);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('No group everything.');
  });
});
