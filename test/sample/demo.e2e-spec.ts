import { createPrivateKey } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from '@jest/globals';

import { makeRsaKey, pemOf, privateTraces } from '../support/keys.js';
import { cleanEnvironment, root, run } from '../support/processes.js';

const demo = join(root, 'sample-app/dist/demo/demo.js');

const secretsIn = (folder: string) =>
  Object.values(
    JSON.parse(readFileSync(join(folder, 'demo-secrets.json'), 'utf8')) as Record<string, string>,
  );
const keysIn = (folder: string) =>
  (
    JSON.parse(readFileSync(join(folder, 'oidc_keys.json'), 'utf8')) as {
      keys: (JsonWebKey & { kid: string })[];
    }
  ).keys;
const tracesIn = (folder: string) =>
  keysIn(folder).flatMap((key) => privateTraces(createPrivateKey({ key, format: 'jwk' })));

it('the demo makes a key once, rotates it while its client is signed in, and shows no secret', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-demo-'));
  const env = cleanEnvironment({ DEMO_DATA_DIR: folder, LANG: 'C.UTF-8' });

  const first = await run(process.execPath, [demo], { env });
  expect([first.stderr, first.code]).toEqual(['', 0]);
  expect(first.stdout).toMatch(/^ok {2}1 .*made now, by nestjs-oidc-key init$/m);
  expect(first.stdout).toMatch(/ok 24 .*\nThe demonstration is complete\.\n$/);
  expect(statSync(join(folder, 'oidc_keys.json')).mode & 0o777).toBe(0o600);
  const [old, next] = keysIn(folder).map(({ kid }) => kid) as [string, string];
  const kidsOf = (text: string) => [...text.matchAll(/^ok +\d+ .*kid ([\w-]{43})/gm)].map(([, kid]) => kid);
  expect(kidsOf(first.stdout)).toEqual([old, old, next, old, next, next]);
  // What status draws, while the new key waits and when it signs.
  const drawn = [...first.stdout.matchAll(/^ {3}(\S{8})… +RS256 +([─█]+)$/gm)];
  expect(drawn.map(([, kid, line]) => [kid, line!.replaceAll(/(.)\1*/g, '$1')])).toEqual([
    [old.slice(0, 8), '█─'],
    [next.slice(0, 8), '─█'],
    [old.slice(0, 8), '█─'],
    [next.slice(0, 8), '─█'],
  ]);

  const second = await run(process.execPath, [demo], { env });
  expect([second.stderr, second.code]).toEqual(['', 0]);
  expect(second.stdout).toMatch(/^ok {2}1 .*kept from an earlier start$/m);
  expect(second.stdout).toMatch(/^ok 17 .*waits since an earlier demonstration$/m);
  expect(kidsOf(second.stdout)).toEqual(kidsOf(first.stdout));
  expect(keysIn(folder).map(({ kid }) => kid)).toEqual([old, next]);

  for (const secret of [...tracesIn(folder), ...secretsIn(folder), 'eyJ']) {
    expect(first.stdout + second.stdout).not.toContain(secret);
  }
}, 120_000);

it('the demo takes over the key of an earlier version', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-demo-'));
  const key = makeRsaKey();
  writeFileSync(join(folder, 'oidc_private.pem'), pemOf(key), { mode: 0o600 });
  const env = cleanEnvironment({ DEMO_DATA_DIR: folder });
  const { code, stdout, stderr } = await run(process.execPath, [demo], { env });
  expect([stderr, code]).toEqual(['', 0]);
  expect(stdout).toMatch(/^ok {2}1 .*taken over from the file of an earlier version/m);
  expect(keysIn(folder)[0]!.n).toBe(key.export({ format: 'jwk' }).n);
}, 60_000);

it('the demo says which step failed, and exits with 1', async () => {
  const env = cleanEnvironment({ DEMO_DATA_DIR: '/dev/null/nowhere' });
  const { code, stdout, stderr } = await run(process.execPath, [demo], { env });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^failed {2}1 the signing key/);
  expect(stderr).toMatch(/ENOTDIR/);
});
