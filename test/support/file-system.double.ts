import type { FileHandle } from 'node:fs/promises';

import { realFileSystem } from '../../lib/sources/files/file-access.js';
import type { FileSystem } from '../../lib/sources/files/file-access.js';

export type FileOperation = 'stat' | 'readlink' | 'open' | 'read' | 'statOf' | 'close';

/**
 * The real file system, some of whose operations do not come back until they are let go, as on a network file system
 * whose server is gone. What cannot be seen here is that a thread is held; what can is how many would be.
 */
export class FileSystemDouble implements FileSystem {
  /** Operations that have begun, as `open /path`. */
  readonly begun: string[] = [];
  readonly watched: string[] = [];
  openHandles = 0;
  openWatchers = 0;
  running = 0;
  mostRunning = 0;
  /** Called before each operation: what happens at any moment between two of them. */
  before: ((operation: FileOperation, path: string) => void) | undefined;
  #hanging: ((operation: FileOperation, path: string) => boolean) | undefined;
  #letGo: (() => void)[] = [];

  hang(which: (operation: FileOperation, path: string) => boolean): void {
    this.#hanging = which;
  }

  comeBack(): void {
    this.#hanging = undefined;
    for (const letGo of this.#letGo.splice(0)) letGo();
  }

  stat = (path: string) => this.#run('stat', path, () => realFileSystem.stat(path));

  readlink = (path: string) => this.#run('readlink', path, () => realFileSystem.readlink(path));

  realpath = (path: string) => realFileSystem.realpath(path);
  statfs = (path: string) => realFileSystem.statfs(path);

  open = async (path: string, flags: number): Promise<FileHandle> => {
    const handle = await this.#run('open', path, () => realFileSystem.open(path, flags));
    this.openHandles += 1;
    const double = {
      stat: () => this.#run('statOf', path, () => handle.stat()),
      read: (buffer: Buffer, offset: number, length: number, position: number | null) =>
        this.#run('read', path, () => handle.read(buffer, offset, length, position)),
      close: async () => {
        await this.#run('close', path, () => handle.close());
        this.openHandles -= 1;
      },
    };
    return double as unknown as FileHandle;
  };

  watch = (folder: string, onChange: () => void) => {
    const watcher = realFileSystem.watch(folder, onChange);
    this.watched.push(folder);
    this.openWatchers += 1;
    watcher.on('close', () => (this.openWatchers -= 1));
    return watcher;
  };

  async #run<Result>(operation: FileOperation, path: string, work: () => Promise<Result>): Promise<Result> {
    this.before?.(operation, path);
    this.begun.push(`${operation} ${path}`);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      if (this.#hanging?.(operation, path)) await new Promise<void>((resolve) => this.#letGo.push(resolve));
      return await work();
    } finally {
      this.running -= 1;
    }
  }
}
