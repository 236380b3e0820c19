import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, describe, expect, it } from '@jest/globals';

import { root, run } from '../../support/processes.js';

/** The library as it is built, since a child process has no compiler. */
const builtFiles = pathToFileURL(join(root, 'dist/sources/files/files.js')).href;

const secret = 'c2VjcmV0IGNvbnRlbnQ\n';
const folder = mkdtempSync(join(tmpdir(), 'oidc-key-inherited-'));
chmodSync(folder, 0o755);
const key = join(folder, 'key.pem');
writeFileSync(key, secret);
const unreadable = join(folder, 'unreadable.pem');
writeFileSync(unreadable, secret, { mode: 0 });
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads the same file twice, and prints what came of it, and how often a timer of 10 ms ran meanwhile. */
const program = join(folder, 'read.mjs');
writeFileSync(
  program,
  `import { Files } from ${JSON.stringify(builtFiles)};
const [path, timeLimit, user] = process.argv.slice(2);
if (user === 'nobody' && process.getuid() === 0) process.setuid(65534);
let ticks = 0;
setInterval(() => (ticks += 1), 10).unref();
const files = new Files({ timeLimit: Number(timeLimit) });
const read = () => files.ofOneMoment().read(path).then(String, ({ code }) => code);
const outcomes = [await read(), await read()];
console.log(JSON.stringify({ outcomes, ticks }));
`,
);

interface Outcome {
  readonly outcomes: readonly string[];
  readonly ticks: number;
}

/** `READ` stands for the program. */
async function shell(command: string, ...args: string[]): Promise<Outcome> {
  const { stdout, stderr, code } = await run('bash', [
    '-c',
    command.replace('READ', '"$0" "$1"'),
    process.execPath,
    program,
    key,
    ...args,
  ]);
  if (code !== 0) throw new Error(`${code}: ${stderr}`);
  return JSON.parse(stdout) as Outcome;
}

/** Node gives its children a socket as standard input. */
async function childOfNode(input: string | undefined): Promise<Outcome> {
  const child = spawn(process.execPath, [program, '/dev/stdin', input === undefined ? '500' : '10000']);
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  if (input !== undefined) child.stdin.end(input);
  await new Promise((resolve) => child.on('close', resolve));
  return JSON.parse(stdout) as Outcome;
}

describe('what a process is started with', () => {
  it.each<[string, string, string]>([
    ['a file as standard input', 'READ /dev/stdin 10000 < "$2"', secret],
    ['a pipe as standard input', 'cat "$2" | READ /dev/stdin 10000', secret],
    ['a pipe by its number', 'cat "$2" | READ /dev/fd/0 10000', secret],
    ['a pipe in /proc', 'cat "$2" | READ /proc/self/fd/0 10000', secret],
    ['a pipe that is written late', '(sleep 0.5; cat "$2") | READ /dev/stdin 10000', secret],
    ['a pipe that nothing is written to', ': | READ /dev/stdin 10000', ''],
    ['closed standard input', 'READ /dev/stdin 10000 <&-', ''],
    ['process substitution', 'READ <(cat "$2") 10000', secret],
    ['process substitution that takes its time', 'READ <(sleep 0.5; cat "$2") 10000', secret],
    ['process substitution that fails', 'READ <(cat missing 2> /dev/null) 10000', ''],
    ['process substitution without end', 'READ <(yes) 10000', 'EFBIG'],
  ])('%s is read, and its content given again', async (_, command, expected) => {
    const { outcomes } = await shell(command);
    expect(outcomes).toEqual([expected, expected]);
  });

  it('a pipe that stays open is not waited for longer than the limit, and timers run meanwhile', async () => {
    const { outcomes, ticks } = await shell('sleep 1.5 | READ /dev/stdin 300');
    expect(outcomes).toEqual(['ETIMEDOUT', 'ETIMEDOUT']);
    expect(ticks).toBeGreaterThan(20);
  });

  it('a socket as standard input is read', async () => {
    expect((await childOfNode(secret)).outcomes).toEqual([secret, secret]);
    expect((await childOfNode('')).outcomes).toEqual(['', '']);
    expect((await childOfNode(undefined)).outcomes).toEqual(['ETIMEDOUT', 'ETIMEDOUT']);
  });

  // As in a container whose process is not root: nobody may open root's pipe, but who inherits it may read.
  it('a pipe of another user is read', async () => {
    expect((await shell('cat "$2" | READ /dev/stdin 10000 nobody')).outcomes).toEqual([secret, secret]);
  });

  it('a file without permission is EACCES', async () => {
    expect((await shell('READ "$3" 10000 nobody', unreadable)).outcomes).toEqual(['EACCES', 'EACCES']);
  });

  it('a boot that waits for a pipe ends neither early nor silently', async () => {
    const { outcomes } = await shell('mkfifo "$3" && READ "$3" 300', join(folder, 'pipe'));
    expect(outcomes).toEqual(['ETIMEDOUT', 'ETIMEDOUT']);
  });

  it('a watch does not keep a process alive', async () => {
    const watching = join(folder, 'watch.mjs');
    writeFileSync(
      watching,
      `import { Files } from ${JSON.stringify(builtFiles)};
new Files().watch(${JSON.stringify([key, join(folder, 'missing'), '/dev/null'])}, () => undefined);
process.on('exit', () => console.log('ended'));`,
    );
    expect((await run(process.execPath, [watching])).stdout).toBe('ended\n');
  });
});
