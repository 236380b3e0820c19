import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { KeyStoreError } from '../key-store.js';
import { codeOf, unless } from './file-operations.js';
import type { FileOperations } from './file-operations.js';

/** How long others are waited for, in milliseconds. */
export interface LockTimes {
  /** How long one that does not change is taken to be in use, where nothing else says that its owner is gone. */
  readonly stale: number;
  /** How long to wait for it at all. */
  readonly patience: number;
}

export const usualTimes: LockTimes = { stale: 10_000, patience: 30_000 };

const pause = 10;
const longestHostname = 100;
/** Of a writer elsewhere that was killed, in milliseconds: nobody takes that long. */
const oldLeftover = 600_000;

/**
 * A lock beside a file: the folder FILE.lock, and in it the file that is to replace it. The last step of a write renames
 * that file out of the folder, and taking over the lock of a dead process renames the folder away. So a process that was
 * taken for dead and is not cannot write any more: what it would rename is no longer there. Nothing has to be refreshed,
 * and no clock has to be right.
 *
 * The folder is put in place whole, by a rename, which the file system refuses while another one with a file in it is
 * there. An empty one is of nobody.
 */
export class FolderLock {
  readonly #files: FileOperations;
  readonly #target: string;
  readonly #token: string;

  private constructor(target: string, files: FileOperations, token: string) {
    this.#files = files;
    this.#target = target;
    this.#token = token;
  }

  /**
   * Waits until nobody else holds it.
   *
   * @throws KeyStoreError `KEY_STORE_BUSY`; what the file system says
   */
  static async of(target: string, files: FileOperations, times: LockTimes = usualTimes): Promise<FolderLock> {
    const lock = new FolderLock(target, files, newToken());
    try {
      await lock.#acquire(times);
    } catch (error) {
      await lock.#remove(lock.#prepared);
      throw error;
    }
    await lock.#removeLeftovers();
    return lock;
  }

  /** The file that is to replace the one that is locked. */
  get file(): string {
    return join(this.#place, this.#token);
  }

  /** Where nothing is left in it, everybody may have it already. */
  async release(): Promise<void> {
    const { file } = this;
    const gone = ['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES'];
    await unless(gone, this.#files.unlink(file));
    await unless(gone, this.#files.rmdir(this.#place));
  }

  get #place(): string {
    return `${this.#target}.lock`;
  }

  get #prepared(): string {
    return `${this.#place}-${this.#token}`;
  }

  async #acquire({ stale, patience }: LockTimes): Promise<void> {
    await this.#files.mkdir(this.#prepared, 0o700);
    const handle = await this.#files.open(join(this.#prepared, this.#token), 'wx', 0o600);
    await handle.close();
    const begun = performance.now();
    let seen: { readonly holder: string; readonly since: number } | undefined;
    while (!(await this.#isInPlace())) {
      const holder = await this.#holder();
      const now = performance.now();
      if (holder === undefined) continue;
      if (seen?.holder !== holder) seen = { holder, since: now };
      if (isOfDeadProcess(holder) || now - seen.since > stale) await this.#takeOver();
      else if (now - begun > patience) throw busy(this.#target);
      else await wait(pause * (1 + Math.random()));
    }
  }

  async #isInPlace(): Promise<boolean> {
    try {
      await this.#files.rename(this.#prepared, this.#place);
      return true;
    } catch (error) {
      // Systems say in different ways that somebody has it.
      const isHeld = (await unless(['ENOENT', 'ENOTDIR'], this.#files.readdir(this.#place))) !== undefined;
      if (isHeld || ['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return false;
      throw error;
    }
  }

  /** Undefined where nobody has it any more. */
  async #holder(): Promise<string | undefined> {
    const [holder] = (await unless(['ENOENT'], this.#files.readdir(this.#place))) ?? [];
    // Windows puts no folder into the place of another one, be it empty.
    if (holder === undefined) await unless(['ENOENT', 'ENOTEMPTY', 'EEXIST'], this.#files.rmdir(this.#place));
    return holder;
  }

  async #takeOver(): Promise<void> {
    const taken = `${this.#prepared}-taken`;
    // Somebody else was faster; or it was released.
    await unless(['ENOENT'], this.#files.rename(this.#place, taken));
    await this.#remove(taken);
  }

  /** What cannot be removed now, the next writer removes. */
  async #remove(path: string): Promise<void> {
    try {
      await this.#files.remove(path);
    } catch {
      // It is not in the way.
    }
  }

  /** What writers left that were killed: it may hold keys. */
  async #removeLeftovers(): Promise<void> {
    const folder = dirname(this.#target);
    const beginning = `${basename(this.#place)}-`;
    const names = (await unless(['EACCES', 'EPERM'], this.#files.readdir(folder))) ?? [];
    for (const name of names.filter((each) => each.startsWith(beginning))) {
      const path = join(folder, name);
      const token = name.slice(beginning.length).replace(/-taken$/, '');
      if (isOfDeadProcess(token) || (await this.#isOld(path))) await this.#remove(path);
    }
  }

  async #isOld(path: string): Promise<boolean> {
    const stats = await unless(['ENOENT'], this.#files.lstat(path));
    return stats !== undefined && Date.now() - stats.mtimeMs > oldLeftover;
  }
}

/** Says whose it is, for whoever finds it. */
function newToken(): string {
  return `${placeOfProcess()}~${process.pid}~${randomBytes(9).toString('base64url')}`;
}

function placeOfProcess(): string {
  return hostname()
    .replaceAll(/[^\w.-]/g, '_')
    .slice(0, longestHostname);
}

/** A wrong yes costs the other one its write, which it tries again, and no more. */
function isOfDeadProcess(token: string): boolean {
  const [place, pid = ''] = token.split('~');
  if (place !== placeOfProcess() || !/^\d+$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

function busy(target: string): KeyStoreError {
  return new KeyStoreError(
    'KEY_STORE_BUSY',
    `Another process has held the lock of file:${target} for too long. See what it does, and try again.`,
  );
}
