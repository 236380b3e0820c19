import type { Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { FileError } from '../../sources/files/file-error.js';
import { Files } from '../../sources/files/files.js';
import { whyNot } from '../../sources/settings.js';
import { digestOf, textOfContent } from '../content.js';
import { KeyStoreError } from '../key-store.js';
import type { KeyStore, StoredText } from '../key-store.js';
import { codeOf, realFileOperations, unless } from './file-operations.js';
import type { FileOperations } from './file-operations.js';
import { FolderLock, usualTimes } from './folder-lock.js';
import type { LockTimes } from './folder-lock.js';
import { resolvedPath } from './resolved-path.js';

interface FileStoreOptions {
  readonly files?: Files;
  readonly operations?: FileOperations;
  readonly times?: LockTimes;
}

/**
 * A file as a store. It is replaced whole, by a rename of another file in its folder, so that readers see the old text or
 * the new one, whenever a writer ends. Its mode and owner stay; a new one is for its owner only (mode 0600).
 */
export class FileStore implements KeyStore {
  readonly #path: string;
  readonly #where: string;
  readonly #files: Files;
  readonly #operations: FileOperations;
  readonly #times: LockTimes;

  constructor(
    path: string,
    { files = new Files(), operations = realFileOperations, times = usualTimes }: FileStoreOptions = {},
  ) {
    this.#path = resolve(path);
    this.#where = `file:${path}`;
    this.#files = files;
    this.#operations = operations;
    this.#times = times;
  }

  async read(): Promise<StoredText | undefined> {
    const content = await this.#content();
    return content && { text: textOfContent(content), version: digestOf(content) };
  }

  async write(text: string, expected: string | undefined): Promise<boolean> {
    try {
      const target = await resolvedPath(this.#path, this.#operations);
      const lock = await FolderLock.of(target, this.#operations, this.#times);
      try {
        const content = await this.#content();
        if ((content && digestOf(content)) !== expected) return false;
        return await this.#replace(target, text, lock);
      } finally {
        await lock.release();
      }
    } catch (error) {
      throw error instanceof KeyStoreError ? error : this.#notWritten(error);
    }
  }

  watch(changed: () => void): () => void {
    return this.#files.watch([this.#path], changed);
  }

  async #content(): Promise<Buffer | undefined> {
    try {
      return await this.#files.ofOneMoment().read(this.#path);
    } catch (error) {
      const { code } = FileError.from(error);
      // A volume that is not mounted must not look like an issuer without keys.
      if (code === 'ENOENT' && (await this.#hasFolder())) return undefined;
      throw new KeyStoreError(
        'KEY_STORE_NOT_READ',
        code === 'ENOENT'
          ? `The folder of ${this.#where} is not there. Make it, or mount it.`
          : `${this.#where} cannot be read ${whyNot(error)}`,
      );
    }
  }

  async #hasFolder(): Promise<boolean> {
    return (await unless(['ENOENT'], this.#operations.realpath(dirname(this.#path)))) !== undefined;
  }

  async #replace(target: string, text: string, lock: FolderLock): Promise<boolean> {
    const before = await unless(['ENOENT'], this.#operations.lstat(target));
    if (before && !before.isFile()) throw new FileError('EINVAL');
    const fate = await unless(['ENOENT'], this.#fill(lock.file, `${text}\n`, before));
    return fate !== undefined && (await this.#isInPlace(lock.file, target, before !== undefined));
  }

  /** @returns undefined where somebody else has taken over the lock */
  async #fill(file: string, text: string, before: Stats | undefined): Promise<true> {
    const handle = await this.#operations.open(file, 'r+');
    try {
      await handle.writeFile(text);
      if (before) {
        // An application that runs as another user has to be able to read it as before.
        const own = await handle.stat();
        if (own.uid !== before.uid || own.gid !== before.gid) await handle.chown(before.uid, before.gid);
        await handle.chmod(before.mode & 0o777);
      }
      await handle.sync();
      return true;
    } finally {
      await handle.close();
    }
  }

  /** @returns false where somebody else has taken over the lock, or made a file that was not there */
  async #isInPlace(file: string, target: string, isThere: boolean): Promise<boolean> {
    try {
      if (isThere || !(await this.#isLinked(file, target))) await this.#operations.rename(file, target);
    } catch (error) {
      if (['ENOENT', 'EEXIST'].includes(codeOf(error))) return false;
      throw error;
    }
    await this.#settle(dirname(target));
    return true;
  }

  /** A link never replaces a file, be it of somebody who knows no lock. Not every file system has links. */
  async #isLinked(file: string, target: string): Promise<boolean> {
    const lacking = ['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'];
    return (
      (await unless(
        lacking,
        this.#operations.link(file, target).then(() => true),
      )) ?? false
    );
  }

  /** So that a power cut does not bring the old one back. Some systems open no folders. */
  async #settle(folder: string): Promise<void> {
    const unable = ['EPERM', 'EACCES', 'EISDIR', 'EINVAL', 'ENOTSUP', 'EIO'];
    const handle = await unless(unable, this.#operations.open(folder, 'r'));
    if (!handle) return;
    try {
      await unless(unable, handle.sync());
    } finally {
      await handle.close();
    }
  }

  #notWritten(error: unknown): KeyStoreError {
    const code = codeOf(error);
    const [kind, why] = reasons[code] ?? ['KEY_STORE_NOT_WRITTEN', 'Check the file system.'];
    return new KeyStoreError(kind, `${this.#where} cannot be written (${code}). ${why}`);
  }
}

const forbidden = [
  'KEY_STORE_NOT_WRITTEN',
  'It is replaced whole, and keeps its owner: this process has to be allowed to write into its folder, and to be of the ' +
    'same user.',
] as const;

const reasons: Readonly<Record<string, readonly [KeyStoreError['code'], string]>> = {
  EROFS: ['KEY_STORE_READ_ONLY', 'It is mounted read-only. Run this where it can be written.'],
  EBUSY: [
    'KEY_STORE_MOUNTED_FILE',
    'It is mounted by itself, so that it cannot be replaced. Mount the folder that it is in.',
  ],
  EACCES: forbidden,
  EPERM: forbidden,
  EINVAL: ['KEY_STORE_NOT_WRITTEN', 'It is no regular file. Name another one.'],
  ENOENT: ['KEY_STORE_NOT_WRITTEN', 'Its folder is not there. Make it, or mount it.'],
};
