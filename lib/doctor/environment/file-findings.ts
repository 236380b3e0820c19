import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { Files } from '../../sources/files/files.js';
import type { Finding } from '../finding.js';
import { found } from './kinds-of-environment.js';

/** A file that keys are read from. */
export interface FileOfKeys {
  readonly path: string;
  /** How findings call what names it. */
  readonly where: string;
  /** Whether nobody has said yet that others can read it. */
  readonly looksForReaders: boolean;
}

const othersWrite = 0o002;
const othersEnter = 0o001;
// In a folder with the sticky bit, such as /tmp, nobody replaces the files of others.
const onlyOwnersRemove = 0o1000;

/** Who else could put a key of theirs in the place of ours, or read it. A file that is missing is not looked at. */
export async function fileFindings(file: FileOfKeys): Promise<Finding[]> {
  if (process.platform === 'win32') return [];
  const findings = await Promise.all([writersOf(file), readersOf(file)].map(unlessMissing));
  return findings.flat();
}

async function writersOf({ path, where }: FileOfKeys): Promise<Finding[]> {
  // A folder stops the boot, which says so.
  if ((await stat(path)).isDirectory()) return [];
  for (const each of [...(await linksTo(path)), await realpath(path)]) {
    const writable = await writableOnTheWayTo(each);
    if (writable === undefined) continue;
    const message = `Every user of this machine can write ${writable}, and so put a key of theirs in the place of this issuer's.`;
    return [found('FILE_WRITABLE_BY_OTHERS', where, message)];
  }
  return [];
}

/** The links that lead to a file, one after the other: whoever replaces one of them says which file is read. */
async function linksTo(path: string): Promise<string[]> {
  const links: string[] = [];
  let link = resolve(path);
  // The system follows no more either.
  while (links.length < 40 && (await lstat(link)).isSymbolicLink()) {
    links.push(link);
    link = resolve(dirname(link), await readlink(link));
  }
  return links;
}

/** The first that others can write, as far as they can enter the folders that lead there. */
async function writableOnTheWayTo(path: string): Promise<string | undefined> {
  for (const each of wayTo(path)) {
    const isOnTheWay = each !== path;
    const stats = await (isOnTheWay ? stat(each) : lstat(each));
    // The mode of a link means nothing.
    if (stats.isSymbolicLink()) continue;
    const isKept = isOnTheWay && (stats.mode & onlyOwnersRemove) !== 0;
    if ((stats.mode & othersWrite) !== 0 && !isKept) return each;
    if (isOnTheWay && (stats.mode & othersEnter) === 0) return undefined;
  }
  return undefined;
}

function wayTo(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [path] : [...wayTo(folder), path];
}

async function readersOf({ path, where, looksForReaders }: FileOfKeys): Promise<Finding[]> {
  const exposed = looksForReaders ? await new Files().ofOneMoment().exposureOf(path) : undefined;
  if (!exposed) return [];
  const mode = exposed.mode.toString(8).padStart(4, '0');
  return [
    found(
      'FILE_READABLE_BY_OTHERS',
      where,
      `Every user of this machine can read ${path}, which has mode ${mode}.`,
    ),
  ];
}

async function unlessMissing(findings: Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await findings;
  } catch (error) {
    // What stops the boot is said by the boot.
    if ((error as NodeJS.ErrnoException).code !== undefined) return [];
    throw error;
  }
}
