import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { root, run } from '../support/processes.js';

const compile = (project: string, ...options: string[]) =>
  run(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    '--noEmit',
    '-p',
    join(root, project),
    ...options,
  ]);

describe('types', () => {
  it('library, tests and sample type-check, with every error that is expected', async () => {
    const { code, stdout } = await compile('tsconfig.json');
    expect([stdout, code]).toEqual(['', 0]);
  }, 60_000);

  it.each([
    ['nodenext', []],
    ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
  ])(
    'the built declarations compile with skipLibCheck off: %s',
    async (_, options) => {
      const { code, stdout } = await compile('test/types/consumer', ...options);
      // Only what our own declarations bring in counts; those of other packages are not ours to mend.
      const ours = stdout
        .split('\n')
        .filter((line) => !line.startsWith('node_modules/') && line.includes('error'));
      expect(ours).toEqual([]);
      if (stdout === '') expect(code).toBe(0);
    },
    60_000,
  );
});
