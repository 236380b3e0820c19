import { Socket } from 'node:net';
import { resolve } from 'node:path';

import { BoundedContent } from './bounded-content.js';
import { FileError } from './file-error.js';

/** The number of a descriptor that this process was started with, where the path is a name of one. */
export function inheritedDescriptor(path: string): number | undefined {
  const name = resolve(path);
  if (name === '/dev/stdin') return 0;
  const [, number] = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(name) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** Reads a pipe or socket to its end, and closes it unless it is standard input. */
export async function readInherited(descriptor: number, limit: AbortSignal): Promise<Buffer> {
  const content = new BoundedContent();
  try {
    const socket = new Socket({ fd: descriptor, readable: true, writable: false, signal: limit });
    for await (const chunk of socket) content.add(chunk as Buffer);
    return content.toBuffer();
  } catch (error) {
    throw limit.aborted ? new FileError('ETIMEDOUT') : FileError.from(error);
  }
}
