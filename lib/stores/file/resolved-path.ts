import { basename, dirname, join, resolve } from 'node:path';

import type { FileOperations } from './file-operations.js';
import { unless } from './file-operations.js';

const mostLinks = 40;

/**
 * The file that a path leads to through all links, whether it is there or not: the one to replace, since a rename onto a
 * link would replace the link.
 */
export async function resolvedPath(path: string, files: FileOperations): Promise<string> {
  let place = path;
  for (let count = 0; count < mostLinks; count++) {
    const whole = await unless(['ENOENT'], files.realpath(place));
    if (whole !== undefined) return whole;
    // Nothing is there, or a link to nothing.
    const folder = await files.realpath(dirname(place));
    place = join(folder, basename(place));
    const link = await unless(['ENOENT', 'EINVAL'], files.readlink(place));
    if (link === undefined) return place;
    place = resolve(folder, link);
  }
  throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
}
