import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import type { Duplex, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** More than any issuer publishes, and less than what could be felt. */
const mostBytes = 1_000_000;

/** That a body goes on after what is read of it. */
export class TooLarge extends Error {}

const unpackers = new Map<string, () => Duplex>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

/** Counted after it was unpacked, so that a few packed bytes cannot become many. */
export async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const unpacker = unpackers.get((message.headers['content-encoding'] ?? '').trim().toLowerCase());
  const stream: Readable = unpacker ? pipeline(message, unpacker(), () => undefined) : message;
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > mostBytes) throw new TooLarge(`answers with more than ${mostBytes} bytes`);
      chunks.push(chunk);
    }
  } finally {
    message.destroy();
  }
  return Buffer.concat(chunks);
}
