import type { FileHandle } from 'node:fs/promises';

import { BoundedContent, largestContent } from './bounded-content.js';
import type { TimedFiles } from './file-access.js';
import { FileError } from './file-error.js';
import { inheritedDescriptor, readInherited } from './inherited-descriptor.js';

/** A stream is what gives its content once: a pipe, a socket, a device. */
export type FileKind = 'regular' | 'stream';

/** Rejects with `EISDIR` for a folder. */
export async function kindOf(path: string, files: TimedFiles): Promise<FileKind> {
  const stats = await files.stat(path);
  if (stats.isDirectory()) throw new FileError('EISDIR');
  return stats.isFile() ? 'regular' : 'stream';
}

export function readRegular(path: string, files: TimedFiles): Promise<Buffer> {
  return withOpen(path, files, async (handle) => {
    const stats = await files.statOf(handle);
    // Replaced since its kind was asked for; a pipe is not to be emptied by whoever only compares files.
    if (!stats.isFile()) throw new FileError('EAGAIN');
    if (stats.size > largestContent) throw new FileError('EFBIG');
    const content = new BoundedContent();
    for (;;) {
      // From a position, since a regular file as standard input has one of its own, which is not at the start again.
      const chunk = await files.read(handle, content.length);
      if (chunk.length === 0) return content.toBuffer();
      content.add(chunk);
    }
  });
}

/** Reads to the end, and waits for whoever writes as long as the limit allows. */
export async function readStream(path: string, files: TimedFiles): Promise<Buffer> {
  const descriptor = inheritedDescriptor(path);
  try {
    return await withOpen(path, files, (handle) => readToEnd(handle, files, descriptor === undefined));
  } catch (error) {
    // A socket cannot be opened by a name, nor the pipe of another user, but what was inherited can be read.
    const isInherited = descriptor !== undefined && ['ENXIO', 'EACCES'].includes(FileError.from(error).code);
    if (!isInherited) throw error;
    return await readInherited(descriptor, files.limit);
  }
}

async function readToEnd(handle: FileHandle, files: TimedFiles, mayBeEarly: boolean): Promise<Buffer> {
  const content = new BoundedContent();
  // A pipe that nobody has opened yet to write into looks like one whose writer is gone.
  let hasWriter = !(mayBeEarly && (await files.statOf(handle)).isFIFO());
  for (;;) {
    const chunk = await nextOf(handle, files);
    if (chunk !== 'none yet' && chunk.length > 0) {
      content.add(chunk);
      hasWriter = true;
    } else if (chunk === 'none yet' || !hasWriter) {
      hasWriter ||= chunk === 'none yet';
      await files.pause();
    } else {
      return content.toBuffer();
    }
  }
}

async function nextOf(handle: FileHandle, files: TimedFiles): Promise<Buffer | 'none yet'> {
  try {
    return await files.read(handle);
  } catch (error) {
    if (FileError.from(error).code === 'EAGAIN') return 'none yet';
    throw error;
  }
}

async function withOpen<Result>(
  path: string,
  files: TimedFiles,
  work: (handle: FileHandle) => Promise<Result>,
): Promise<Result> {
  const handle = await files.open(path);
  try {
    return await work(handle);
  } finally {
    files.close(handle);
  }
}
