import { dirname, resolve } from 'node:path';

import type { TimedFiles } from './file-access.js';

const othersRead = 0o004;
const othersEnter = 0o001;

/** Where Docker and Podman put secrets: in memory or, from a file of Compose, as that file is outside. */
const ofContainers = /^\/(?:var\/)?run\//;

/** File systems in memory, by the numbers of statfs(2): tmpfs and ramfs. */
const inMemory = [0x01021994, 0x858458f6];

/** A file that every user of the machine can read. */
export interface ExposedFile {
  readonly mode: number;
  /** Whether it belongs to the user of this process, who else could not read it any more if others could not. */
  readonly isOwn: boolean;
}

/**
 * Undefined where others cannot read the file: by its mode, or since they cannot enter its folder. A group may read it,
 * since Kubernetes gives mounted secrets to the group of a pod. Files in memory and in /run are not looked at:
 * containers get their secrets there, for all users (Docker with mode 0444), and nobody else is in a container. Nor are
 * files on Windows, which has no modes.
 */
export async function exposureOf(link: string, files: TimedFiles): Promise<ExposedFile | undefined> {
  if (process.platform === 'win32' || ofContainers.test(resolve(link))) return undefined;
  const path = await files.realpath(link);
  const { mode, uid } = await files.stat(path);
  if ((mode & othersRead) === 0) return undefined;
  for (const folder of foldersOf(path)) {
    if (((await files.stat(folder)).mode & othersEnter) === 0) return undefined;
  }
  if (inMemory.includes(await files.kindOfFileSystem(path))) return undefined;
  const user = process.getuid?.();
  return { mode: mode & 0o777, isOwn: user === 0 || user === uid };
}

function* foldersOf(path: string): Generator<string> {
  let folder = path;
  do {
    folder = dirname(folder);
    yield folder;
  } while (folder !== dirname(folder));
}
