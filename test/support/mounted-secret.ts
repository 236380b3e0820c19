import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder as Kubernetes mounts a secret: each file a link through `..data`, which is swapped by a rename. */
export class MountedSecret {
  readonly folder = mkdtempSync(join(tmpdir(), 'oidc-key-mounted-'));
  #version = 0;
  #files: Record<string, string>;

  constructor(files: Record<string, string>) {
    this.#files = files;
    this.swap(files);
    for (const name of Object.keys(files)) symlinkSync(join('..data', name), this.path(name));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** All files change at once. */
  swap(files: Record<string, string>): void {
    this.#files = { ...this.#files, ...files };
    this.#version += 1;
    const next = `..version_${this.#version}`;
    mkdirSync(join(this.folder, next));
    for (const [name, content] of Object.entries(this.#files))
      writeFileSync(join(this.folder, next, name), content);
    symlinkSync(next, join(this.folder, '..data_tmp'));
    renameSync(join(this.folder, '..data_tmp'), join(this.folder, '..data'));
    rmSync(join(this.folder, `..version_${this.#version - 1}`), { recursive: true, force: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
