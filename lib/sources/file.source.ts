import { join } from 'node:path';

import { OidcKeyError } from '../core/errors.js';
import type { KeySlots } from '../core/reading/key-slots.js';
import { NamedValue } from '../core/reading/named-value.js';
import { isPrivate, withExposure } from './exposed-key.js';
import { Files } from './files/files.js';
import type { FilesOfOneMoment } from './files/files.js';
import type { KeySource } from './key-source.js';
import { readOfOneMoment } from './one-moment.js';
import { whyNot } from './settings.js';

/** What a folder calls the file of each slot; revocations are read first, as those of settings are. */
const fileNames: Readonly<Record<keyof KeySlots, string>> = {
  revokedKids: 'revoked-kids',
  current: 'current.pem',
  next: 'next.pem',
  previous: 'previous.pem',
  nextActivatesAt: 'next-activates-at',
  passphrase: 'passphrase',
};

type Member = keyof KeySlots;
const members = Object.keys(fileNames) as Member[];

/** A key source over files, which are watched. Several files are read as of one moment. */
export class FileKeySource implements KeySource {
  readonly #paths: Readonly<Partial<Record<Member, string>>>;
  readonly #files = new Files();

  /**
   * @param paths the file of each slot; all but `current` may be left out, and a file that is missing or empty is an
   * empty slot. `revokedKids` holds kids or thumbprints, separated by commas or white space, or a JSON list of them;
   * `nextActivatesAt` an ISO 8601 instant with its time zone; `passphrase` that of every encrypted key.
   */
  constructor(paths: { current: string } & Partial<Record<Member, string>>) {
    this.#paths = { ...paths };
  }

  /** The files `current.pem`, `next.pem`, `previous.pem`, `revoked-kids`, `next-activates-at` and `passphrase` of a folder. */
  static inDirectory(directory: string): FileKeySource {
    const paths = members.map((member) => [member, join(directory, fileNames[member])]);
    return new FileKeySource(Object.fromEntries(paths) as Record<Member, string>);
  }

  /** Rejects with `OIDC_KEY_UNREADABLE_FILE` where the files change faster than they can be read. */
  load(): Promise<KeySlots> {
    return readOfOneMoment(this.#files, (moment) => this.#slotsIn(moment));
  }

  watch(changed: () => void): () => void {
    return this.#files.watch(Object.values(this.#paths), changed);
  }

  async #slotsIn(files: FilesOfOneMoment): Promise<KeySlots> {
    const slots: Partial<Record<Member, NamedValue>> = {};
    for (const member of members) slots[member] = await this.#read(member, files);
    return slots;
  }

  async #read(member: Member, files: FilesOfOneMoment): Promise<NamedValue> {
    const where = `The file "${member}" of the key source`;
    const remedy =
      member === 'passphrase' ? 'Put it into the file "passphrase" of the key source' : undefined;
    const path = this.#paths[member];
    if (path === undefined) return new NamedValue(where, undefined, { remedy });
    try {
      const read = new NamedValue(where, await files.read(path), { remedy });
      return isPrivate(member) ? await withExposure(read, where, path, files) : read;
    } catch (error) {
      const unreadable = new OidcKeyError(
        'OIDC_KEY_UNREADABLE_FILE',
        `${where} cannot be read ${whyNot(error)}`,
      );
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      return isMissing
        ? new NamedValue(where, undefined, { remedy, absence: unreadable })
        : new NamedValue(where, unreadable, { remedy });
    }
  }
}
