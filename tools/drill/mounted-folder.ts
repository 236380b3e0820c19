import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Slots } from './slots.js';

/** The setting that each file is for. */
const fileNames = {
  OIDC_PRIVATE_KEY_FILE: 'current.pem',
  OIDC_NEXT_KEYS_FILE: 'next.pem',
  OIDC_PREVIOUS_KEYS_FILE: 'previous.pem',
  OIDC_NEXT_KEY_ACTIVATES_AT_FILE: 'next-activates-at',
  OIDC_REVOKED_KIDS_FILE: 'revoked-kids',
};

type Files = Readonly<Record<string, string>>;

/** The folder of one replica, in which a platform puts the files of a secret. */
export abstract class MountedFolder {
  constructor(protected readonly path: string) {}

  /** The settings by which a replica finds the files. */
  get settings(): Record<string, string> {
    const entries = Object.entries(fileNames).map(([setting, name]) => [setting, join(this.path, name)]);
    return Object.fromEntries(entries) as Record<string, string>;
  }

  async write(slots: Slots): Promise<void> {
    await this.put(filesOf(slots));
  }

  /** Leaves the current key as a writer does that was interrupted. */
  async writeHalf(slots: Slots): Promise<void> {
    const files = filesOf(slots);
    const whole = files[fileNames.OIDC_PRIVATE_KEY_FILE] ?? '';
    await this.put({ ...files, [fileNames.OIDC_PRIVATE_KEY_FILE]: whole.slice(0, whole.length / 2) });
  }

  protected abstract put(files: Files): Promise<void>;
}

/** Replaces one file after the other, as a deploy script does. */
export class PlainFolder extends MountedFolder {
  protected async put(files: Files): Promise<void> {
    await mkdir(this.path, { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.path, name);
      await writeFile(`${path}.new`, content, { mode: 0o600 });
      await rename(`${path}.new`, path);
    }
  }
}

/** The same files, of which the server signs with none: a signer holds the keys, and answers later. */
export class SignedElsewhere extends PlainFolder {
  override get settings(): Record<string, string> {
    return { SIGNED_ELSEWHERE: this.path };
  }
}

/** No files, but values in the environment: a process keeps what it started with, so each change is a restart. */
export class Environment extends MountedFolder {
  #files: Files = {};

  override get settings(): Record<string, string> {
    const entries = Object.entries(fileNames).map(([setting, name]) => [
      setting.replace(/_FILE$/, ''),
      this.#files[name] ?? '',
    ]);
    return Object.fromEntries(entries) as Record<string, string>;
  }

  protected async put(files: Files): Promise<void> {
    this.#files = files;
  }
}

/** Replaces all files at once, as Kubernetes does: by a link named `..data` to a folder for each version. */
export class SwappedFolder extends MountedFolder {
  #version = 0;

  protected async put(files: Files): Promise<void> {
    const before = `..${this.#version}`;
    this.#version += 1;
    const now = `..${this.#version}`;
    await mkdir(join(this.path, now), { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(this.path, now, name), content, { mode: 0o600 });
    }
    await symlink(now, join(this.path, '..data_new'));
    await rename(join(this.path, '..data_new'), join(this.path, '..data'));
    if (this.#version === 1) {
      for (const name of Object.keys(files)) {
        await symlink(join('..data', name), join(this.path, name));
      }
    }
    await rm(join(this.path, before), { recursive: true, force: true });
  }
}

function filesOf({ current, next, previous, nextActivatesAt, revokedKids = [] }: Slots): Files {
  return {
    [fileNames.OIDC_PRIVATE_KEY_FILE]: current.privatePem,
    [fileNames.OIDC_NEXT_KEYS_FILE]: next?.privatePem ?? '',
    [fileNames.OIDC_PREVIOUS_KEYS_FILE]: previous.map(({ publicPem }) => publicPem).join(''),
    [fileNames.OIDC_NEXT_KEY_ACTIVATES_AT_FILE]: nextActivatesAt?.toISOString() ?? '',
    [fileNames.OIDC_REVOKED_KIDS_FILE]: revokedKids.join(','),
  };
}
