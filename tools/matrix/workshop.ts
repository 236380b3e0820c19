import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { run } from './run.js';

export const repository = fileURLToPath(new URL('../../../..', import.meta.url));
const projects = join(repository, 'tools/matrix/projects');

/** Where projects are made, each once and only when a cell needs it. */
export class Workshop {
  readonly #made = new Map<string, Promise<string>>();
  #folder: string | undefined;

  /** Resolves to the folder of what `make` fills. */
  project(name: string, make: (folder: string) => Promise<void>): Promise<string> {
    const known = this.#made.get(name);
    if (known) return known;
    const folder = join(this.#home(), name);
    mkdirSync(folder, { recursive: true });
    const made = make(folder).then(() => folder);
    this.#made.set(name, made);
    return made;
  }

  /** The packed package, as npm would publish it. */
  async tarball(): Promise<string> {
    const folder = await this.project('tarball', async (path) => {
      await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', path], {
        cwd: repository,
      });
    });
    return join(
      folder,
      readdirSync(folder).find((file) => file.endsWith('.tgz'))!,
    );
  }

  #home(): string {
    if (this.#folder === undefined) {
      const folder = mkdtempSync(join(tmpdir(), 'oidc-key-matrix-'));
      process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
      this.#folder = folder;
    }
    return this.#folder;
  }
}

/** Copies one of the projects beside this file; in an ES module, imports of other files name their extension. */
export function copyProject(name: string, folder: string, { asEsm = false } = {}): void {
  cpSync(join(projects, name), folder, { recursive: true });
  if (!asEsm) return;
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.includes('node_modules')) continue;
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/from '(\.[^']+?)(?:\.js)?'/g, "from '$1.js'"));
  }
}

export function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value, undefined, 2));
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
