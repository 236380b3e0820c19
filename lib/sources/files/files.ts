import { basename, dirname, join, resolve } from 'node:path';

import { copyOf } from './bounded-content.js';
import { FileAccess, realFileSystem } from './file-access.js';
import type { FileSystem, TimedFiles } from './file-access.js';
import { exposureOf } from './exposed-file.js';
import type { ExposedFile } from './exposed-file.js';
import { FileError } from './file-error.js';
import { queueOfProcess } from './file-queue.js';
import type { FileQueue } from './file-queue.js';
import { factOfContent, factOfError, FileWatch } from './file-watch.js';
import type { FileFact } from './file-watch.js';
import { kindOf, readRegular, readStream } from './read-file.js';

export interface FilesOptions {
  /** How long one file may take, in milliseconds. Default: 5000. */
  readonly timeLimit?: number | undefined;
  /** @internal */
  readonly fileSystem?: FileSystem;
  /** @internal */
  readonly queue?: FileQueue;
  /**
   * In milliseconds.
   *
   * @internal
   */
  readonly pollInterval?: number;
}

/**
 * Reads the files of one source, one at a time, within a time limit, and no more than 1 MB of each. What is no
 * regular file (a pipe, standard input, a device) is read once, and its content given again.
 */
export class Files {
  readonly #access: FileAccess;
  readonly #pollInterval: number;
  readonly #streams = new Map<string, Promise<Buffer>>();
  readonly #lastRead = new Map<string, FileFact>();
  readonly #watches = new Set<FileWatch>();

  constructor(options: FilesOptions = {}) {
    const {
      timeLimit = 5_000,
      fileSystem = realFileSystem,
      queue = queueOfProcess,
      // What a watch misses, such as a folder that was replaced or a network file system, is seen after this long.
      pollInterval = 10_000,
    } = options;
    this.#access = new FileAccess(fileSystem, queue, timeLimit);
    this.#pollInterval = pollInterval;
  }

  /** Several files as of one moment. */
  ofOneMoment(): FilesOfOneMoment {
    return new FilesOfOneMoment({
      read: (path, place) => this.#read(path, place),
      dataFolderOf: (folder) => this.#dataFolderOf(folder),
      exposureOf: (path) => this.#exposureOf(path),
    });
  }

  /** The content of a regular file for whoever only looks; undefined where there is none that can be read. */
  async glanceAt(path: string): Promise<Buffer | undefined> {
    return await this.#unlessUnreadable(async (files) =>
      (await kindOf(path, files)) === 'regular' ? await readRegular(path, files) : undefined,
    );
  }

  /**
   * Calls `changed` when the content of one of these files is no longer what this object has read of it or, where it
   * has not, what was first seen. Files that are no regular files are not watched. Returns what ends the watch.
   */
  watch(paths: readonly string[], changed: () => void): () => void {
    if (paths.length === 0) return () => undefined;
    const watch = new FileWatch(this.#access, paths, changed, this.#lastRead, this.#pollInterval);
    this.#watches.add(watch);
    return () => {
      this.#watches.delete(watch);
      watch.end();
    };
  }

  async #read(path: string, place: string): Promise<Buffer> {
    const kept = this.#streams.get(path);
    if (kept) return copyOf(await kept);
    return await this.#access.within(async (files) => {
      const content = await this.#readUnlessStream(path, place, files);
      return content ?? copyOf(await this.#readOnce(path, place, files));
    });
  }

  async #readUnlessStream(path: string, place: string, files: TimedFiles): Promise<Buffer | undefined> {
    try {
      if ((await kindOf(place, files)) === 'stream') return undefined;
      const content = await readRegular(place, files);
      this.#wasRead(path, factOfContent(content));
      return content;
    } catch (error) {
      this.#wasRead(path, factOfError(error));
      throw error;
    }
  }

  #wasRead(path: string, fact: FileFact): void {
    this.#lastRead.set(path, fact);
    for (const watch of this.#watches) watch.wasRead(path, fact);
  }

  /** For the life of this object, since a pipe gives nothing the second time. */
  #readOnce(path: string, place: string, files: TimedFiles): Promise<Buffer> {
    // Somebody else may have begun since its kind was asked for.
    const begun = this.#streams.get(path);
    if (begun) return begun;
    const reading = readStream(place, files);
    this.#streams.set(path, reading);
    reading.catch(() => this.#streams.delete(path));
    return reading;
  }

  async #exposureOf(path: string): Promise<ExposedFile | undefined> {
    return await this.#unlessUnreadable(async (files) =>
      (await kindOf(path, files)) === 'regular' ? await exposureOf(path, files) : undefined,
    );
  }

  async #unlessUnreadable<Result>(work: (files: TimedFiles) => Promise<Result>): Promise<Result | undefined> {
    try {
      return await this.#access.within(work);
    } catch (error) {
      // Whoever only looks has nothing to say of what cannot be seen.
      if (error instanceof FileError) return undefined;
      throw error;
    }
  }

  async #dataFolderOf(folder: string): Promise<string> {
    try {
      const link = await this.#access.within((files) => files.readlink(join(folder, '..data')));
      return resolve(folder, link);
    } catch (error) {
      if (FileError.from(error).code === 'ETIMEDOUT') throw error;
      // An ordinary folder.
      return folder;
    }
  }
}

interface Reader {
  /** @param place where it is read, by whatever name it is known */
  read(path: string, place: string): Promise<Buffer>;
  dataFolderOf(folder: string): Promise<string>;
  exposureOf(path: string): Promise<ExposedFile | undefined>;
}

/**
 * Reads several files as of one moment. Kubernetes swaps a mounted secret by renaming the link `..data` over the old
 * one: it is followed once for each folder, or half of one rotation would be mixed with half of another.
 */
export class FilesOfOneMoment {
  readonly #reader: Reader;
  readonly #folders = new Map<string, Promise<string>>();

  /** @internal */
  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /**
   * Rejects with an Error whose `code` says why: the file system's (ENOENT, EISDIR, EACCES), ETIMEDOUT, or EFBIG
   * where there is more than 1 MB. It holds nothing of the content, nor the path.
   */
  async read(path: string): Promise<Buffer> {
    const folder = await this.#folderOf(dirname(path));
    return await this.#reader.read(path, join(folder, basename(path)));
  }

  /** Whether all users can read a file; of one of a secret that Kubernetes mounts, nothing is said. */
  async exposureOf(path: string): Promise<ExposedFile | undefined> {
    const folder = dirname(path);
    return (await this.#folderOf(folder)) === folder ? await this.#reader.exposureOf(path) : undefined;
  }

  /**
   * False where a folder was swapped since it was first read from, so that what was read is of two moments. Rejects
   * with ETIMEDOUT where the file system does not answer.
   */
  async areOfOneMoment(): Promise<boolean> {
    for (const [folder, found] of this.#folders) {
      if ((await this.#reader.dataFolderOf(folder)) !== (await found)) return false;
    }
    return true;
  }

  #folderOf(folder: string): Promise<string> {
    const known = this.#folders.get(folder);
    if (known) return known;
    const found = this.#reader.dataFolderOf(folder);
    this.#folders.set(folder, found);
    found.catch(() => this.#folders.delete(folder));
    return found;
  }
}
