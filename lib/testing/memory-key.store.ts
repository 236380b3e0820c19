import { setTimeout as wait } from 'node:timers/promises';

import { storeCodes } from '../core/usage/outcome.js';
import { invalidOption } from '../options/given-options.js';
import { KeyStoreError } from '../stores/key-store.js';
import type { KeyStore, KeyStoreErrorCode, StoredText } from '../stores/key-store.js';

/** What a timer of Node takes: it makes a millisecond of anything longer. */
const longestDelay = 2 ** 31 - 1;

const transient: readonly KeyStoreErrorCode[] = ['KEY_STORE_UNREACHABLE', 'KEY_STORE_THROTTLED'];

/**
 * A key store in memory, that fails when a test says so. Several applications may share one, as replicas share a store;
 * they ask it at their interval, as they ask every store that cannot be watched.
 */
export class MemoryKeyStore implements KeyStore {
  #text: string | undefined;
  #version = 0;
  #delay = 0;
  #failureOfReads: KeyStoreErrorCode | undefined;
  #failureOfWrites: KeyStoreErrorCode | undefined;
  #losesAnswers = false;
  #others: ((text: string | undefined) => string)[] = [];

  /** @param text what it holds: a key set, or a key in any form that is read. Default: nothing */
  constructor(text?: string) {
    this.#text = checkedText(text);
  }

  /** What it holds now; undefined where that is nothing. */
  get text(): string | undefined {
    return this.#text;
  }

  /** Writes without being asked for a version, as somebody would who opens the store by hand. */
  set text(text: string | undefined) {
    this.#text = checkedText(text);
    this.#version += 1;
  }

  /** It can be neither read nor written from now on. Default: `KEY_STORE_UNREACHABLE`. */
  fail(code: KeyStoreErrorCode = 'KEY_STORE_UNREACHABLE'): void {
    this.#failureOfReads = checkedCode(code, 'fail');
    this.#failureOfWrites = code;
  }

  /** It can be read and not written from now on. Default: `KEY_STORE_FORBIDDEN`. */
  refuseWrites(code: KeyStoreErrorCode = 'KEY_STORE_FORBIDDEN'): void {
    this.#failureOfWrites = checkedCode(code, 'refuseWrites');
  }

  /** Every answer takes as long as this from now on, in milliseconds of real time. */
  answerAfter(milliseconds: number): void {
    if (!(typeof milliseconds === 'number' && milliseconds >= 0 && milliseconds <= longestDelay)) {
      throw invalidOption(
        'answerAfter of MemoryKeyStore takes a number of milliseconds that is not negative, and at most 24 days.',
      );
    }
    this.#delay = milliseconds;
  }

  /** The next write is done, and its answer is lost: whoever wrote cannot know. */
  loseNextAnswer(): void {
    this.#losesAnswers = true;
  }

  /**
   * Before the next write somebody else writes what `change` makes of the text. Called several times, one after the other
   * comes in between.
   */
  writeInBetween(change: (text: string | undefined) => string): void {
    if (typeof change !== 'function') {
      throw invalidOption(
        'writeInBetween of MemoryKeyStore takes a function that makes another text of the one that is there.',
      );
    }
    this.#others.push(change);
  }

  /** Ends everything that it was told to do wrong. */
  recover(): void {
    this.#failureOfReads = undefined;
    this.#failureOfWrites = undefined;
    this.#losesAnswers = false;
    this.#delay = 0;
    this.#others = [];
  }

  /** @throws KeyStoreError as {@link MemoryKeyStore.fail} said */
  async read(signal?: AbortSignal): Promise<StoredText | undefined> {
    await this.#answer(signal);
    if (this.#failureOfReads) throw failure(this.#failureOfReads, 'read');
    return this.#text === undefined ? undefined : { text: this.#text, version: String(this.#version) };
  }

  /** @throws KeyStoreError as {@link MemoryKeyStore.fail} and {@link MemoryKeyStore.refuseWrites} said */
  async write(text: string, expected: string | undefined): Promise<boolean> {
    await this.#answer();
    if (this.#failureOfWrites) throw failure(this.#failureOfWrites, 'written');
    const other = this.#others.shift();
    if (other) this.text = other(this.#text);
    const version = this.#text === undefined ? undefined : String(this.#version);
    if (version !== expected) return false;
    this.text = text;
    if (!this.#losesAnswers) return true;
    this.#losesAnswers = false;
    throw failure('KEY_STORE_UNREACHABLE', 'written');
  }

  async #answer(signal?: AbortSignal): Promise<void> {
    if (this.#delay > 0) await wait(this.#delay, undefined, { signal });
  }
}

function failure(code: KeyStoreErrorCode, what: 'read' | 'written'): KeyStoreError {
  return new KeyStoreError(code, `The store of the test is not ${what}, since the test said so.`, {
    isTransient: transient.includes(code),
  });
}

function checkedText(text: unknown): string | undefined {
  if (text === undefined || typeof text === 'string') return text;
  throw invalidOption('The text of MemoryKeyStore has to be a string, or undefined where it holds nothing.');
}

function checkedCode(code: unknown, owner: string): KeyStoreErrorCode {
  const known = storeCodes.find((each) => each === code);
  if (known) return known;
  throw invalidOption(
    `${owner} of MemoryKeyStore takes the code of an error of stores, one of ${storeCodes.join(', ')}.`,
  );
}
