import { execFileSync } from 'node:child_process';
import { sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';

import { realFileSystem } from '../../../lib/sources/files/file-access.js';
import { FileQueue } from '../../../lib/sources/files/file-queue.js';
import { Files } from '../../../lib/sources/files/files.js';
import { FileSystemDouble } from '../../support/file-system.double.js';
import type { FileOperation } from '../../support/file-system.double.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { until } from '../../support/waiting.js';

const folder = mkdtempSync(join(tmpdir(), 'oidc-key-hanging-'));
const remote = join(folder, 'remote', 'key.pem');
const local = join(folder, 'local.pem');
mkdirSync(join(folder, 'remote'));
afterAll(() => rmSync(folder, { recursive: true }));

let fileSystem: FileSystemDouble;
let queue: FileQueue;
let files: Files;
/** Another source in the same process. */
let others: Files;

beforeEach(() => {
  writeFileSync(remote, 'remote');
  writeFileSync(local, 'local');
  fileSystem = new FileSystemDouble();
  queue = new FileQueue();
  files = new Files({ timeLimit: 300, fileSystem, queue, pollInterval: 50 });
  others = new Files({ timeLimit: 300, fileSystem, queue });
});

const isRemote = (path: string) => path.includes('remote');

async function outcomeOf(reading: Promise<Buffer>): Promise<string> {
  try {
    return String(await reading);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code!;
  }
}

const read = (path: string, from = files) => outcomeOf(from.ofOneMoment().read(path));

describe('a file system that hangs', () => {
  it.each<FileOperation>(['readlink', 'stat', 'open', 'statOf', 'read', 'close'])(
    'in %s holds one thread at most, and when it comes back things go on',
    async (hanging) => {
      fileSystem.hang((operation, path) => operation === hanging && isRemote(path));
      const first = await Promise.all([read(remote), read(remote), read(local, others)]);
      // What has been read has been read, whether or not it can be closed.
      const isRead = hanging === 'close';
      expect(first).toEqual(isRead ? ['remote', 'remote', 'local'] : Array(3).fill('ETIMEDOUT'));
      const begun = fileSystem.begun.length;
      for (let round = 0; round < 3; round++) {
        expect(await Promise.all([read(remote), read(local), read(local, others)])).toEqual(
          Array(3).fill('ETIMEDOUT'),
        );
      }
      expect(fileSystem.begun.length).toBe(begun);
      expect(fileSystem.mostRunning).toBe(1);

      fileSystem.comeBack();
      await until(() => fileSystem.running === 0);
      expect(await Promise.all([read(remote), read(local), read(local, others)])).toEqual([
        'remote',
        'local',
        'local',
      ]);
      await until(() => fileSystem.openHandles === 0);
      expect(fileSystem.mostRunning).toBe(1);
    },
  );

  it('is not one that was about to answer when a limit came', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (let round = 0; round < 5; round++) {
      // Whether the limit comes in a pause or in an operation is luck.
      const hurried = new Files({ timeLimit: 20 + round, fileSystem: realFileSystem, queue });
      expect(await read(pipe, hurried)).toBe('ETIMEDOUT');
      expect(await read(local, others)).toBe('local');
    }
  });

  it('refuses at once while it is known to hang', async () => {
    fileSystem.hang((operation) => operation === 'stat');
    await read(remote);
    let isOver = false;
    const refused = Promise.all(Array.from({ length: 100 }, () => read(local))).then(() => (isOver = true));
    // Before any limit of theirs.
    await wait(100);
    expect(isOver).toBe(true);
    await refused;
    fileSystem.comeBack();
  });

  it('does not take the time in which the event loop stood still for the time of the file system', async () => {
    const reading = read(local);
    const end = Date.now() + 600;
    while (Date.now() < end);
    expect(await reading).toBe('local');
  });

  it('leaves signing on the thread pool and timers alone', async () => {
    fileSystem.hang((operation) => operation === 'read');
    const reading = Promise.all(Array.from({ length: 20 }, () => read(remote)));
    const { privateKey } = makeKeyPair('rsa', { modulusLength: 2048 });
    const signatures = Array.from({ length: 20 }, () =>
      promisify(sign)('sha256', Buffer.from('signed'), privateKey),
    );
    expect(await Promise.all(signatures)).toHaveLength(20);
    expect(new Set(await reading)).toEqual(new Set(['ETIMEDOUT']));
    fileSystem.comeBack();
  });

  it('is a change to a watch when it begins and when it ends, and each is told once', async () => {
    expect([await read(remote), await read(local)]).toEqual(['remote', 'local']);
    let changes = 0;
    const end = files.watch([local, remote], () => (changes += 1));
    await until(() => fileSystem.watched.length > 0);
    fileSystem.hang((_, path) => isRemote(path));
    await until(() => changes === 1);
    await wait(500);
    expect(changes).toBe(1);
    expect(fileSystem.running).toBe(1);
    fileSystem.comeBack();
    await until(() => changes === 2);
    await wait(500);
    expect(changes).toBe(2);
    end();
    await until(() => fileSystem.openWatchers === 0);
    expect(fileSystem.mostRunning).toBe(1);
  });

  it('has none of its folders watched, since that would stop the event loop', async () => {
    fileSystem.hang((operation, path) => operation === 'stat' && path === join(folder, 'remote'));
    const end = files.watch([local, remote], () => undefined);
    await until(() => fileSystem.begun.includes(`stat ${join(folder, 'remote')}`));
    await wait(600);
    expect(fileSystem.watched).not.toContain(join(folder, 'remote'));
    end();
    fileSystem.comeBack();
  });
});
