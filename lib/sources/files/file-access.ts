import { constants, watch } from 'node:fs';
import type { FSWatcher, Stats } from 'node:fs';
import { open, readlink, realpath, stat, statfs } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

import { FileError } from './file-error.js';
import type { FileQueue } from './file-queue.js';

/** What is used of the file system. */
export interface FileSystem {
  stat(path: string): Promise<Stats>;
  readlink(path: string): Promise<string>;
  realpath(path: string): Promise<string>;
  statfs(path: string): Promise<{ readonly type: number }>;
  open(path: string, flags: number): Promise<FileHandle>;
  watch(folder: string, onChange: () => void): FSWatcher;
}

export const realFileSystem: FileSystem = {
  stat: (path) => stat(path),
  readlink: (path) => readlink(path),
  realpath: (path) => realpath(path),
  statfs: (path) => statfs(path),
  open: (path, flags) => open(path, flags),
  watch: (folder, onChange) => watch(folder, { persistent: false }, onChange),
};

// To open a pipe that nobody writes to must not wait, and a terminal must not become this process's own.
const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const chunkSize = 65_536;
// Time in which the event loop stood still counts as one part: it is not the file system that was slow.
const partsOfLimit = 10;
// A writer is waited for by asking again: Node cannot wait for a pipe that it has not created, but on a thread.
const pause = 20;

/** Gives access to the file system, through the queue and for as long as the time limit says. */
export class FileAccess {
  readonly fileSystem: FileSystem;
  readonly #queue: FileQueue;
  readonly #timeLimit: number;

  /** @param timeLimit in milliseconds */
  constructor(fileSystem: FileSystem, queue: FileQueue, timeLimit: number) {
    this.fileSystem = fileSystem;
    this.#queue = queue;
    this.#timeLimit = timeLimit;
  }

  /** Rejects with `ETIMEDOUT` where the work takes longer. */
  async within<Result>(work: (files: TimedFiles) => Promise<Result>): Promise<Result> {
    const limit = new AbortController();
    let parts = 0;
    // Not AbortSignal.timeout, which lets a boot end silently while it waits for a file.
    const timer = setInterval(
      () => ++parts === partsOfLimit && limit.abort(),
      this.#timeLimit / partsOfLimit,
    );
    try {
      return await work(new TimedFiles(this.fileSystem, this.#queue, limit.signal));
    } finally {
      clearInterval(timer);
    }
  }
}

/** The file system for one piece of work. Everything rejects with a FileError. */
export class TimedFiles {
  readonly limit: AbortSignal;
  readonly #fileSystem: FileSystem;
  readonly #queue: FileQueue;

  constructor(fileSystem: FileSystem, queue: FileQueue, limit: AbortSignal) {
    this.#fileSystem = fileSystem;
    this.#queue = queue;
    this.limit = limit;
  }

  stat(path: string): Promise<Stats> {
    return this.#queue.run(() => this.#fileSystem.stat(path), this.limit);
  }

  readlink(path: string): Promise<string> {
    return this.#queue.run(() => this.#fileSystem.readlink(path), this.limit);
  }

  /** Where a file is, whatever links lead there. */
  realpath(path: string): Promise<string> {
    return this.#queue.run(() => this.#fileSystem.realpath(path), this.limit);
  }

  /** As statfs(2) numbers them. */
  async kindOfFileSystem(path: string): Promise<number> {
    const { type } = await this.#queue.run(() => this.#fileSystem.statfs(path), this.limit);
    return type;
  }

  open(path: string): Promise<FileHandle> {
    return this.#queue.run(
      () => this.#fileSystem.open(path, flags),
      this.limit,
      (handle) => handle.close(),
    );
  }

  statOf(handle: FileHandle): Promise<Stats> {
    return this.#queue.run(() => handle.stat(), this.limit);
  }

  /** The next bytes, none at the end. Without a position, from where the last reading ended. */
  async read(handle: FileHandle, position?: number): Promise<Buffer> {
    // Of its own memory, since what is left in the pool that Node shares would be seen by others.
    const chunk = Buffer.alloc(chunkSize);
    const { bytesRead } = await this.#queue.run(
      () => handle.read(chunk, 0, chunkSize, position ?? null),
      this.limit,
    );
    return chunk.subarray(0, bytesRead);
  }

  close(handle: FileHandle): void {
    this.#queue.runLater(() => handle.close());
  }

  async pause(): Promise<void> {
    try {
      await wait(pause, undefined, { signal: this.limit });
    } catch {
      throw new FileError('ETIMEDOUT');
    }
  }
}
