import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { realTimes, scaled } from './scale.js';
import type { ServerMessage } from './server-message.js';

const server = fileURLToPath(new URL('server.js', import.meta.url));
const patience = 30_000;

const living = new Set<ChildProcess>();
// Whatever ends the drill, its servers must not outlive it.
process.once('exit', () => living.forEach((child) => child.kill('SIGKILL')));

/** One replica: its process may be killed and started again. */
export class Replica {
  readonly #settings: () => Record<string, string>;
  readonly #issuer: string;
  #child: ChildProcess | undefined;
  #port = 0;
  #kid = '';
  #failedReloads = 0;
  #log = '';

  constructor(settings: () => Record<string, string>, issuer: string) {
    this.#settings = settings;
    this.#issuer = issuer;
  }

  get port(): number {
    return this.#port;
  }

  /** Resolves when the server answers. */
  async start(): Promise<void> {
    const child = fork(server, {
      // All of its environment: what this process inherited must not reach it.
      env: {
        NO_COLOR: '1',
        ISSUER: this.#issuer,
        OIDC_JWKS_MAX_AGE: String(scaled(realTimes.maxAge)),
        OIDC_KEY_RETENTION: String(scaled(realTimes.retention)),
        OIDC_KEY_SPREAD: String(scaled(realTimes.spread)),
        OIDC_CLOCK_SKEW: String(scaled(realTimes.skew)),
        ...this.#settings(),
      },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    living.add(child);
    child.once('exit', () => living.delete(child));
    child.on('message', (message) => this.#hear(message as ServerMessage));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => (this.#log += text.toString()));
    }
    this.#child = child;
    this.#port = 0;
    await this.#until(() => this.#port > 0, 'answer');
  }

  /** Ends the process as the platform does (SIGTERM), or as a crash does (SIGKILL). */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async untilSigns(kid: string): Promise<void> {
    await this.#until(() => this.#kid === kid, 'sign with the new key');
  }

  /** Resolves when one more reload has failed than now. */
  async untilReloadFails(): Promise<void> {
    const failedBefore = this.#failedReloads;
    await this.#until(() => this.#failedReloads > failedBefore, 'notice the half-written file');
  }

  #hear(message: ServerMessage): void {
    if (message.type === 'reload-failed') this.#failedReloads += 1;
    else this.#kid = message.kid;
    if (message.type === 'ready') this.#port = message.port;
  }

  async #until(isTrue: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + patience;
    while (!isTrue()) {
      if (performance.now() > deadline || !this.#child || hasEnded(this.#child)) {
        throw new Error(`A replica did not ${what}. Its log:\n${this.#log}`);
      }
      await wait(20);
    }
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
