// Starts the sample as a process of its own, and ends it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface ServerProcessOptions {
  /** The compiled entry file. */
  main: URL;
  issuer: string;
  /** All of the server's environment: what this process inherited does not reach it. */
  environment: Record<string, string>;
  /** The working directory, where the server would look for a file named .env. */
  folder: string;
  /** Options of Node itself. */
  nodeOptions?: string[];
}

const START_TIMEOUT = 15_000;
const STOP_TIMEOUT = 10_000;

/** The sample server as a process of its own. */
export class ServerProcess {
  private output = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly issuer: string,
  ) {
    const keep = (text: Buffer) => {
      this.output += text.toString('utf8');
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
  }

  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const { main, issuer, environment, folder, nodeOptions = [] } = options;
    const child = spawn(process.execPath, [...nodeOptions, fileURLToPath(main)], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Whatever ends this process, the server must not outlive it.
    const killWithParent = () => child.kill('SIGKILL');
    process.once('exit', killWithParent);
    child.once('exit', () => process.off('exit', killWithParent));

    const server = new ServerProcess(child, issuer);
    try {
      await server.untilReady();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** What the server has logged so far. */
  get log(): string {
    return this.output;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Asks the server to finish what it is doing and end. Resolves to its exit code, or null if it had to be killed. */
  async stop(): Promise<number | null> {
    if (!this.hasEnded()) this.signal('SIGTERM');
    return this.ended();
  }

  /** Resolves when the server has ended, or has been killed because it did not. */
  async ended(): Promise<number | null> {
    if (!this.hasEnded()) {
      const ended = once(this.child, 'exit');
      const killer = setTimeout(() => this.signal('SIGKILL'), STOP_TIMEOUT);
      await ended;
      clearTimeout(killer);
    }
    return this.child.exitCode;
  }

  private async untilReady(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT;
    while (Date.now() < deadline) {
      if (this.hasEnded()) throw new Error(`The server ended at once.\n${this.output}`);
      const response = await fetch(`${this.issuer}/.well-known/openid-configuration`).catch(() => undefined);
      if (response?.ok) return;
      await wait(50);
    }
    throw new Error(`The server did not answer within ${START_TIMEOUT / 1000} seconds.\n${this.output}`);
  }

  private hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

/** A port of the loopback interface that nobody uses at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port was found');
  return address.port;
}
