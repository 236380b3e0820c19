import { createHash } from 'node:crypto';
import type { FSWatcher } from 'node:fs';
import { dirname } from 'node:path';

import type { FileAccess } from './file-access.js';
import { FileError } from './file-error.js';
import { kindOf, readRegular } from './read-file.js';

/** What is compared of a file: a digest of its content, why it cannot be read, or that it is not compared. */
export type FileFact = string;

// One swap of a mounted secret is about five events.
const quiet = 100;

const notCompared: FileFact = 'stream';
const outOfTime: FileFact = 'ETIMEDOUT';

export function factOfContent(content: Buffer): FileFact {
  return createHash('sha256').update(content).digest('base64url');
}

export function factOfError(error: unknown): FileFact {
  return FileError.from(error).code;
}

/**
 * Tells when files change. It watches their folders, since a watch of a file ends with the first rename over it, and
 * compares contents after each event, and now and then besides.
 */
export class FileWatch {
  readonly #access: FileAccess;
  readonly #paths: readonly string[];
  readonly #changed: () => void;
  readonly #poll: NodeJS.Timeout;
  #pause: NodeJS.Timeout | undefined;
  #watchers: readonly FSWatcher[] = [];
  #known: ReadonlyMap<string, FileFact> | undefined;
  readonly #read: Map<string, FileFact>;
  readonly #toldFor = new Map<string, FileFact>();
  #isLooking = false;
  #looksAgain = false;
  #isEnded = false;

  /**
   * @param read what whoever is told has read of files until now
   * @param pollInterval in milliseconds
   */
  constructor(
    access: FileAccess,
    paths: readonly string[],
    changed: () => void,
    read: ReadonlyMap<string, FileFact>,
    pollInterval: number,
  ) {
    this.#access = access;
    this.#paths = [...new Set(paths)];
    this.#changed = changed;
    this.#read = new Map(read);
    this.#poll = setInterval(() => void this.#look(), pollInterval);
    this.#poll.unref();
    void this.#look();
  }

  /** Whoever is told has read this: what is found to be different from it is a change, too. */
  wasRead(path: string, fact: FileFact): void {
    this.#read.set(path, fact);
    if (this.#known?.has(path) && this.#known.get(path) !== fact) this.#lookSoon();
  }

  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#pause);
    clearInterval(this.#poll);
    this.#closeWatchers();
  }

  #lookSoon(): void {
    if (this.#isEnded) return;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.#look(), quiet);
    this.#pause.unref();
  }

  async #look(): Promise<void> {
    this.#looksAgain = this.#isLooking;
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#compare();
    } finally {
      this.#isLooking = false;
      if (this.#looksAgain) this.#lookSoon();
    }
  }

  async #compare(): Promise<void> {
    const isFirst = this.#known === undefined;
    const facts = await this.#factsNow();
    if (this.#isEnded) return;
    const isChanged = this.#takeOver(facts);
    if (isChanged) this.#changed();
    if (!isFirst && !isChanged) return;
    // Anew after each change, since a folder may have been replaced by another one.
    await this.#watchFolders();
    // What changed before the folders were watched.
    this.#lookSoon();
  }

  async #factsNow(): Promise<ReadonlyMap<string, FileFact>> {
    const facts = new Map<string, FileFact>();
    for (const path of this.#paths) {
      if (this.#isEnded) break;
      const fact = await this.#factOf(path);
      // The others would be refused too while a file system hangs, now or the next time: one change, not several.
      if (fact === outOfTime) return new Map(this.#paths.map((each) => [each, outOfTime]));
      facts.set(path, fact);
    }
    return facts;
  }

  async #factOf(path: string): Promise<FileFact> {
    try {
      return await this.#access.within(async (files) =>
        (await kindOf(path, files)) === 'stream'
          ? notCompared
          : factOfContent(await readRegular(path, files)),
      );
    } catch (error) {
      // That it cannot be read, and why, is what there is to compare.
      return factOfError(error);
    }
  }

  /** Whether anything is different from what was known, or from what was read. */
  #takeOver(facts: ReadonlyMap<string, FileFact>): boolean {
    const different = [...facts].filter(([path, fact]) => {
      const known = this.#known?.get(path) ?? fact;
      return known !== fact || this.#isNotWhatWasRead(path, fact);
    });
    this.#known = facts;
    this.#read.clear();
    return different.length > 0;
  }

  /** Said once for each content, or somebody who goes on reading another content would be told of it for ever. */
  #isNotWhatWasRead(path: string, fact: FileFact): boolean {
    const read = this.#read.get(path) ?? fact;
    if (fact === notCompared || read === fact || this.#toldFor.get(path) === fact) return false;
    this.#toldFor.set(path, fact);
    return true;
  }

  async #watchFolders(): Promise<void> {
    const watched = this.#paths.filter((path) => this.#known?.get(path) !== notCompared);
    const folders: string[] = [];
    for (const folder of new Set(watched.map((path) => dirname(path)))) {
      if (await this.#answers(folder)) folders.push(folder);
    }
    if (this.#isEnded) return;
    this.#closeWatchers();
    this.#watchers = folders.flatMap((folder) => this.#watchFolder(folder));
  }

  /** To begin to watch is synchronous, so nothing is watched that may hang. The poll goes on without it. */
  async #answers(folder: string): Promise<boolean> {
    try {
      await this.#access.within((files) => files.stat(folder));
      return true;
    } catch {
      return false;
    }
  }

  #watchFolder(folder: string): FSWatcher[] {
    try {
      const watcher = this.#access.fileSystem.watch(folder, () => this.#lookSoon());
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch {
      return [];
    }
  }

  #closeWatchers(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }
}
