import { largestContent } from '../sources/files/bounded-content.js';
import { digestOf, textOfContent } from './content.js';
import { KeyStoreError } from './key-store.js';
import type { KeyStore, StoredText } from './key-store.js';

/**
 * Standard input and standard output as a store, for whoever moves the value themselves. Nothing is printed here: what
 * is to be printed is known when the command has succeeded.
 */
export class StandardStreams implements KeyStore {
  readonly #input: AsyncIterable<Buffer | string>;
  #content: Buffer | undefined;
  #written: string | undefined;

  constructor(input: AsyncIterable<Buffer | string>) {
    this.#input = input;
  }

  async read(): Promise<StoredText | undefined> {
    this.#content ??= await contentOf(this.#input);
    return this.#content.length === 0
      ? undefined
      : { text: textOfContent(this.#content), version: digestOf(this.#content) };
  }

  /** Nobody else writes here. */
  write(text: string): Promise<boolean> {
    this.#written = text;
    return Promise.resolve(true);
  }

  /** What was written, or what was read, byte for byte. */
  get output(): string | Buffer {
    return this.#written === undefined ? (this.#content ?? '') : `${this.#written}\n`;
  }
}

async function contentOf(input: AsyncIterable<Buffer | string>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const each = Buffer.from(chunk as Buffer);
    bytes += each.length;
    if (bytes > largestContent) {
      throw new KeyStoreError(
        'KEY_STORE_NOT_READ',
        'Standard input holds more than 1 MB, which no key set needs.',
      );
    }
    chunks.push(each);
  }
  return Buffer.concat(chunks);
}
