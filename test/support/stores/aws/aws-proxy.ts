import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands for the answer of AWS. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is if it is a text, else as JSON. */
  readonly body?: unknown;
}

/** What goes wrong on the way. */
export type Fault =
  | Answer
  /** Nobody answers, and nothing is done. */
  | 'hang'
  /** The connection breaks before AWS has heard of it. */
  | 'reset'
  /** It breaks when AWS has done it. */
  | 'lost'
  /** It breaks in the middle of the answer. */
  | 'half'
  /** An answer that does not end. */
  | 'endless';

export interface Heard {
  /** Such as `GetSecretValue`. */
  readonly action: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** An error in AWS's words. What stands in its message must not get out. */
export function awsError(name: string, status = 400, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers, body: { __type: name, message: vendorMessage, Message: vendorMessage } };
}

/** Vendors quote what they were sent. */
export const vendorMessage = 'quoted-by-the-vendor';

/** Stands between a client and AWS, on loopback, and breaks what it is told to. */
export class AwsProxy {
  readonly heard: Heard[] = [];
  /** That the last request was signed for. */
  region: string | undefined;
  /** What happens to a request; undefined: it is passed on. */
  fault: (heard: Heard) => Fault | undefined | Promise<Fault | undefined> = () => undefined;
  readonly #server: Server;
  readonly #target: string | undefined;

  private constructor(target: string | undefined) {
    this.#target = target;
    this.#server = createServer((incoming, response) => {
      this.#answer(incoming, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  /** @param target the endpoint to which requests are passed on */
  static async start(target?: string): Promise<AwsProxy> {
    const proxy = new AwsProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What was asked since the last time. */
  takeActions(): string[] {
    return this.heard.splice(0).map(({ action }) => action);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await incoming.toArray()).join('');
    const action = String(incoming.headers['x-amz-target']).split('.')[1] ?? '';
    const heard = { action, body: JSON.parse(body) as Record<string, unknown> };
    this.region = /\/\d{8}\/([^/]+)\//.exec(incoming.headers.authorization ?? '')?.[1];
    this.heard.push(heard);
    const fault = await this.fault(heard);
    if (fault === 'hang') return;
    if (fault === 'reset') return void response.destroy();
    if (fault === 'endless') return endless(response);
    if (typeof fault === 'object') return reply(response, fault);
    const answer = await this.#passedOn(incoming.headers, body);
    if (fault === 'lost') return void response.destroy();
    if (fault !== 'half') return reply(response, answer);
    response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
    response.write(answer.body.subarray(0, answer.body.length / 2), () => response.destroy());
  }

  async #passedOn(headers: IncomingHttpHeaders, body: string) {
    const sent = request(this.#target!, { method: 'POST', headers });
    sent.end(body);
    const [message] = (await once(sent, 'response')) as [IncomingMessage];
    const { 'content-type': type = '', date = '' } = message.headers;
    return {
      status: message.statusCode!,
      headers: { 'content-type': type, date },
      body: Buffer.concat((await message.toArray()) as Buffer[]),
    };
  }
}

function reply(response: ServerResponse, { status, headers, body = '' }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', ...headers });
  response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

function endless(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
  const chunk = Buffer.alloc(256 * 1024, ' ');
  const write = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', write);
  write();
}
