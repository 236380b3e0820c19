import { spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Place {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

const longest = 300_000;
const kept = 10_000;

/** What a project inherits of this process: nothing that configures this module, npm's own run, or colours. */
function environmentOf({ env }: Place): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !/^(OIDC_|RSA_PRIVATE|NODE_(?:OPTIONS|PATH|ENV)|npm_(?!config_(registry|cache|userconfig)))/i.test(
        name,
      ),
  );
  return { ...Object.fromEntries(inherited), NO_COLOR: '1', CI: '1', ...env };
}

function started(
  command: string,
  args: readonly string[],
  place: Place,
): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn(command, args, {
    cwd: place.cwd,
    env: environmentOf(place),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: longest,
    killSignal: 'SIGKILL',
  });
  running.add(child);
  return child;
}

/** Runs a program to its end, and resolves to all that it printed; rejects where it fails. */
export async function run(command: string, args: readonly string[], place: Place): Promise<string> {
  const child = started(command, args, place);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (code === 0) return printed;
    throw new Error(
      `${command} ${args.slice(0, 3).join(' ')} ended with ${code ?? signal}\n${printed.slice(-kept)}`,
    );
  } finally {
    running.delete(child);
  }
}

/** Runs a program that the project has installed; `npx` would ask the registry for one that is not there. */
export function runInstalled(name: string, args: readonly string[], place: Place): Promise<string> {
  return run(join(place.cwd, 'node_modules/.bin', name), args, place);
}

/** Starts a server, hands over the first line that it prints as JSON, and ends it. */
export async function withServer(
  command: string,
  args: readonly string[],
  place: Place,
  use: (announced: unknown) => Promise<void>,
): Promise<void> {
  const child = started(command, args, place);
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const closed = once(child, 'close');
  const silent = closed.then(([code]) => {
    throw new Error(`${args.join(' ')} ended with ${code}\n${printed.slice(-kept)}`);
  });
  // Nobody waits for it once the server is there.
  silent.catch(() => undefined);
  try {
    const line = await Promise.race([announcement(child), silent]);
    await use(JSON.parse(line));
  } finally {
    child.kill('SIGTERM');
    await closed.catch(() => undefined);
    running.delete(child);
  }
}

/** Other lines are the log's. */
async function announcement({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout! })) if (line.startsWith('{')) return line;
  return new Promise(() => undefined);
}
