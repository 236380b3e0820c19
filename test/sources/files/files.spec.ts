import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { afterAll, describe, expect, it } from '@jest/globals';

import { FileQueue } from '../../../lib/sources/files/file-queue.js';
import { Files } from '../../../lib/sources/files/files.js';
import { longestTurnDuring } from '../../fuzz/turns.js';
import { FileSystemDouble } from '../../support/file-system.double.js';
import { MountedSecret } from '../../support/mounted-secret.js';

const secret = 'c2VjcmV0IGNvbnRlbnQ\n';
const megabyte = 1_048_576;
const folder = mkdtempSync(join(tmpdir(), 'oidc-key-files-'));
const pathOf = (name: string) => join(folder, name);

const fileOf = (name: string, content: string | Buffer) => {
  writeFileSync(pathOf(name), content);
  return pathOf(name);
};
const linkTo = (name: string, target: string) => {
  symlinkSync(target, pathOf(name));
  return pathOf(name);
};
const pipe = (name: string) => {
  execFileSync('mkfifo', [pathOf(name)]);
  return pathOf(name);
};
const writers: ChildProcess[] = [];
/** Who writes is another process: in this one, opening a pipe would wait for its reader. */
const write = (path: string, shell: string) => {
  writers.push(spawn('sh', ['-c', shell, 'sh', path], { stdio: 'ignore' }));
  return path;
};

const mounted = new MountedSecret({ 'key.pem': secret });

afterAll(() => {
  // One whose reader has given up waits for another.
  for (const writer of writers) writer.kill('SIGKILL');
  rmSync(folder, { recursive: true });
  mounted.remove();
});

/** The content, or the code of the error. */
async function outcomeOf(reading: Promise<Buffer>): Promise<string> {
  try {
    return (await reading).toString('latin1');
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return (error as NodeJS.ErrnoException).code!;
  }
}

/** Files that wait long enough for a child process on a busy machine, but not for what never comes. */
const patient = { timeLimit: 10_000 };
const impatient = { timeLimit: 300 };

const socket = () => {
  const server = createServer().listen(pathOf('socket'));
  server.unref();
  return pathOf('socket');
};

describe('a file of every kind', () => {
  const kinds: [string, () => string, string, { timeLimit: number }][] = [
    ['a regular file', () => fileOf('regular', secret), secret, patient],
    ['an empty file', () => fileOf('empty', ''), '', patient],
    ['a file without a size of its own', () => '/proc/sys/kernel/ostype', 'Linux\n', patient],
    ['a link to a file', () => linkTo('link', fileOf('linked', secret)), secret, patient],
    ['a file through the link ..data', () => mounted.path('key.pem'), secret, patient],
    ['1 MB', () => fileOf('large', Buffer.alloc(megabyte, 'a')), 'a'.repeat(megabyte), patient],
    ['1 byte more', () => fileOf('too-large', Buffer.alloc(megabyte + 1, 'a')), 'EFBIG', patient],
    ['a folder', () => folder, 'EISDIR', patient],
    ['a link to a folder', () => linkTo('to-folder', folder), 'EISDIR', patient],
    ['a missing file', () => pathOf('missing'), 'ENOENT', patient],
    ['a link to a missing file', () => linkTo('to-missing', pathOf('missing')), 'ENOENT', patient],
    ['a link to itself', () => linkTo('loop', pathOf('loop')), 'ELOOP', patient],
    ['a file in a file', () => join(fileOf('no-folder', ''), 'key.pem'), 'ENOTDIR', patient],
    ['a path that holds a key', () => '-----BEGIN\0PRIVATE KEY', 'ERR_INVALID_ARG_VALUE', patient],
    ['a pipe with a writer', () => write(pipe('p1'), `printf '${secret}' > "$1"`), secret, patient],
    [
      'a pipe whose writer comes late, and takes its time',
      () => write(pipe('p2'), `sleep 0.3; { printf c2Vjcm; sleep 0.3; printf V0; } > "$1"`),
      'c2VjcmV0',
      patient,
    ],
    ['a pipe whose writer says nothing', () => write(pipe('p3'), `sleep 0.5 > "$1"`), '', patient],
    ['a pipe that does not end', () => write(pipe('p4'), `yes > "$1"`), 'EFBIG', patient],
    ['a pipe without a writer', () => pipe('p5'), 'ETIMEDOUT', impatient],
    [
      'a pipe that is not closed',
      () => write(pipe('p6'), `{ printf c2Vjcm; sleep 30; } > "$1"`),
      'ETIMEDOUT',
      { timeLimit: 1_000 },
    ],
    ['/dev/null', () => '/dev/null', '', patient],
    ['/dev/zero', () => '/dev/zero', 'EFBIG', patient],
    ['a socket', socket, 'ENXIO', patient],
  ];

  it.each(kinds)(
    '%s is read or refused in time, and the event loop goes on',
    async (_, prepare, expected, options) => {
      const path = prepare();
      let outcome = '';
      const longest = await longestTurnDuring(async () => {
        outcome = await outcomeOf(new Files(options).ofOneMoment().read(path));
      });
      expect(outcome === expected).toBe(true);
      expect(longest).toBeLessThan(250);
    },
  );

  it('lets timers run while it waits for a pipe', async () => {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 10);
    await outcomeOf(new Files(impatient).ofOneMoment().read(pipe('ticking')));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
  });

  it('reads no more of a file that is too large than its size', async () => {
    const fileSystem = new FileSystemDouble();
    const path = fileOf('much-too-large', '');
    execFileSync('truncate', ['-s', '1T', path]);
    const files = new Files({ fileSystem, queue: new FileQueue() });
    expect(await outcomeOf(files.ofOneMoment().read(path))).toBe('EFBIG');
    expect(fileSystem.begun.filter((operation) => operation.startsWith('read '))).toEqual([]);
  });

  it('says neither content nor path in an error', async () => {
    const path = fileOf('-----BEGIN PRIVATE KEY', secret.repeat(megabyte / 10));
    for (const place of [path, join(path, 'in-it'), `${path}-missing`]) {
      const error: unknown = await new Files()
        .ofOneMoment()
        .read(place)
        .catch((reason: unknown) => reason);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/BEGIN|c2VjcmV0/);
    }
  });
});

describe('what is no regular file', () => {
  it('is read once, and its content given again, to whoever asks at the same time too', async () => {
    const files = new Files(patient);
    const path = write(pipe('once'), `printf '${secret}' > "$1"`);
    const both = [files.ofOneMoment().read(path), files.ofOneMoment().read(path)];
    expect((await Promise.all(both)).map(String)).toEqual([secret, secret]);
    rmSync(path);
    const again = await files.ofOneMoment().read(path);
    expect(String(again)).toBe(secret);
    again.fill(0);
    expect(String(await files.ofOneMoment().read(path))).toBe(secret);
  });

  it('is read again after a failure', async () => {
    const files = new Files(patient);
    const path = write(pipe('failed-once'), 'exec yes > "$1"');
    const ended = once(writers.at(-1)!, 'close');
    expect(await outcomeOf(files.ofOneMoment().read(path))).toBe('EFBIG');
    await ended;
    write(path, `printf '${secret}' > "$1"`);
    expect(await outcomeOf(files.ofOneMoment().read(path))).toBe(secret);
  });

  it('does not keep other files waiting', async () => {
    const files = new Files({ timeLimit: 2_000 });
    const order: string[] = [];
    const waiting = outcomeOf(files.ofOneMoment().read(pipe('slow'))).then((code) => order.push(code));
    await outcomeOf(files.ofOneMoment().read(fileOf('fast', secret))).then((content) => order.push(content));
    await waiting;
    expect(order).toEqual([secret, 'ETIMEDOUT']);
  });

  it('is kept where nobody sees it', async () => {
    const files = new Files(patient);
    const moment = files.ofOneMoment();
    await moment.read(write(pipe('hidden'), `printf '${secret}' > "$1"`));
    const everything = [files, moment, Object.assign({}, files)]
      .map((value) => inspect(value, { depth: 9, showHidden: true, getters: true }) + JSON.stringify(value))
      .join('');
    expect(everything).not.toMatch(/c2VjcmV0|63 32 56 6a/);
  });
});

describe('files of one moment', () => {
  it('come from the folder that the link ..data named first', async () => {
    const secrets = new MountedSecret({ a: 'a1', b: 'b1' });
    const files = new Files(patient);
    const moment = files.ofOneMoment();
    expect(String(await moment.read(secrets.path('a')))).toBe('a1');
    expect(await moment.areOfOneMoment()).toBe(true);
    secrets.swap({ a: 'a2', b: 'b2' });
    expect(await outcomeOf(moment.read(secrets.path('b')))).toBe('ENOENT');
    expect(await moment.areOfOneMoment()).toBe(false);
    const next = files.ofOneMoment();
    expect(String(await next.read(secrets.path('b')))).toBe('b2');
    expect(await next.areOfOneMoment()).toBe(true);
    secrets.remove();
  });

  it('of an ordinary folder are of one moment', async () => {
    mkdirSync(pathOf('ordinary'));
    const moment = new Files(patient).ofOneMoment();
    await moment.read(fileOf('ordinary/a', secret));
    fileOf('ordinary/a', 'other');
    expect(await moment.areOfOneMoment()).toBe(true);
  });

  it('follow the link once for each folder', async () => {
    const fileSystem = new FileSystemDouble();
    const moment = new Files({ fileSystem, queue: new FileQueue() }).ofOneMoment();
    const names = ['a', 'b', 'c'].map((name) => fileOf(`followed-${name}`, secret));
    await Promise.all(names.map((name) => moment.read(name)));
    expect(fileSystem.begun.filter((operation) => operation.startsWith('readlink'))).toHaveLength(1);
  });
});
