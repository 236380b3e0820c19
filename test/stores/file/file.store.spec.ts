import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, describe, expect, it } from '@jest/globals';

import { realFileOperations } from '../../../lib/stores/file/file-operations.js';
import type { FileOperations } from '../../../lib/stores/file/file-operations.js';
import { FileStore } from '../../../lib/stores/file/file.store.js';
import { rejectionOf } from '../../support/errors.js';
import { MountedSecret } from '../../support/mounted-secret.js';
import { cleanEnvironment, root, run } from '../../support/processes.js';

const top = mkdtempSync(join(tmpdir(), 'oidc-key-store-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));
const newFolder = () => mkdtempSync(join(top, 'folder-'));
const modeOf = (file: string) => statSync(file).mode & 0o777;
const codeOf = async (attempt: () => Promise<unknown>) => (await rejectionOf(attempt())).code;
const isRoot = process.getuid?.() === 0;

/** The file system, where something else happens in place of each call of one operation. */
function operationsWith(
  name: keyof FileOperations,
  instead: (call: () => Promise<unknown>) => Promise<unknown>,
): FileOperations {
  return new Proxy(realFileOperations, {
    get: (target, member) =>
      member === name
        ? (...args: unknown[]) => instead(() => Reflect.apply(target[name], target, args) as Promise<unknown>)
        : (Reflect.get(target, member) as unknown),
  });
}

/** The version of what the store holds. */
async function versionIn(store: FileStore): Promise<string> {
  const found = await store.read();
  return found!.version;
}

/** A store that holds a text, and where it is. */
function storeWith(text: string, options: ConstructorParameters<typeof FileStore>[1] = {}) {
  const folder = newFolder();
  const file = join(folder, 'keys.json');
  writeFileSync(file, text, { mode: 0o600 });
  return { folder, file, store: new FileStore(file, options) };
}

describe('FileStore', () => {
  it('has nothing where no file is, and makes one that only its owner can read', async () => {
    const folder = newFolder();
    const file = join(folder, 'keys.json');
    const store = new FileStore(file);
    expect(await store.read()).toBeUndefined();
    expect(await store.write('first', undefined)).toBe(true);
    expect([readFileSync(file, 'utf8'), modeOf(file)]).toEqual(['first\n', 0o600]);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('gives what was written, and another version for another text', async () => {
    const { store, file, folder } = storeWith('one');
    const version = await versionIn(store);
    expect(await store.write('two', version)).toBe(true);
    expect(await store.read()).toEqual({ text: 'two\n', version: expect.not.stringContaining(version) });
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['two\n', ['keys.json']]);
  });

  it.each([
    ['another text', 'other'],
    ['a text where nothing was', undefined],
  ])('writes nothing over %s', async (_, before) => {
    const { store, file, folder } = storeWith(before ?? 'made meanwhile');
    const version = await versionIn(store);
    if (before !== undefined) writeFileSync(file, 'somebody else');
    const content = readFileSync(file, 'utf8');
    expect(await store.write('mine', before === undefined ? undefined : version)).toBe(false);
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual([content, ['keys.json']]);
  });

  it('writes nothing where the file is gone', async () => {
    const { store, file } = storeWith('one');
    const version = await versionIn(store);
    rmSync(file);
    expect(await store.write('two', version)).toBe(false);
    expect(existsSync(file)).toBe(false);
  });

  it('makes no file over one that somebody makes in the last moment, who knows no lock', async () => {
    const folder = newFolder();
    const file = join(folder, 'keys.json');
    const operations: FileOperations = {
      ...realFileOperations,
      link: (from, to) => {
        writeFileSync(file, 'theirs');
        return realFileOperations.link(from, to);
      },
    };
    expect(await new FileStore(file, { operations }).write('mine', undefined)).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe('theirs');
  });

  it('makes a file where the file system has no links', async () => {
    const folder = newFolder();
    const file = join(folder, 'keys.json');
    const link = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTSUP' }));
    const store = new FileStore(file, { operations: { ...realFileOperations, link } });
    expect(await store.write('mine', undefined)).toBe(true);
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['mine\n', ['keys.json']]);
  });

  it.each([0o600, 0o640, 0o440, 0o666])('keeps the mode %o', async (mode) => {
    const { store, file } = storeWith('one');
    chmodSync(file, mode);
    expect(await store.write('two', await versionIn(store))).toBe(true);
    expect(modeOf(file)).toBe(mode);
  });

  (isRoot ? it : () => undefined)('keeps the owner and the group', async () => {
    const { store, file } = storeWith('one');
    chownSync(file, 1234, 2345);
    expect(await store.write('two', await versionIn(store))).toBe(true);
    const { uid, gid, mode } = statSync(file);
    expect([uid, gid, mode & 0o777]).toEqual([1234, 2345, 0o600]);
  });

  it('reads UTF-16, and a key in DER as base64', async () => {
    const { store, file } = storeWith('');
    writeFileSync(file, Buffer.from('\uFEFF{"keys":[]}', 'utf16le'));
    expect((await store.read())!.text).toBe('{"keys":[]}');
  });

  describe('behind links', () => {
    it('replaces the file that a link leads to, and leaves the link', async () => {
      const { file, folder } = storeWith('one');
      const links = newFolder();
      symlinkSync(file, join(links, 'first'));
      symlinkSync('first', join(links, 'second'));
      const store = new FileStore(join(links, 'second'));
      expect(await store.write('two', await versionIn(store))).toBe(true);
      expect(lstatSync(join(links, 'second')).isSymbolicLink()).toBe(true);
      expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['two\n', ['keys.json']]);
      expect(readdirSync(links).toSorted()).toEqual(['first', 'second']);
    });

    it('makes the file that a link leads to', async () => {
      const folder = newFolder();
      symlinkSync('absent.json', join(folder, 'link'));
      const store = new FileStore(join(folder, 'link'));
      expect(await store.read()).toBeUndefined();
      expect(await store.write('first', undefined)).toBe(true);
      expect(readFileSync(join(folder, 'absent.json'), 'utf8')).toBe('first\n');
      expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    });

    it('replaces a file in the folder of a mounted secret, and writes nothing once it was swapped', async () => {
      const mounted = new MountedSecret({ 'keys.json': 'one' });
      const store = new FileStore(mounted.path('keys.json'));
      const version = await versionIn(store);
      expect(await store.write('two', version)).toBe(true);
      expect(readFileSync(realpathSync(mounted.path('keys.json')), 'utf8')).toBe('two\n');
      mounted.swap({ 'keys.json': 'three' });
      expect(await store.write('four', version)).toBe(false);
      expect(readFileSync(mounted.path('keys.json'), 'utf8')).toBe('three');
      mounted.remove();
    });

    it('gives up a circle of links', async () => {
      const folder = newFolder();
      symlinkSync('b', join(folder, 'a'));
      symlinkSync('a', join(folder, 'b'));
      const store = new FileStore(join(folder, 'a'));
      expect(await codeOf(() => store.read())).toBe('KEY_STORE_NOT_READ');
      expect(await codeOf(() => store.write('x', undefined))).toBe('KEY_STORE_NOT_WRITTEN');
      expect(readdirSync(folder).toSorted()).toEqual(['a', 'b']);
    });
  });

  describe('that cannot be had', () => {
    it('a folder that is not there is no store without keys', async () => {
      const store = new FileStore(join(newFolder(), 'absent', 'keys.json'));
      await expect(store.read()).rejects.toMatchObject({
        code: 'KEY_STORE_NOT_READ',
        message: expect.stringMatching(/^The folder of file:.* is not there\. Make it, or mount it\.$/),
      });
      expect(await codeOf(() => store.write('x', undefined))).toBe('KEY_STORE_NOT_WRITTEN');
    });

    it('a folder in place of the file', async () => {
      const store = new FileStore(newFolder());
      await expect(store.read()).rejects.toMatchObject({ message: expect.stringContaining('(EISDIR)') });
    });

    it('a pipe', async () => {
      const pipe = join(newFolder(), 'pipe');
      expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
      const writing = run('sh', ['-c', `echo text > '${pipe}'`]);
      const store = new FileStore(pipe);
      const version = await versionIn(store);
      await writing;
      expect(await codeOf(() => store.write('x', version))).toBe('KEY_STORE_NOT_WRITTEN');
      expect(lstatSync(pipe).isFIFO()).toBe(true);
    });

    it.each([
      ['EROFS', 'KEY_STORE_READ_ONLY', /mounted read-only/],
      ['EBUSY', 'KEY_STORE_MOUNTED_FILE', /Mount the folder/],
      ['EACCES', 'KEY_STORE_NOT_WRITTEN', /allowed to write into its folder/],
      ['EPERM', 'KEY_STORE_NOT_WRITTEN', /of the same user/],
      ['ENOSPC', 'KEY_STORE_NOT_WRITTEN', /\(ENOSPC\)/],
    ] as const)(
      '%s is %s, wherever it is met, and leaves the file and nothing beside it',
      async (code, kind, message) => {
        const failing = ['mkdir', 'open', 'rename'] as const;
        for (const name of failing) {
          for (const count of [1, 2]) {
            const { file, folder } = storeWith('one');
            let calls = 0;
            const operations = operationsWith(name, (call) =>
              ++calls === count ? Promise.reject(Object.assign(new Error('secret'), { code })) : call(),
            );
            const store = new FileStore(file, { operations });
            const version = await versionIn(store);
            if (name === 'mkdir' && count === 2) continue;
            await expect(store.write('two', version)).rejects.toMatchObject({
              code: kind,
              message: expect.stringMatching(message),
            });
            expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['one', ['keys.json']]);
          }
        }
      },
    );
  });

  const canMount = isRoot && spawnSync('unshare', ['-m', 'true']).status === 0 ? it : () => undefined;

  const mounted = async (setUp: string, file: string) => {
    const script = `
      import { FileStore } from ${JSON.stringify(join(root, 'dist/stores/file/file.store.js'))};
      const store = new FileStore(${JSON.stringify(file)});
      const { version } = await store.read();
      try { console.log(await store.write('two', version)); } catch ({ code }) { console.log(code); }`;
    const { stdout, stderr } = await run('unshare', [
      '-m',
      'sh',
      '-euc',
      `${setUp}\nexec "$0" --input-type=module -e "$1"`,
      process.execPath,
      script,
    ]);
    return [stdout.trim(), stderr];
  };

  canMount('a real file that is mounted by itself is KEY_STORE_MOUNTED_FILE', async () => {
    const { file } = storeWith('one');
    const { folder } = storeWith('other');
    const target = join(folder, 'keys.json');
    const setUp = `mount --bind '${file}' '${target}'`;
    expect(await mounted(setUp, target)).toEqual(['KEY_STORE_MOUNTED_FILE', '']);
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['one', ['keys.json']]);
  });

  canMount('a real folder that is mounted read-only is KEY_STORE_READ_ONLY', async () => {
    const { file, folder } = storeWith('one');
    const setUp = `mount --bind '${folder}' '${folder}'; mount -o remount,bind,ro '${folder}'`;
    expect(await mounted(setUp, file)).toEqual(['KEY_STORE_READ_ONLY', '']);
    expect(readFileSync(file, 'utf8')).toBe('one');
  });
});

describe('several writers', () => {
  it('of one version one wins, and the others know that they have not', async () => {
    for (let round = 0; round < 20; round++) {
      const { file, store, folder } = storeWith('one');
      const version = await versionIn(store);
      const writers = Array.from({ length: 8 }, (_, index) => new FileStore(file).write(`${index}`, version));
      const results = await Promise.all(writers);
      expect(results.filter(Boolean)).toHaveLength(1);
      expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual([
        `${results.indexOf(true)}\n`,
        ['keys.json'],
      ]);
    }
  });

  it('of a file that is not there, too', async () => {
    for (let round = 0; round < 20; round++) {
      const file = join(newFolder(), 'keys.json');
      const results = await Promise.all(
        Array.from({ length: 8 }, (_, index) => new FileStore(file).write(`${index}`, undefined)),
      );
      expect(results.filter(Boolean)).toHaveLength(1);
      expect(readFileSync(file, 'utf8')).toBe(`${results.indexOf(true)}\n`);
    }
  });

  const lockOf = (file: string, token: string) => {
    mkdirSync(`${file}.lock`);
    writeFileSync(join(`${file}.lock`, token), 'half a key s');
  };
  const place = hostname()
    .replaceAll(/[^\w.-]/g, '_')
    .slice(0, 100);
  const deadProcess = () => spawnSync('true').pid;

  it('waits for another one that lives, and says so in the end', async () => {
    const { file, store } = storeWith('one', { times: { stale: 60_000, patience: 200 } });
    lockOf(file, `${place}~${process.pid}~x`);
    const version = await versionIn(store);
    expect(await codeOf(() => store.write('two', version))).toBe('KEY_STORE_BUSY');
    expect(readFileSync(file, 'utf8')).toBe('one');
    const later = new FileStore(file).write('two', version);
    await wait(50);
    rmSync(`${file}.lock`, { recursive: true });
    expect(await later).toBe(true);
  });

  it('takes over the lock of a process of this machine that is gone, at once', async () => {
    const { file, store, folder } = storeWith('one', { times: { stale: 60_000, patience: 60_000 } });
    lockOf(file, `${place}~${deadProcess()}~x`);
    expect(await store.write('two', await versionIn(store))).toBe(true);
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['two\n', ['keys.json']]);
  });

  it.each([
    ['of another machine', 'elsewhere~1~x'],
    ['of whoever', 'what'],
  ])('takes over the lock %s where nothing happens to it', async (_, token) => {
    const { file, store, folder } = storeWith('one', { times: { stale: 100, patience: 60_000 } });
    lockOf(file, token);
    expect(await store.write('two', await versionIn(store))).toBe(true);
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['two\n', ['keys.json']]);
  });

  it('takes an empty lock for nobody’s', async () => {
    const { file, store, folder } = storeWith('one', { times: { stale: 60_000, patience: 0 } });
    mkdirSync(`${file}.lock`);
    expect(await store.write('two', await versionIn(store))).toBe(true);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('where a lock is taken over, its former owner writes nothing, at whatever step it wakes up', async () => {
    const steps = ['readdir', 'lstat', 'open', 'rename', 'unlink'] as const;
    let wokenAfterTakeOver = 0;
    for (const name of steps) {
      for (let count = 1; count <= 3; count++) {
        const { file, folder } = storeWith('one');
        let calls = 0;
        const operations = operationsWith(name, async (call) => {
          // It slept for so long that another one has taken its lock for that of a dead process, and written.
          if (++calls === count && existsSync(`${file}.lock`) && readdirSync(`${file}.lock`).length > 0) {
            wokenAfterTakeOver++;
            const other = new FileStore(file, { times: { stale: 0, patience: 60_000 } });
            expect(await other.write('theirs', await versionIn(other))).toBe(true);
          }
          return call();
        });
        const store = new FileStore(file, { operations });
        const version = await versionIn(store);
        const isWritten = await store.write('mine', version);
        const content = readFileSync(file, 'utf8');
        const isTheirs = content === 'theirs\n';
        expect([isWritten, content]).toEqual(isTheirs ? [false, content] : [true, 'mine\n']);
        expect(readdirSync(folder)).toEqual(['keys.json']);
      }
    }
    expect(wokenAfterTakeOver).toBeGreaterThan(3);
  });

  it('removes what killed writers left, and nothing of those that live', async () => {
    const { file, store, folder } = storeWith('one');
    const left = (token: string) => {
      mkdirSync(`${file}.lock-${token}`);
      writeFileSync(join(`${file}.lock-${token}`, 'x'), 'half');
    };
    left(`${place}~${deadProcess()}~a`);
    left(`${place}~${deadProcess()}~b-taken`);
    left(`${place}~${process.pid}~c`);
    left('elsewhere~1~d');
    left('elsewhere~1~e');
    const anHourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(`${file}.lock-elsewhere~1~d`, anHourAgo, anHourAgo);
    expect(await store.write('two', await versionIn(store))).toBe(true);
    expect(readdirSync(folder).toSorted()).toEqual([
      'keys.json',
      'keys.json.lock-elsewhere~1~e',
      `keys.json.lock-${place}~${process.pid}~c`,
    ]);
  });

  it.each([
    ['over a text', 'one'],
    ['where nothing was', undefined],
  ])(
    'a writer %s that is killed between any two steps leaves the old text or the new one, and is no hindrance',
    async (_, before) => {
      const text = 'x'.repeat(5000);
      let steps = Infinity;
      let survived = 0;
      for (let step = 0; step <= steps; step++) {
        const folder = newFolder();
        const file = join(folder, 'keys.json');
        if (before !== undefined) writeFileSync(file, before, { mode: 0o600 });
        const version = before === undefined ? '' : await versionIn(new FileStore(file));
        const { stdout, code } = await run(
          process.execPath,
          [join(root, 'test/support/killed-writer.mjs'), file, text, version, String(step)],
          { env: cleanEnvironment() },
        );
        if (code === 0) ({ steps } = JSON.parse(stdout) as { steps: number });
        const content = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
        expect([before, `${text}\n`]).toContain(content);
        if (content !== undefined) expect(modeOf(file)).toBe(0o600);
        if (content !== before) survived++;
        const next = new FileStore(file, { times: { stale: 60_000, patience: 5_000 } });
        const found = await next.read();
        expect(await next.write('next', found?.version)).toBe(true);
        expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['next\n', ['keys.json']]);
        if (code === 0) break;
        expect(code).toBe(null);
      }
      expect(steps).toBeGreaterThan(10);
      expect(survived).toBeGreaterThan(1);
    },
    120_000,
  );
});

it('a hard link to the file stays with the old text', async () => {
  const { store, file } = storeWith('one');
  linkSync(file, `${file}.copy`);
  expect(await store.write('two', await versionIn(store))).toBe(true);
  expect(readFileSync(`${file}.copy`, 'utf8')).toBe('one');
});
