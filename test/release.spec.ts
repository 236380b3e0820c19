import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from '@jest/globals';

import { cleanEnvironment, root, run } from './support/processes.js';

const version = '1.2.3';
const changes = '# Changelog\n\n## Unreleased\n\n## 1.2.3\n\n- A change.\n';

/** Runs the step before a release in a repository of its own, which has nothing that could be vulnerable. */
async function released({ changelog = changes, tag = 'v1.2.3', leftover = false }) {
  const cwd = mkdtempSync(join(tmpdir(), 'oidc-key-release-'));
  const manifest = { name: 'released', version };
  const lockfile = { ...manifest, lockfileVersion: 3, packages: { '': manifest } };
  writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(cwd, 'package-lock.json'), JSON.stringify(lockfile));
  writeFileSync(join(cwd, 'CHANGELOG.md'), changelog);
  const env = cleanEnvironment({
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.com',
    npm_config_registry: 'http://127.0.0.1:9',
    npm_config_fetch_retries: '0',
  });
  for (const args of [
    ['init', '-q'],
    ['add', '.'],
    ['commit', '-q', '-m', 'a'],
    ['tag', tag],
  ]) {
    await run('git', args, { cwd, env });
  }
  if (leftover) writeFileSync(join(cwd, 'leftover'), '');
  return await run(process.execPath, [join(root, '.ci/release')], { cwd, env });
}

it('a release is let through where everything holds', async () => {
  expect(await released({})).toEqual({ code: 0, stdout: 'audited: no known vulnerabilities\n', stderr: '' });
});

it.each([
  ['a tree with something that is not committed', { leftover: true }, /tree is not clean/],
  ['a commit without the tag of its version', { tag: 'v1.2.2' }, /no tag v1\.2\.3/],
  [
    'a version that the changelog does not have',
    { changelog: changes.replace('1.2.3', '1.2.2') },
    /no chapter for 1\.2\.3/,
  ],
  [
    'changes without a version',
    { changelog: changes.replace('Unreleased', 'Unreleased\n\n- One more.') },
    /under "Unreleased"/,
  ],
])('%s is not released', async (_, state, reason) => {
  const { code, stdout } = await released(state);
  expect([code, stdout]).toEqual([1, expect.stringMatching(reason)]);
});
