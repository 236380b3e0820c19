import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { KubeApiserver } from './kube-apiserver.js';

/** What stands for the answer of the API server. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is if it is a text, else as JSON. */
  readonly body?: unknown;
}

/** What goes wrong on the way. */
export type Fault =
  | Answer
  /** Nobody answers. */
  | 'hang'
  /** The connection breaks before the server has heard of it. */
  | 'reset'
  /** It breaks when the server has done it. */
  | 'lost'
  /** It breaks in the middle of the answer. */
  | 'half'
  /** An answer that does not end. */
  | 'endless';

export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly authorization: string | undefined;
}

/** Stands between a client and an API server, over plain HTTP on loopback, as `kubectl proxy` does, and breaks what it is told to. */
export class ApiProxy {
  readonly heard: Heard[] = [];
  /** What happens to a request; undefined: it is passed on. */
  fault: (heard: Heard) => Fault | undefined | Promise<Fault | undefined> = () => undefined;
  readonly #server: Server;
  readonly #target: KubeApiserver | undefined;

  private constructor(target: KubeApiserver | undefined) {
    this.#target = target;
    this.#server = createServer((incoming, response) => {
      this.#answer(incoming, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  static async start(target?: KubeApiserver): Promise<ApiProxy> {
    const proxy = new ApiProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await incoming.toArray()).join('');
    const { method = '', url: path = '', headers } = incoming;
    const heard = { method, path, body, authorization: headers.authorization };
    this.heard.push(heard);
    const fault = await this.fault(heard);
    if (fault === 'hang') return;
    if (fault === 'reset') return void response.destroy();
    if (fault === 'endless') return this.#endless(response);
    if (typeof fault === 'object') return reply(response, fault);
    const answer = await this.#passedOn(incoming, body);
    if (fault === 'lost') return void response.destroy();
    if (fault === 'half') {
      const text = answer.body as string;
      response.writeHead(answer.status, {
        'content-type': 'application/json',
        'content-length': text.length,
      });
      response.write(text.slice(0, text.length / 2), () => response.destroy());
      return;
    }
    reply(response, answer);
  }

  async #passedOn({ method, url, headers }: IncomingMessage, body: string): Promise<Answer> {
    const target = this.#target!;
    const sent = request(new URL(url!, target.address), {
      method: method!,
      ca: target.ca,
      agent: false,
      headers: { ...headers, host: new URL(target.address).host, connection: 'close' },
    });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const { date = '' } = answer.headers;
    const text = (await answer.toArray()).join('');
    return { status: answer.statusCode!, headers: { date, 'content-type': 'application/json' }, body: text };
  }

  #endless(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    const chunk = ' '.repeat(64 * 1024);
    const write = () => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once('drain', write);
    };
    write();
  }
}

function reply(response: ServerResponse, { status, headers = {}, body = '' }: Answer): void {
  response.writeHead(status, headers);
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
