import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from '@jest/globals';

import type { KeySetDocument } from '../../../lib/core/key-set/key-set-document.js';
import { readKeySet } from '../../../lib/core/key-set/read-key-set.js';
import { runNow } from '../../../lib/core/key/steps.js';
import { cleanEnvironment, commandLine, run } from '../../support/processes.js';

const top = mkdtempSync(join(tmpdir(), 'oidc-key-two-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));

/** More by hand: ROUNDS=1000. */
const rounds = Number(process.env.ROUNDS ?? 24);

const cli = (...args: string[]) =>
  run(process.execPath, [commandLine, ...args], { cwd: top, env: cleanEnvironment() });

it(`in ${rounds} rounds, of two processes that rotate and one that revokes at once no revocation is lost, and one key is made`, async () => {
  const file = join(top, 'keys.json');
  const store = `file:${file}`;
  const document = () => JSON.parse(readFileSync(file, 'utf8')) as KeySetDocument;
  const kids = () => document().keys.filter(({ revoked }) => !revoked);
  expect((await cli('init', store, '--algorithm', 'ES256')).code).toBe(0);
  const revoked = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    // One that waits is revoked; two make its successor at the same time, as does whoever is left with none.
    const kid = kids().at(-1)!.kid!;
    const before = document().keys.map((key) => key.kid);
    const results = await Promise.all([
      cli('rotate', store, '--every', '1s'),
      cli('revoke', store, kid),
      cli('rotate', store),
    ]);
    revoked.add(kid);
    const [scheduled, revocation, rotation] = results;
    expect([revocation.code, revocation.stderr]).toEqual([0, '']);
    expect([0, 1]).toContain(rotation.code);
    if (rotation.code === 1) expect(rotation.stderr).toMatch(/^KEY_WAITS/);
    expect(scheduled.code).toBe(0);
    const set = runNow(readKeySet(readFileSync(file, 'utf8'), 'The file'));
    for (const each of revoked) {
      const key = set.named(each);
      expect([key?.revoked !== undefined, key?.hasPrivateHalf]).toEqual([true, false]);
    }
    const now = Date.now() / 1000;
    const unrevoked = kids();
    expect(unrevoked.filter(({ nbf = 0 }) => nbf > now).length).toBeLessThanOrEqual(1);
    expect(unrevoked.some(({ d }) => d !== undefined)).toBe(true);
    // What a revocation makes where none is left, and what a rotation does: no more.
    expect(document().keys.filter((key) => !before.includes(key.kid)).length).toBeLessThanOrEqual(2);
    expect(readdirSync(top)).toEqual(['keys.json']);
  }
}, 7_200_000);

it(`in ${rounds} rounds, of four processes that make the first key one does`, async () => {
  for (let round = 0; round < rounds / 4; round++) {
    const file = join(top, `first-${round}.json`);
    const results = await Promise.all(
      Array.from({ length: 4 }, () => cli('init', `file:${file}`, '--algorithm', 'ES256')),
    );
    expect(
      results
        .map(({ code }) => String(code))
        .toSorted()
        .join(),
    ).toBe('0,1,1,1');
    const [kept] = (JSON.parse(readFileSync(file, 'utf8')) as KeySetDocument).keys;
    expect(results.find(({ code }) => code === 0)!.stdout).toContain(kept!.kid!);
  }
}, 7_200_000);
