import { existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { run } from '../support/processes.js';
import type { Finished } from '../support/processes.js';
import { main, sampleEnvironment, startProcess, startSample } from '../sample/sample-server.js';

const message =
  /^The server did not start\. DATA_DIR holds no database .*\(.+\)\. It has to name a folder that .* may write to, on a disk with room left\.\n$/;

// For a start that hangs.
const limits = { timeout: 20_000, killSignal: 'SIGKILL' } as const;

async function startIn(folder: string): Promise<Finished> {
  const env = await sampleEnvironment({ DATA_DIR: folder });
  return run(process.execPath, [main], { env, ...limits });
}

/** A process whose files may not grow beyond so many kilobytes: each write past it fails, as on a full disk. */
async function startWithRoomFor(kilobytes: number, env: Record<string, string>): Promise<Finished> {
  // The unit of POSIX is half a kilobyte.
  const script = `ulimit -f ${kilobytes * 2}; exec "$0" "$1"`;
  return run('sh', ['-c', script, process.execPath, main], { env, ...limits });
}

describe('the sample does not start, and says in one line which setting to look at', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-key-no-disk-')), 'file');
  writeFileSync(file, '');

  // Permissions do not bind root; these refuse everybody.
  it('with a data folder that nobody can make, or make a file in', async () => {
    const folders = [
      join(file, 'data'),
      file,
      '/dev/full',
      '/proc/data',
      '/proc/data/of/the/sample',
      '/proc/self',
    ];
    for (const { code, stdout, stderr } of await Promise.all(folders.map(startIn))) {
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(message);
    }
  });

  it('with a file in the place of the database that is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oidc-key-no-disk-'));
    writeFileSync(join(folder, 'sample.sqlite'), 'This is no database. '.repeat(1000));
    const { code, stderr } = await startIn(folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  // The last one leaves room for the tables, but not for the first rows.
  it('with a disk that is full from the start, or soon', async () => {
    const starts = [0, 8, 96].map(async (kilobytes) =>
      startWithRoomFor(kilobytes, await sampleEnvironment()),
    );
    for (const { code, stderr } of await Promise.all(starts)) {
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
    }
  });

  it('with a disk that has become full since the last start, but does once there is room', async () => {
    const { server, environment } = await startSample();
    expect(await server.stop()).toBe(0);
    const { code, stderr } = await startWithRoomFor(0, environment);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    const again = await startProcess(environment);
    expect(await again.stop()).toBe(0);
  });
});

it('the sample makes its data folder, and those above it, for nobody else', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'oidc-key-no-disk-')), 'a', 'b');
  const server = await startProcess(await sampleEnvironment({ DATA_DIR: folder }));
  await server.stop();
  expect(existsSync(join(folder, 'sample.sqlite'))).toBe(true);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});
