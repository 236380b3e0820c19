import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { kitClientModule, softHsmModule } from './soft-hsm.js';
import type { SoftHsm } from './soft-hsm.js';
import { until } from '../waiting.js';

/** The server of p11-kit before a token of SoftHSM: for each client it starts a process, which can hang and die. */
export class KitServer {
  readonly #hsm: SoftHsm;
  readonly #socket: string;
  readonly #before = process.env.P11_KIT_SERVER_ADDRESS;
  #server: ChildProcess | undefined;

  constructor(hsm: SoftHsm) {
    this.#hsm = hsm;
    this.#socket = join(hsm.folder, 'kit.sock');
    process.env.P11_KIT_SERVER_ADDRESS = `unix:path=${this.#socket}`;
  }

  get query(): string {
    return `?module-path=${kitClientModule}&pin-source=${this.#hsm.pinFile}`;
  }

  async start(): Promise<void> {
    const args = ['server', '-f', '-n', this.#socket, '--provider', softHsmModule, 'pkcs11:'];
    this.#server = spawn('p11-kit', args, {
      env: { ...process.env, ...this.#hsm.environment },
      stdio: 'ignore',
    });
    await until(() => existsSync(this.#socket));
  }

  /** The processes that serve clients. */
  servants(): readonly number[] {
    return childrenOf(this.#server!.pid!);
  }

  /** To every servant. */
  tell(signal: NodeJS.Signals): void {
    for (const pid of this.servants()) process.kill(pid, signal);
  }

  /** Ends it and all that serves. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const servants = childrenOf(server.pid!);
    const closed = once(server, 'close');
    server.kill('SIGKILL');
    await closed;
    for (const pid of servants) process.kill(pid, 'SIGKILL');
    rmSync(this.#socket, { force: true });
  }

  async remove(): Promise<void> {
    await this.stop();
    if (this.#before === undefined) delete process.env.P11_KIT_SERVER_ADDRESS;
    else process.env.P11_KIT_SERVER_ADDRESS = this.#before;
  }
}

/** Those of the test files that this process has run before. They are no business of this one's. */
const ofOthers = new Set(startedBy(process.pid));

/** The processes that a process has started, of which the command line has these words. */
export function childrenOf(pid: number, words = ''): readonly number[] {
  return startedBy(pid, words).filter((child) => !ofOthers.has(child));
}

function startedBy(pid: number, words = ''): readonly number[] {
  try {
    const found = execFileSync('pgrep', ['-P', String(pid), ...(words === '' ? [] : ['-f', words])], {
      encoding: 'utf8',
    });
    return found.trim().split('\n').map(Number);
  } catch {
    // pgrep's way to say that there is none.
    return [];
  }
}
