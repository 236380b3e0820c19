import { describe, expect, it } from '@jest/globals';

import { root, run } from '../support/processes.js';

describe('under NODE_ENV=production', () => {
  const importing = (env: Record<string, string>, ...program: string[]) =>
    run(process.execPath, program, { cwd: root, env: { ...process.env, ...env } });

  it.each([
    [
      'import',
      ['--input-type=module', '-e', "import { testKey } from 'nestjs-oidc-key/testing'; testKey('ES256');"],
    ],
    ['require', ['-e', "require('nestjs-oidc-key/testing').testKey('ES256')"]],
  ])('it does not load, by %s', async (_, program) => {
    const refused = await importing(
      { NODE_ENV: 'production' },
      '--disable-warning=ExperimentalWarning',
      ...program,
    );
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('OIDC_KEY_TESTING_IN_PRODUCTION');
    const loaded = await importing({ NODE_ENV: 'test' }, '--disable-warning=ExperimentalWarning', ...program);
    expect([loaded.stderr, loaded.code]).toEqual(['', 0]);
  });
});
