import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('commander-process.mjs', import.meta.url));

/** What a command came to: its outcome, or the code of its error. */
export interface Commanded {
  readonly outcome: string;
  readonly message?: string;
  /** How often bytes went out over a socket, or came in. */
  readonly steps: number;
}

/** A process that runs commands on stores. */
export class Commander {
  readonly #child: ChildProcess;
  #count = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(environment: Readonly<Record<string, string>>): Promise<Commander> {
    const { PATH = '', HOME = '' } = process.env;
    const child = fork(program, {
      env: { PATH, HOME, ...environment },
      execArgv: environment.NODE_OPTIONS === undefined ? [] : environment.NODE_OPTIONS.split(' '),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    return new Commander(child);
  }

  /** Undefined where the process died of it. */
  async run(
    command: 'init' | 'rotate' | 'revoke' | 'status',
    options: object,
  ): Promise<Commanded | undefined> {
    const id = ++this.#count;
    return new Promise((resolve) => {
      const hear = (message: unknown) => {
        const { id: of, ...result } = message as Commanded & { readonly id: number };
        if (of === id) end(result);
      };
      const die = () => end(undefined);
      const end = (result: Commanded | undefined) => {
        this.#child.off('message', hear).off('exit', die);
        resolve(result);
      };
      this.#child.on('message', hear).on('exit', die);
      this.#child.send({ id, command, options });
    });
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}
