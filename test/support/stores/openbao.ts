import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { freePort } from '../ports.js';
import { halt } from '../processes.js';

/** Where `.ci/machine` puts the server. */
const stores = process.env.OIDC_KEY_STORES ?? join(homedir(), '.cache/nestjs-oidc-key/stores');
export const openBao = join(stores, 'openbao-2.7.2/bao');
export const isOpenBaoInstalled = existsSync(openBao);

/** Those members of its answers that tests look at. */
export interface BaoJson {
  readonly errors?: readonly string[];
  readonly data?: {
    readonly data?: Readonly<Record<string, unknown>> | null;
    readonly metadata?: { readonly version: number };
    readonly version?: number;
    readonly versions?: Readonly<Record<string, { readonly destroyed: boolean }>>;
    readonly role_id?: string;
    readonly secret_id?: string;
    readonly certificate?: string;
    readonly ttl?: number;
    readonly num_uses?: number;
  };
  readonly auth?: { readonly client_token: string };
}

/** What the server answers, asked without our code. */
export interface BaoAnswer {
  readonly status: number;
  /** Empty where it answers nothing. */
  readonly json: BaoJson;
  readonly headers: Headers;
}

export interface BaoRequest {
  readonly method?: string;
  readonly body?: unknown;
  /** Default: the root token. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const rootToken = 'root';
/** Of a server on loopback that ends with the tests. */
export const passwordOfAdmin = 'loopback';

/** A server of OpenBao on loopback, which ends when this process does, however that ends. */
export class OpenBao {
  readonly folder = mkdtempSync(join(tmpdir(), 'oidc-key-openbao-'));
  readonly port: number;
  readonly address: string;
  #child: ChildProcess | undefined;
  /** What it has written. */
  log = '';

  private constructor(port: number, scheme: string) {
    this.port = port;
    this.address = `${scheme}://127.0.0.1:${port}`;
  }

  /** In memory, unsealed, with KV version 2 at `secret/`. */
  static async dev(): Promise<OpenBao> {
    const server = new OpenBao(await freePort(), 'http');
    await server.run([
      '-dev',
      '-dev-no-store-token',
      `-dev-root-token-id=${rootToken}`,
      `-dev-listen-address=127.0.0.1:${server.port}`,
    ]);
    await server.ready();
    return server;
  }

  /** By a configuration of its own; it is started by `run`. */
  static async configured(scheme = 'http'): Promise<OpenBao> {
    return new OpenBao(await freePort(), scheme);
  }

  async run(args: readonly string[]): Promise<void> {
    // The shell ends the server when its own standard input does, which is when this process is gone.
    const script =
      'exec 3<&0; "$@" 3<&- & server=$!; (cat <&3 >/dev/null; kill "$server" 2>/dev/null) & wait "$server"';
    const child = spawn('/bin/sh', ['-c', script, 'sh', openBao, 'server', ...args], {
      env: { HOME: this.folder, PATH: process.env.PATH },
      stdio: 'pipe',
      // A group of its own, so that the server can be halted with its shell.
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    }
    this.#child = child;
    await once(child, 'spawn');
  }

  /** Waits until it serves. */
  async ready(): Promise<void> {
    await this.answers(200, 'sys/health');
  }

  /** Waits until it answers so. */
  answers(status: number, path: string, token = rootToken): Promise<void> {
    return this.#until(async () => {
      const answer = await this.ask(path, { token });
      return answer.status === status;
    });
  }

  /** Waits until it serves, where it has a certificate. */
  serving(caFile: string): Promise<void> {
    return this.#until(() => isServing(`${this.address}/v1/sys/health`, caFile));
  }

  async ask(path: string, { method, body, token = rootToken, headers }: BaoRequest = {}): Promise<BaoAnswer> {
    const response = await fetch(`${this.address}/v1/${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { 'x-vault-token': token, ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      json: (text === '' ? {} : JSON.parse(text)) as BaoJson,
    };
  }

  /** As `ask`, for what has to succeed. */
  async tell(path: string, request: BaoRequest = {}): Promise<BaoJson> {
    const { status, json } = await this.ask(path, request);
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  }

  /** A token for the secrets of a server that has no root token. */
  async login(): Promise<string> {
    const { auth } = await this.tell('auth/userpass/login/admin', { body: { password: passwordOfAdmin } });
    return auth!.client_token;
  }

  /** A token with a policy of these rules. */
  async tokenWith(policy: string, options: object = {}): Promise<string> {
    const name = `policy-${Math.random().toString(36).slice(2)}`;
    await this.tell(`sys/policies/acl/${name}`, { body: { policy } });
    const { auth } = await this.tell('auth/token/create', {
      body: { policies: [name], ttl: '1h', ...options },
    });
    return auth!.client_token;
  }

  async #until(condition: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 1_000; attempt++) {
      if (this.#child?.exitCode !== null) throw new Error(`OpenBao has ended:\n${this.log}`);
      // Not listening yet, perhaps.
      if (await condition().catch(() => false)) return;
      await wait(50);
    }
    throw new Error(`OpenBao does not get ready:\n${this.log}`);
  }

  /** Halts it, so that it takes connections and answers nothing, or lets it go on. */
  halt(isHalted: boolean): Promise<void> {
    return halt(this.#child!.pid!, isHalted);
  }

  /** Ends it, so that it can be run again. */
  async end(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.stdin!.end();
    await closed;
  }

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function isServing(url: string, caFile: string): Promise<boolean> {
  if (!existsSync(caFile)) return false;
  return new Promise((resolve) => {
    get(url, { ca: readFileSync(caFile), agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}
