import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';

import { certificateFor } from '../certificate.js';

export interface Call<Action extends string> {
  readonly action: Action;
  /** What stands behind the kind of thing: `NAME` or `NAME/VERSION`, and more. */
  readonly place: string;
  readonly hasToken: boolean;
  readonly hasBody: boolean;
}

/** What goes wrong with a request. */
export type Fault =
  | {
      readonly status: number;
      readonly code?: string;
      readonly innerCode?: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** In place of the JSON that an error has. */
      readonly body?: string;
      /** What was asked for is done all the same. */
      readonly isDone?: boolean;
    }
  | 'hang'
  | 'reset'
  | 'endless'
  /** The answer is what this makes of the right one. */
  | ((answer: Answer) => Answer);

export type Answer = Record<string, unknown>;

const sizeOfPage = 25;

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly innerCode?: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super('A message that quotes a secret-value');
  }
}

/** What doubles of a vault have in common: HTTPS, tokens with their challenge, rights, faults and pages. */
export abstract class AzureVaultDouble<Action extends string> {
  readonly certificate = certificateFor();
  /** Everything that was asked, oldest first; also what was refused for want of a token. */
  readonly calls: Call<Action>[] = [];
  fault: ((call: Call<Action>) => Fault | undefined) | undefined;
  /** The actions of whoever asks. Default: all of them. */
  granted: ReadonlySet<Action> | undefined;
  /** The clock of the service, in whole seconds. */
  now = (): number => Math.floor(Date.now() / 1000);
  /** What identifies the next version. Real ones are random; these grow, unless a test says otherwise. */
  nextIdentifier: string | undefined;
  /**
   * The service that tokens are for. The SDK takes a challenge only from a host below it, which this address is below "0.0.1";
   * with https: in front of it, that would be an address too.
   */
  service = 'vault://0.0.1';
  /** Which tokens are good. */
  token = 'a-token';
  readonly #vault: Server = createServer(
    this.certificate,
    (request, response) => void this.#answer(request, response),
  );
  /** The endpoint from which a workload with a managed identity gets its token. */
  readonly #identity: HttpServer = createHttpServer((_, response) => {
    const expires = this.now() + 3600;
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ access_token: this.token, expires_on: String(expires), token_type: 'Bearer' }));
  });
  #count = 0;
  port = 0;
  identityPort = 0;

  /** What a role has to allow, from the page about roles. */
  protected abstract actionOf(method: string, rest: readonly string[]): Action;
  protected abstract right(call: Call<Action>, url: URL, body: string): Answer | Promise<Answer>;

  async start(): Promise<this> {
    this.#vault.listen(0, '127.0.0.1');
    this.#identity.listen(0, '127.0.0.1');
    await Promise.all([once(this.#vault, 'listening'), once(this.#identity, 'listening')]);
    this.port = (this.#vault.address() as AddressInfo).port;
    this.identityPort = (this.#identity.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    for (const server of [this.#vault, this.#identity]) {
      server.close();
      server.closeAllConnections();
    }
    await Promise.all([once(this.#vault, 'close'), once(this.#identity, 'close')]);
  }

  protected identifier(): string {
    const identifier = this.nextIdentifier ?? (++this.#count).toString(16).padStart(32, '0');
    this.nextIdentifier = undefined;
    return identifier;
  }

  /** Of no order, and not all at once. */
  protected page<Version extends { readonly identifier: string }>(
    url: URL,
    versions: readonly Version[],
    described: (version: Version) => Answer,
  ): Answer {
    const from = Number(url.searchParams.get('$skiptoken') ?? 0);
    const size = Math.min(Number(url.searchParams.get('maxresults') ?? sizeOfPage), sizeOfPage);
    const shown = versions.toSorted((a, b) => reversed(a.identifier).localeCompare(reversed(b.identifier)));
    const next = new URL(url);
    next.searchParams.set('$skiptoken', String(from + size));
    return {
      value: shown.slice(from, from + size).map(described),
      nextLink: from + size < shown.length ? next.href : null,
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const url = new URL(request.url!, `https://${request.headers.host}`);
    response.setHeader('date', new Date(this.now() * 1000).toUTCString());
    response.setHeader('content-type', 'application/json; charset=utf-8');
    const [, , name = '', ...rest] = url.pathname.split('/');
    const action = this.actionOf(request.method!, rest);
    const hasToken = request.headers.authorization !== undefined;
    const place = [name, ...rest].filter(Boolean).join('/');
    const call: Call<Action> = { action, place, hasToken, hasBody: body !== '' };
    this.calls.push(call);
    try {
      const fault = hasToken ? this.fault?.(call) : undefined;
      if (fault === 'hang') return;
      if (fault === 'reset') {
        request.socket.destroy();
        return;
      }
      if (fault === 'endless') {
        sendEndlessly(response);
        return;
      }
      const right = async () => {
        if (this.granted && !this.granted.has(action)) throw new Refusal(403, 'Forbidden', 'ForbiddenByRbac');
        if (!url.searchParams.has('api-version')) throw new Refusal(400, 'BadParameter');
        return this.right(call, url, body);
      };
      if (typeof fault === 'function') {
        response.end(JSON.stringify(fault(await right())));
      } else if (fault) {
        if (fault.isDone) await right();
        response.writeHead(fault.status, fault.headers);
        response.end(fault.body ?? errorBody(fault.code ?? 'Error', fault.innerCode));
      } else {
        if (request.headers.authorization !== `Bearer ${this.token}`) throw this.#challenge();
        response.end(JSON.stringify(await right()));
      }
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, 'InternalServerError');
      response.writeHead(refusal.status, refusal.headers);
      response.end(errorBody(refusal.code, refusal.innerCode));
    }
  }

  #challenge(): Refusal {
    return new Refusal(401, 'Unauthorized', undefined, {
      'www-authenticate':
        'Bearer authorization="https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47", ' +
        `resource="${this.service}"`,
    });
  }
}

function errorBody(code: string, innerCode: string | undefined): string {
  const message = 'A message that quotes a secret-value';
  const innererror = innerCode === undefined ? undefined : { code: innerCode };
  return JSON.stringify({ error: { code, message, ...(innererror && { innererror }) } });
}

function sendEndlessly(response: ServerResponse): void {
  response.write('{"value":"');
  const chunk = 'x'.repeat(65_536);
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

function reversed(text: string): string {
  return text.split('').toReversed().join('');
}
