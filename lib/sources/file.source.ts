import { join } from 'node:path';

import { OidcKeyError } from '../core/errors.js';
import type { DescribedKey } from '../core/reading/key-material.js';
import type { KeySlots, KeySource } from './key-source.js';
import { instantOf } from '../core/reading/instant.js';
import { ConsistentFiles } from './consistent-files.js';
import { watchFiles } from './watch-files.js';

/** The files that hold the keys of each slot. */
export interface KeyFiles {
  /** The private key that signs, or several for several algorithms. */
  current: string;
  /** May be missing or empty, as the ones below. */
  next?: string;
  previous?: string;
  /** Kids, separated by commas or white space. */
  revokedKids?: string;
  /** An ISO 8601 instant with its time zone. */
  nextActivatesAt?: string;
  /** The passphrase of every encrypted key. */
  passphrase?: string;
}

// A swap in the middle of reading makes optional files look missing.
const attempts = 3;

/** A key source over files, which are watched. Several files are read as of one moment. */
export class FileKeySource implements KeySource {
  readonly #files: KeyFiles;

  constructor(files: KeyFiles) {
    this.#files = files;
  }

  /** The files `current.pem`, `next.pem`, `previous.pem`, `revoked-kids`, `next-activates-at` and `passphrase` of a folder. */
  static inDirectory(directory: string): FileKeySource {
    return new FileKeySource({
      current: join(directory, 'current.pem'),
      next: join(directory, 'next.pem'),
      previous: join(directory, 'previous.pem'),
      revokedKids: join(directory, 'revoked-kids'),
      nextActivatesAt: join(directory, 'next-activates-at'),
      passphrase: join(directory, 'passphrase'),
    });
  }

  /** Rejects with `OIDC_KEY_UNREADABLE_FILE` or `OIDC_KEY_INVALID_OPTION`. */
  async load(): Promise<KeySlots> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const files = new ConsistentFiles();
      const slots = this.#read(files);
      if (files.areOfOneMoment()) return slots;
    }
    throw new OidcKeyError(
      'OIDC_KEY_UNREADABLE_FILE',
      'The files of the key source change faster than they can be read.',
    );
  }

  watch(changed: () => void): () => void {
    return watchFiles(
      Object.values(this.#files).filter((path) => path !== undefined),
      changed,
    );
  }

  #read(files: ConsistentFiles): KeySlots {
    const content = (name: keyof KeyFiles) => readOptional(files, this.#files[name], name);
    const text = (name: keyof KeyFiles) => content(name)?.toString('utf8').trim();
    const passphrase = content('passphrase')
      ?.toString('utf8')
      .replace(/\r?\n$/, '');
    const slot = (key: Buffer | undefined): DescribedKey | undefined => key && { key, passphrase };
    const instant = text('nextActivatesAt');
    return {
      current: { key: content('current') ?? '', passphrase },
      next: slot(content('next')),
      previous: slot(content('previous')),
      revokedKids: text('revokedKids')?.split(/[\s,]+/),
      nextActivatesAt: instant === undefined ? undefined : instantOf(instant, 'The file "nextActivatesAt"'),
    };
  }
}

function readOptional(files: ConsistentFiles, path: string | undefined, name: string): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    const content = files.read(path);
    return content.toString('latin1').trim() === '' ? undefined : content;
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && name !== 'current') return undefined;
    throw new OidcKeyError(
      'OIDC_KEY_UNREADABLE_FILE',
      `The file "${name}" of the key source cannot be read (${code}).`,
    );
  }
}
