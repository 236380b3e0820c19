import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The repository, for what was compiled into a folder of it too. */
export const root = repositoryAbove(import.meta.dirname);

function repositoryAbove(folder: string): string {
  return existsSync(join(folder, 'package-lock.json')) ? folder : repositoryAbove(dirname(folder));
}

/** The command line, as it is installed. */
export const commandLine = join(root, 'dist/bundle/cli/main.js');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of this process without the settings that a test is about. */
export function cleanEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(OIDC_|RSA_PRIVATE|NODE_OPTIONS)/.test(name),
  );
  return { ...Object.fromEntries(inherited), NO_COLOR: '1', ...extra };
}

/** Runs a program to its end. */
export async function run(
  command: string,
  args: string[],
  options: SpawnOptions & { input?: string | Buffer } = {},
): Promise<Finished> {
  const { input, ...spawnOptions } = options;
  const child = spawn(command, args, { cwd: root, env: cleanEnvironment(), ...spawnOptions, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

const children: ChildProcess[] = [];

/** Starts a program, and resolves to the first line that it prints. */
export async function start(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv = cleanEnvironment(),
  cwd = root,
): Promise<string> {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const ended = once(child, 'close').then(() => {
    throw new Error(`${command} ${args[0]} ended without a word`);
  });
  // Before the test runs out of time, so that a program that hangs is told from a request that does.
  const printed = once(child.stdout, 'data', { signal: AbortSignal.timeout(25_000) });
  const [line] = (await Promise.race([printed, ended])) as [Buffer];
  ended.catch(() => undefined);
  return line.toString().split('\n')[0] ?? '';
}

/** For afterEach: ends what `start` started. */
export async function stopAll(): Promise<void> {
  await Promise.all(
    children.splice(0).map(async (child) => {
      if (child.exitCode !== null) return;
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    }),
  );
}

/**
 * Halts a group of processes, so that they take connections and answer nothing, or lets them go on. A process with many
 * threads goes on for some milliseconds after the signal, until the last of them has seen it.
 */
export async function halt(leader: number, isHalted: boolean): Promise<void> {
  process.kill(-leader, isHalted ? 'SIGSTOP' : 'SIGCONT');
  // Elsewhere than on Linux it is left to luck.
  if (!isHalted || !existsSync('/proc/self/stat')) return;
  while (threadsOf(leader).some((state) => state !== 'T')) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** The states of all threads of a group. */
function threadsOf(leader: number): string[] {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes
    .filter((pid) => statOf(`/proc/${pid}`)?.group === leader)
    .flatMap((pid) => ifThere(() => readdirSync(`/proc/${pid}/task`))?.map((id) => `/proc/${pid}/task/${id}`))
    .flatMap((folder) => (folder && statOf(folder)?.state) ?? []);
}

/** Undefined where it has ended. */
function statOf(folder: string): { state: string; group: number } | undefined {
  const text = ifThere(() => readFileSync(`${folder}/stat`, 'utf8'));
  // What stands in brackets is the name of the program, with whatever characters it has.
  const [state = 'Z', , group] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === 'Z' ? undefined : { state, group: Number(group) };
}

function ifThere<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
