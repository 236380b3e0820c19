import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

// What concerns one connection only.
const hopByHop = ['connection', 'keep-alive', 'transfer-encoding'];

/** A round-robin proxy that passes over replicas that are down. No request here has a body. */
export class Balancer {
  readonly #server = createServer((asked, answer) => void this.#serve(asked, answer));
  #ports: number[] = [];
  #turn = 0;

  private constructor() {
    // A connection that this side closes while it is reused looks like a failure of the issuer.
    this.#server.keepAliveTimeout = 0;
  }

  static async start(): Promise<Balancer> {
    const balancer = new Balancer();
    balancer.#server.listen(0, '127.0.0.1');
    await once(balancer.#server, 'listening');
    return balancer;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  add(port: number): void {
    this.#ports = [...this.#ports, port];
  }

  remove(port: number): void {
    this.#ports = this.#ports.filter((each) => each !== port);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { status, headers, body } = await this.#pass(asked);
    answer.writeHead(status, headers).end(body);
  }

  async #pass(asked: IncomingMessage): Promise<Answer> {
    this.#turn += 1;
    const port = this.#ports[this.#turn % this.#ports.length];
    if (port === undefined) return { status: 503, headers: {}, body: Buffer.alloc(0) };
    try {
      return await ask(port, asked);
    } catch (error) {
      this.remove(port);
      // As nginx does by default: what was not sent, or does no harm twice, goes to the next one.
      const wasNotSent = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
      if (wasNotSent || asked.method === 'GET') return this.#pass(asked);
      return { status: 502, headers: {}, body: Buffer.alloc(0) };
    }
  }
}

async function ask(port: number, { method, url, headers }: IncomingMessage): Promise<Answer> {
  const passed = request({ host: '127.0.0.1', port, method, path: url, headers, agent: false }).end();
  const [answer] = (await once(passed, 'response')) as [IncomingMessage];
  const kept = Object.entries(answer.headers).filter(([name]) => !hopByHop.includes(name));
  return {
    status: answer.statusCode ?? 502,
    headers: Object.fromEntries(kept),
    body: await buffer(answer),
  };
}
