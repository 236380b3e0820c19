import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { PlaceUnderTest } from '../../test/support/stores/store-under-test.js';

const program = fileURLToPath(new URL('command-process.js', import.meta.url));

const living = new Set<ChildProcess>();
// Whatever ends the drill, its commands must not outlive it.
process.once('exit', () => living.forEach((child) => child.kill('SIGKILL')));

/** What every process of the drill needs to reach a store. */
export function environmentFor({ environment }: Pick<PlaceUnderTest, 'environment'>): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, NO_COLOR: '1', ...environment };
}

/** A command in a process of its own, which waits until it is told to begin. */
export class Command {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param to where the key is made; default: where the one before is */
  static async prepare(
    name: 'init' | 'rotate',
    place: Pick<PlaceUnderTest, 'reference' | 'environment'>,
    to?: string,
  ): Promise<Command> {
    const child = fork(program, [name, place.reference, ...(to === undefined ? [] : [to])], {
      env: environmentFor(place),
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    living.add(child);
    child.once('exit', () => living.delete(child));
    await once(child, 'message');
    return new Command(child);
  }

  /** Resolves to its outcome, or to the code of its error; undefined if it was killed before. */
  async run(): Promise<string | undefined> {
    const outcome = once(this.#child, 'message').then(([message]) => message as string);
    // Not its exit, which may be told before the last message is read.
    const ended = once(this.#child, 'disconnect').then(() => undefined);
    this.#child.send('begin');
    return Promise.race([outcome, ended]);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
