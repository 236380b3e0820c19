import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { jwkOf } from '../support/key-sets.js';
import { pageAt } from '../support/pages.js';
import { cleanEnvironment, root, run } from '../support/processes.js';
import { secretsManagersUnderTest } from '../support/stores/aws/aws-secrets-manager.under-test.js';
import { describeStore } from '../support/stores/store-under-test.js';
import type { RunningStore } from '../support/stores/store-under-test.js';

const [store] = secretsManagersUnderTest;

describeStore(store!, 'the scheduled function of docs/rotate.md', () => {
  let running: RunningStore;
  // Beneath the repository, where the package finds itself by its name.
  const folder = mkdtempSync(join(root, 'dist/function-'));
  beforeAll(async () => {
    running = await store!.start();
  }, 120_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await running?.stop();
  });

  it('rotates what is due, and nothing where nothing is', async () => {
    const { blocks } = pageAt('docs/rotate.md');
    const { code } = blocks.find((block) => block.code.includes('// src/rotate-keys.lambda.ts'))!;
    const file = join(folder, 'handler.mjs');
    writeFileSync(file, `${code}\nprocess.stdout.write(JSON.stringify(await handler()));\n`);
    const place = await running.place();
    const env = cleanEnvironment({ ...place.environment, OIDC_KEY_STORE: place.reference });
    const invoke = async () => {
      const { code: exit, stdout, stderr } = await run(process.execPath, [file], { env });
      return exit === 0 ? (JSON.parse(stdout) as { outcome: string }).outcome : stderr;
    };
    expect(await invoke()).toContain('KEY_SET_MISSING');
    const old = Math.floor(Date.now() / 1000) - 91 * 86_400;
    await place.put(JSON.stringify({ keys: [{ ...jwkOf({ kid: 'old' }), iat: old, nbf: old }] }));
    expect(await invoke()).toBe('written');
    expect(await invoke()).toBe('nothing due');
    expect((JSON.parse((await place.content())!) as { keys: unknown[] }).keys).toHaveLength(2);
  }, 60_000);
});
