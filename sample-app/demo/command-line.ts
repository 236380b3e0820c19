// Runs the commands of nestjs-oidc-key, as an operator does.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { later } from './later.js';

const status = z.object({
  keys: z.array(z.object({ kid: z.string(), state: z.string(), until: z.string().nullable() })),
});

/** A command that was refused: its code, such as `KEY_WAITS`, and a sentence. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** The command line of nestjs-oidc-key, each command a process of its own, as in a shell. */
export class CommandLine {
  constructor(
    /** The store, and the times, as the servers have them. */
    private readonly settings: Record<string, string>,
    /** By how many seconds its clock is ahead. */
    private readonly ahead = 0,
  ) {}

  async run(...args: string[]): Promise<string> {
    const { nodeOptions, environment } = later(this.ahead);
    const { PATH = '', LANG = 'C.UTF-8' } = process.env;
    const env = { PATH, LANG, ...this.settings, ...environment };
    try {
      const command = [...nodeOptions, await program(), ...args];
      return (await promisify(execFile)(process.execPath, command, { env })).stdout;
    } catch (error) {
      const { stderr } = error as { stderr?: string };
      throw new CommandError(stderr?.trim() || 'The command did not run', { cause: error });
    }
  }

  /** The keys and their states, and until when each state lasts. */
  async keys(): Promise<z.output<typeof status>['keys']> {
    return status.parse(JSON.parse(await this.run('status', '--json'))).keys;
  }
}

async function program(): Promise<string> {
  const manifestUrl = import.meta.resolve('nestjs-oidc-key/package.json');
  const manifest = z
    .object({ bin: z.object({ 'nestjs-oidc-key': z.string() }) })
    .parse(JSON.parse(await readFile(new URL(manifestUrl), 'utf8')));
  return fileURLToPath(new URL(manifest.bin['nestjs-oidc-key'], manifestUrl));
}
