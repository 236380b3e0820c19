import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { FileQueue } from '../../../lib/sources/files/file-queue.js';
import { Files } from '../../../lib/sources/files/files.js';
import { FileSystemDouble } from '../../support/file-system.double.js';
import { MountedSecret } from '../../support/mounted-secret.js';
import { until } from '../../support/waiting.js';

let folder: string;
let path: string;
let fileSystem: FileSystemDouble;
let files: Files;
let changes = 0;
const ends: (() => void)[] = [];

// Longer than any test, so that what is seen is seen by an event; a test of the poll has one of its own.
const never = 600_000;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oidc-key-watch-'));
  path = join(folder, 'key.pem');
  writeFileSync(path, 'first');
  restart(never);
});

afterEach(() => {
  for (const end of ends.splice(0)) end();
  rmSync(folder, { recursive: true, force: true });
});

function restart(pollInterval: number): void {
  fileSystem = new FileSystemDouble();
  files = new Files({ fileSystem, queue: new FileQueue(), pollInterval });
  changes = 0;
}

const read = (name = path) =>
  files
    .ofOneMoment()
    .read(name)
    .then(String, () => 'failed');

function watch(...paths: string[]): () => void {
  const end = files.watch(paths, () => (changes += 1));
  ends.push(end);
  return end;
}

/** Until a watch has nothing to do but to wait for events. */
async function settled(): Promise<void> {
  let begun = -1;
  await until(async () => {
    const isQuiet = fileSystem.begun.length === begun && fileSystem.running === 0;
    begun = fileSystem.begun.length;
    await wait(200);
    return isQuiet;
  });
}

describe('a watch', () => {
  it.each<[string, () => void]>([
    ['a file that is written', () => writeFileSync(path, 'second')],
    [
      'a file that is replaced',
      () => {
        writeFileSync(`${path}.new`, 'second');
        renameSync(`${path}.new`, path);
      },
    ],
    ['a file that is removed', () => rmSync(path)],
  ])('tells of %s, once', async (_, change) => {
    watch(path);
    await settled();
    change();
    await until(() => changes === 1);
    await settled();
    expect(changes).toBe(1);
  });

  it('tells of every swap of a mounted secret', async () => {
    const secret = new MountedSecret({ a: 'a1', b: 'b1' });
    watch(secret.path('a'), secret.path('b'));
    await settled();
    for (const round of [1, 2, 3]) {
      secret.swap({ a: `a${round}+`, b: `b${round}+` });
      await until(() => changes === round);
      await settled();
      expect(changes).toBe(round);
    }
    secret.remove();
  });

  it('tells of a file that comes', async () => {
    const late = join(folder, 'late.pem');
    watch(late);
    await settled();
    writeFileSync(late, 'there');
    await until(() => changes === 1);
  });

  it('says nothing where a file is written with what it holds, or another one is', async () => {
    watch(path);
    await settled();
    writeFileSync(path, 'first');
    writeFileSync(join(folder, 'other'), 'second');
    await settled();
    expect(changes).toBe(0);
  });

  it('sees in a while what gives no event: a folder that is replaced', async () => {
    restart(100);
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    writeFileSync(join(inner, 'key.pem'), 'first');
    watch(join(inner, 'key.pem'));
    await until(() => fileSystem.watched.includes(inner));
    renameSync(inner, join(folder, 'old'));
    await until(() => changes === 1);
    mkdirSync(inner);
    writeFileSync(join(inner, 'key.pem'), 'second');
    await until(() => changes === 2);
  });

  it('begins to watch a folder again after a change, so that the next one gives an event', async () => {
    restart(100);
    watch(path);
    await until(() => fileSystem.watched.length === 1);
    writeFileSync(path, 'second');
    await until(() => changes === 1 && fileSystem.watched.length === 2);
    await until(() => fileSystem.openWatchers === 1);
  });

  // Whatever falls between any two operations of the two is seen by one of them.
  it.each([
    ['before a file is read', -1],
    ['when it is looked at', 2],
    ['when it is being read', 5],
  ])('that begins %s misses no change in between', async (_, start) => {
    const operations = async (moment: number) => {
      restart(never);
      writeFileSync(path, 'first');
      let begun = 0;
      fileSystem.before = () => {
        const now = begun++;
        if (now === moment) writeFileSync(path, 'second');
        if (now === start) watch(path);
      };
      if (start === -1) watch(path);
      const content = await read();
      if (moment === Infinity) await settled();
      else await until(() => content === 'second' || changes > 0);
      for (const end of ends.splice(0)) end();
      return fileSystem.begun.length;
    };
    const count = await operations(Infinity);
    expect(count).toBeGreaterThan(10);
    for (let moment = 0; moment < count; moment++) await operations(moment);
  });

  it('knows what was read before it began', async () => {
    expect(await read()).toBe('first');
    writeFileSync(path, 'second');
    watch(path);
    await until(() => changes === 1);
    expect(await read()).toBe('second');
    await settled();
    expect(changes).toBe(1);
  });

  it('does not tell without end of a file that is read from elsewhere than it is compared', async () => {
    const secret = new MountedSecret({ a: 'a1' });
    const beside = join(secret.folder, 'beside');
    writeFileSync(beside, 'not in ..data');
    const end = files.watch([beside], () => {
      changes += 1;
      void read(beside);
    });
    ends.push(end);
    expect(await read(beside)).toBe('failed');
    await settled();
    expect(changes).toBeLessThan(3);
    secret.remove();
  });

  it('never opens what is no regular file, nor watches its folder', async () => {
    restart(50);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    watch(pipe, '/dev/null', '/dev/zero');
    await wait(500);
    expect(fileSystem.begun.length).toBeGreaterThan(6);
    expect(fileSystem.begun.filter((operation) => !operation.startsWith('stat '))).toEqual([]);
    expect(fileSystem.watched).toEqual([]);
    expect(changes).toBe(0);
  });

  it('compares one at a time, however often it is asked to', async () => {
    restart(1);
    watch(path);
    await wait(200);
    const compared = fileSystem.begun.filter((operation) => operation === `stat ${path}`).length;
    const opened = fileSystem.begun.filter((operation) => operation === `open ${path}`).length;
    expect(compared - opened).toBeLessThan(2);
    expect(fileSystem.mostRunning).toBe(1);
  });

  it('of no files does nothing', () => {
    watch()();
    expect(fileSystem.begun).toEqual([]);
  });
});

describe('a watch that has ended', () => {
  it.each(['stat', 'open', 'read', 'close'] as const)(
    'while a comparison is in %s tells nothing, and leaves nothing open',
    async (operation) => {
      const end = watch(path);
      await settled();
      fileSystem.hang((hanging) => hanging === operation);
      writeFileSync(path, 'second');
      await until(() => fileSystem.running === 1);
      end();
      const before = changes;
      fileSystem.comeBack();
      await settled();
      expect(changes).toBe(before);
      if (operation !== 'close') expect(changes).toBe(0);
      expect([fileSystem.openWatchers, fileSystem.openHandles]).toEqual([0, 0]);
      writeFileSync(path, 'third');
      await settled();
      expect(changes).toBe(before);
    },
  );

  it('before its first comparison opens no watcher', async () => {
    watch(path)();
    await settled();
    expect([changes, fileSystem.watched]).toEqual([0, []]);
  });

  it('by whoever is told opens no watcher after', async () => {
    const end = files.watch([path], () => {
      changes += 1;
      end();
    });
    await settled();
    writeFileSync(path, 'second');
    await until(() => changes === 1);
    await settled();
    expect([fileSystem.watched.length, fileSystem.openWatchers]).toEqual([1, 0]);
  });
});
