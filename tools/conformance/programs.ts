// Programs that the run starts, none of which outlives it.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

function started(command: string, args: readonly string[], cwd: string, log: string): ChildProcess {
  const output = openSync(log, 'a');
  const child = spawn(command, args, { cwd, stdio: ['ignore', output, output] });
  closeSync(output);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Runs a program to its end. What it prints is in the log. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  cwd: string,
  log: string,
): Promise<void> {
  const [code, signal] = (await once(started(command, args, cwd, log), 'exit')) as [
    number | null,
    string | null,
  ];
  if (code !== 0) throw new Error(`${command} ended with ${code ?? signal}. What it printed is in ${log}.`);
}

/** Starts a server, and resolves when it answers at the address. */
export async function startServer(
  command: string,
  args: readonly string[],
  cwd: string,
  log: string,
  answers: () => Promise<boolean>,
): Promise<void> {
  const child = started(command, args, cwd, log);
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`${command} ended at once. What it printed is in ${log}.`);
    }
    if (await answers()) return;
    await wait(200);
  }
  throw new Error(`${command} did not answer within two minutes. What it printed is in ${log}.`);
}
