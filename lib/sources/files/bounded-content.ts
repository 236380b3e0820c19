import { FileError } from './file-error.js';

/** In bytes. A thousand keys are less. */
export const largestContent = 1_048_576;

/** Puts the chunks of a file together. */
export class BoundedContent {
  readonly #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @throws FileError `EFBIG` */
  add(chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > largestContent) throw new FileError('EFBIG');
    this.#chunks.push(chunk);
  }

  toBuffer(): Buffer {
    return joined(this.#chunks, this.#length);
  }
}

export function copyOf(content: Buffer): Buffer {
  return joined([content], content.length);
}

/** Not Buffer.concat, which takes memory from the pool that others see. */
function joined(chunks: readonly Buffer[], length: number): Buffer {
  const whole = Buffer.alloc(length);
  let end = 0;
  for (const chunk of chunks) end += chunk.copy(whole, end);
  return whole;
}
