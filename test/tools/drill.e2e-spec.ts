import { join } from 'node:path';

import { expect, it } from '@jest/globals';

import { root, run } from '../support/processes.js';

const main = join(root, 'tools/dist/tools/drill/main.js');

interface Row {
  way: string;
  rotations: number;
  verifications: number;
  failed: number;
}

function rowsOf(stdout: string): Row[] {
  const lines = stdout.split('\n').filter((line) => /^\| (?!way|-)/.test(line));
  return lines.map((line) => {
    const [way = '', rotations, , verifications, failed] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return {
      way,
      rotations: Number(rotations),
      verifications: Number(verifications),
      failed: Number(failed),
    };
  });
}

it('no relying party notices a rotation, in any way, while a hard cutover loses tokens', async () => {
  const { code, stdout, stderr } = await run(process.execPath, [main, '--short']);
  expect([stderr, code]).toEqual(['', 0]);

  const rows = rowsOf(stdout);
  const hardCutover = rows.pop();
  const stolen = rows.pop();
  expect(rows.map(({ way, rotations, failed }) => [way, rotations, failed])).toEqual([
    ['next slot, then promote', 1, 0],
    ['next slot, then promote; signed elsewhere', 1, 0],
    ['schedule', 1, 0],
    ['swap of all slots in one ..data', 1, 0],
    ['environment, a restart for each step', 1, 0],
    ['bare replacement of the current key', 1, 0],
  ]);
  for (const { verifications } of rows) expect(verifications).toBeGreaterThan(100);
  expect(stolen?.way).toBe('stolen key revoked, replaced at once');
  expect(stolen?.failed).toBeGreaterThan(0);
  expect(hardCutover?.way).toBe('hard cutover (replace, restart)');
  expect(hardCutover?.failed).toBeGreaterThan(0);
  expect(stdout.match(/replicas killed 1, .* half-written file 1$/gm)).toHaveLength(4);
  expect(stdout).not.toMatch(/eyJ|PRIVATE KEY/);
}, 90_000);
