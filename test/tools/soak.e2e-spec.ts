import { join } from 'node:path';

import { expect, it } from '@jest/globals';

import { root, run } from '../support/processes.js';

it('the sample answers all of a load while its keys are rotated, and its heap does not grow', async () => {
  const main = join(root, 'tools/dist/tools/soak/main.js');
  const { code, stdout, stderr } = await run(process.execPath, [main, '--short']);
  expect([stderr, code]).toEqual(['', 0]);

  const rows = stdout.match(/^\| [12] .*$/gm)?.map((line) => line.split('|').map((cell) => cell.trim()));
  expect(
    rows?.map(([, half, route, , errors, non2xx, wrong]) => [half, route, errors, non2xx, wrong]),
  ).toEqual([
    ['1', '/.well-known/jwks.json', '0', '0', '0'],
    ['1', '/token', '0', '0', '0'],
    ['2', '/.well-known/jwks.json', '0', '0', '0'],
    ['2', '/token', '0', '0', '0'],
  ]);
  expect(stdout).not.toMatch(/eyJ|PRIVATE KEY/);
}, 120_000);
