import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from '@jest/globals';

import { privateTraces } from '../support/keys.js';
import { cleanEnvironment, root, run } from '../support/processes.js';

const demo = join(root, 'sample-app/dist/demo/demo.js');

it('the demo makes a key once, runs every step, and shows no secret', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-demo-'));
  const env = cleanEnvironment({ DEMO_DATA_DIR: folder });
  const keyFile = join(folder, 'oidc_private.pem');

  const first = await run(process.execPath, [demo], { env });
  expect([first.stderr, first.code]).toEqual(['', 0]);
  expect(first.stdout).toMatch(/ok {2}1 .*made now/);
  expect(first.stdout).toMatch(/ok 17 .*\nThe demonstration is complete\.\n$/);
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  const pem = readFileSync(keyFile, 'utf8');

  const second = await run(process.execPath, [demo], { env });
  expect([second.stderr, second.code]).toEqual(['', 0]);
  expect(second.stdout).toMatch(/ok {2}1 .*kept from an earlier start/);
  expect(readFileSync(keyFile, 'utf8')).toBe(pem);

  const kidsOf = (text: string) => new Set([...text.matchAll(/kid ([\w-]{43})/g)].map(([, kid]) => kid));
  expect(kidsOf(second.stdout)).toEqual(kidsOf(first.stdout));
  expect(kidsOf(first.stdout).size).toBe(1);

  const secrets = Object.values(
    JSON.parse(readFileSync(join(folder, 'demo-secrets.json'), 'utf8')) as Record<string, string>,
  );
  for (const secret of [...privateTraces(createPrivateKey(pem)), ...secrets, 'eyJ']) {
    expect(first.stdout + second.stdout).not.toContain(secret);
  }
}, 60_000);

it('the demo says which step failed, and exits with 1', async () => {
  const env = cleanEnvironment({ DEMO_DATA_DIR: '/dev/null/nowhere' });
  const { code, stdout, stderr } = await run(process.execPath, [demo], { env });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^failed {2}1 the signing key/);
  expect(stderr).toMatch(/ENOTDIR/);
});
