import { once } from 'node:events';
import { createServer, request as requestHttp } from 'node:http';
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What went through, or was to. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What happens in place of the answer of the server. */
export type Fault =
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** The server never hears of it. */
  | { readonly type: 'reset' | 'hang' | 'endless' }
  /** The server does it, and its answer gets lost. */
  | { readonly type: 'lost' }
  /** The server does it, and something happens to its answer. */
  | { readonly type: 'changed'; readonly change: (answer: Answer) => { readonly body: string } }
  /** It goes to another server. */
  | { readonly type: 'instead'; readonly address: string };

/** A proxy on loopback before a server, which does what no server can be asked to. */
export class ProxyWithFaults {
  readonly seen: Seen[] = [];
  /** How the server has answered. */
  readonly statuses: number[] = [];
  /** What is to happen to a request, of which so many have been seen. */
  fault: (seen: Seen, count: number) => Fault | undefined | Promise<Fault | undefined> = () => undefined;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #server: Server;
  readonly #target: string;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      const { method = '', url: path = '', headers } = request;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const seen = { method, path, headers, body: Buffer.concat(chunks).toString() };
        this.seen.push(seen);
        const answering = this.#answer(seen, response).catch(() => response.destroy());
        this.#underWay.add(answering);
        void answering.then(() => this.#underWay.delete(answering));
      });
    });
  }

  /** @param port where it listens; default: anywhere */
  static async before(target: string, port = 0): Promise<ProxyWithFaults> {
    const proxy = new ProxyWithFaults(target);
    proxy.#server.listen(port, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Nothing more happens, and nothing was seen. */
  reset(): void {
    this.fault = () => undefined;
    this.seen.length = 0;
    this.statuses.length = 0;
  }

  /** Waits until the server has answered everything. */
  async idle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(seen: Seen, response: ServerResponse): Promise<void> {
    const fault = await this.fault(seen, this.seen.length);
    switch (fault?.type) {
      case 'hang':
        return;
      case 'reset':
        response.destroy();
        return;
      case 'endless':
        endless(response);
        return;
      case 'answer':
        response
          .writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
          .end(fault.body);
        return;
      default: {
        const answer = await this.#forward(seen, fault?.type === 'instead' ? fault.address : this.#target);
        this.statuses.push(answer.status);
        if (fault?.type === 'lost') response.destroy();
        else {
          const { body } = fault?.type === 'changed' ? fault.change(answer) : answer;
          const { 'content-length': _, 'transfer-encoding': __, ...headers } = answer.headers;
          response.writeHead(answer.status, headers).end(body);
        }
      }
    }
  }

  #forward({ method, path, headers, body }: Seen, target: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = requestHttp(new URL(path, target), { method, headers, agent: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body: text }));
        answer.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

/** A gigabyte, as far as somebody reads it. */
function endless(response: ServerResponse): void {
  const chunk = Buffer.alloc(1024 * 1024, 'a');
  response.writeHead(200, { 'content-type': 'application/json' });
  let left = 1024;
  const more = () => {
    while (left-- > 0) if (!response.write(chunk)) return;
    response.end();
  };
  response.on('drain', more);
  more();
}
