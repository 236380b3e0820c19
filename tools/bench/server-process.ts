import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { GuardedOptions } from './guards.js';
import type { KeyKind } from './keys.js';

export interface ServerOptions {
  readonly platform: 'Express' | 'Fastify';
  readonly key: KeyKind;
  /** Who signs the tokens of `/token`; the JWKS is ours in any case. */
  readonly signer: 'ours' | 'jsonwebtoken' | 'fast-jwt' | 'constant';
  /** Whether it can be told to count requests and to have its metrics read twice a second. Default: it counts. */
  readonly switchesMetrics?: boolean;
  /** A key that is elsewhere signs, in place of one that the process makes. */
  readonly store?: { readonly reference: string; readonly environment: Readonly<Record<string, string>> };
}

export type ServerReport = { readonly port: number } | { readonly cpu: NodeJS.CpuUsage };

/** What a server is told; it answers each with its CPU time. */
export type ServerMessage = 'cpu' | 'metrics on' | 'metrics off';

/** What each program of a server is told. */
interface ServerPrograms {
  readonly server: ServerOptions;
  readonly issuer: Record<string, never>;
  readonly guarded: GuardedOptions;
}

export function pathOf(name: keyof ServerPrograms | 'boot/with' | 'boot/without' | 'memory'): string {
  return fileURLToPath(new URL(`processes/${name}.js`, import.meta.url));
}

/** A Nest server in a process of its own. */
export class ServerProcess {
  private constructor(
    readonly url: string,
    readonly child: ChildProcess,
  ) {}

  static async start<Program extends keyof ServerPrograms>(
    program: Program,
    options: ServerPrograms[Program],
  ): Promise<ServerProcess> {
    const child = fork(pathOf(program), [JSON.stringify(options)], { execArgv: [] });
    const { port } = (await reportOf(child)) as { port: number };
    return new ServerProcess(`http://127.0.0.1:${port}`, child);
  }

  /** Microseconds of CPU time of all its threads, since it started. */
  async cpuTime(): Promise<number> {
    const { user, system } = await this.#tell('cpu');
    return user + system;
  }

  /** Two processes that run the same differ by more than metrics cost, so that one is measured with and without. */
  async switchMetrics(to: 'on' | 'off'): Promise<void> {
    await this.#tell(`metrics ${to}`);
  }

  async #tell(message: ServerMessage): Promise<NodeJS.CpuUsage> {
    const report = reportOf(this.child);
    this.child.send(message);
    return ((await report) as { cpu: NodeJS.CpuUsage }).cpu;
  }

  async stop(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.disconnect();
    await exit;
  }
}

async function reportOf(child: ChildProcess): Promise<ServerReport> {
  const ended = new AbortController();
  const abort = () => ended.abort();
  child.once('exit', abort);
  try {
    const [report] = (await once(child, 'message', { signal: ended.signal })) as [ServerReport];
    return report;
  } finally {
    child.off('exit', abort);
  }
}
