import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { halt } from '../processes.js';

/** Where .ci/machine puts the servers that tests of stores need. */
export const serversFolder = process.env.OIDC_KEY_STORES ?? join(homedir(), '.cache/nestjs-oidc-key/stores');

/** A server that runs. */
export interface ServerProcess {
  /** Halts it, so that it takes connections and answers nothing, or lets it go on. */
  halt(isHalted: boolean): Promise<void>;
  /** Ends it, and resolves when it has ended. */
  stop(): Promise<void>;
}

const patience = 60_000;

/**
 * Starts a server, and resolves when it is ready. It reads from us while it runs: if we end, however, so does it.
 *
 * @param isReady whether it answers by now
 */
export async function startServer(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  isReady: () => Promise<boolean>,
): Promise<ServerProcess> {
  const script = '"$@" & read -r _; kill -KILL $!; wait $! 2>/dev/null';
  const child = spawn('sh', ['-c', script, 'sh', command, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'ignore', 'pipe'],
    // A group of its own, so that the server can be halted with its shell.
    detached: true,
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)));
  child.stdin.on('error', () => undefined);
  const stop = async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.stdin.end();
    await ended;
  };
  for (const start = Date.now(); ; await wait(50)) {
    if (await isReady().catch(() => false))
      return { halt: (isHalted: boolean) => halt(child.pid!, isHalted), stop };
    if (Date.now() - start < patience) continue;
    await stop();
    throw new Error(`${command} is not ready: ${said}`);
  }
}
