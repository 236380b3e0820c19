import { readFileSync, readlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * Reads several files of one moment. Kubernetes swaps a mounted secret by renaming the link `..data` over the old
 * one: it is followed once for each folder, or half of one rotation would be mixed with half of another.
 */
export class ConsistentFiles {
  readonly #folders = new Map<string, string>();

  /** @throws the error of the file system, which holds the path and nothing else */
  read(path: string): Buffer {
    return readFileSync(join(this.#folderOf(dirname(path)), basename(path)));
  }

  /** False where a folder was swapped since it was first read from, so that what was read is of two moments. */
  areOfOneMoment(): boolean {
    return [...this.#folders].every(([folder, found]) => dataFolderOf(folder) === found);
  }

  #folderOf(folder: string): string {
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    const found = dataFolderOf(folder);
    this.#folders.set(folder, found);
    return found;
  }
}

function dataFolderOf(folder: string): string {
  try {
    return resolve(folder, readlinkSync(join(folder, '..data')));
  } catch {
    // An ordinary folder.
    return folder;
  }
}
