import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import gax from 'google-gax';
import type { grpc as Grpc } from 'google-gax';

const { Metadata, Server, ServerCredentials, status: codes } = gax.grpc;
export type Code = Exclude<keyof typeof codes, 'OK'>;

/** What goes wrong with a call. */
export type Fault =
  | {
      readonly code: Code;
      readonly message?: string;
      /** Of google.rpc.ErrorInfo. */
      readonly reason?: string;
      /** In seconds: google.rpc.RetryInfo in gRPC, the header `Retry-After` in REST. */
      readonly retryAfter?: number;
      /** What was asked for is done all the same. */
      readonly isDone?: boolean;
    }
  | 'hang'
  /** The answer is what this makes of the right one. */
  | ((answer: Answer) => Answer);

export interface Call<Method extends string> {
  readonly method: Method;
  /** The name in the request, of what is asked for or of what it is in. */
  readonly name: string;
}

export type Answer = Record<string, unknown>;

/** A request over REST, as it is understood: which method it is of, and what that is asked over gRPC. */
export interface RestRequest {
  readonly verb: string;
  /** Behind the version of the API and before the colon. */
  readonly name: string;
  /** Behind the colon. */
  readonly action: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Answer;
}

export class Refusal extends Error {
  constructor(
    readonly code: Code,
    message: string,
    readonly reason?: string,
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

const never = new Promise<never>(() => undefined);

/** What doubles of Google's services have in common: gRPC and REST, permissions, and faults. */
export abstract class GoogleApiDouble<Method extends string> {
  /** Everything that was asked, oldest first. */
  readonly calls: Call<Method>[] = [];
  /** What goes wrong with a call, if anything. */
  fault: ((call: Call<Method>) => Fault | undefined) | undefined;
  /** The permissions of whoever asks. Default: all of them. */
  granted: ReadonlySet<string> | undefined;
  /** How far the clock of the service is from that of this machine, in seconds. */
  clockSkew = 0;
  readonly #grpc = new Server({ 'grpc.max_receive_message_length': 10_000_000 });
  readonly #rest: HttpServer = createServer((request, response) => void this.#answerRest(request, response));
  port = 0;
  restPort = 0;

  /** The SDK's proto file, in JSON. */
  protected abstract readonly protos: object;
  /** Where the service is in it. */
  protected abstract readonly service: readonly string[];
  /** What a call needs, from the page about access control. */
  protected abstract readonly permissions: Readonly<Record<Method, string>>;

  protected abstract right(method: Method, name: string, request: Answer): Answer | Promise<Answer>;
  protected abstract overRest(request: RestRequest): readonly [Method, Answer];

  async start(): Promise<this> {
    let found: unknown = new gax.GrpcClient().loadProtoJSON(this.protos);
    for (const each of this.service) found = (found as Record<string, unknown>)[each];
    this.#grpc.addService(
      (found as Grpc.ServiceClientConstructor).service,
      Object.fromEntries(
        (Object.keys(this.permissions) as Method[]).map((method) => [
          method,
          (call: Grpc.ServerUnaryCall<Answer, Answer>, answer: Grpc.sendUnaryData<Answer>) =>
            void this.#answerGrpc(method, call, answer),
        ]),
      ),
    );
    this.port = await new Promise<number>((resolve, reject) => {
      this.#grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    this.#rest.listen(0, '127.0.0.1');
    await once(this.#rest, 'listening');
    this.restPort = (this.#rest.address() as AddressInfo).port;
    return this;
  }

  stop(): Promise<void> {
    this.#grpc.forceShutdown();
    this.#rest.closeAllConnections();
    return new Promise((resolve) => this.#rest.close(() => resolve()));
  }

  async #answer(method: Method, request: Answer): Promise<Answer> {
    const name = nameIn(request);
    const call = { method, name };
    this.calls.push(call);
    const permission = this.permissions[method];
    if (this.granted && !this.granted.has(permission)) {
      // A vendor's message may quote anything.
      throw new Refusal(
        'PERMISSION_DENIED',
        `Permission '${permission}' denied for 'quoted'`,
        'IAM_PERMISSION_DENIED',
      );
    }
    const fault = this.fault?.(call);
    if (fault === 'hang') return never;
    if (typeof fault === 'function') return fault(await this.right(method, name, request));
    if (!fault) return this.right(method, name, request);
    if (fault.isDone) await this.right(method, name, request);
    const { code, message = 'A message that quotes a secret-value', reason, retryAfter } = fault;
    throw new Refusal(code, message, reason, retryAfter);
  }

  async #answerGrpc(
    method: Method,
    call: Grpc.ServerUnaryCall<Answer, Answer>,
    answer: Grpc.sendUnaryData<Answer>,
  ): Promise<void> {
    const head = new Metadata();
    head.set('date', this.#date());
    try {
      checkRouting(call.metadata, call.request);
      const right = await this.#answer(method, call.request);
      call.sendMetadata(head);
      answer(null, right);
    } catch (error) {
      const { code, message, reason, retryAfter } = refusalIn(error);
      const metadata = new Metadata();
      metadata.set('grpc-status-details-bin', statusDetails(codes[code], message, reason ?? '', retryAfter));
      answer({ code: codes[code], details: message, metadata });
    }
  }

  async #answerRest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
    response.setHeader('date', this.#date()).setHeader('content-type', 'application/json; charset=UTF-8');
    const [, name = '', action] = /^\/v1\/(.+?)(?::(\w+))?$/.exec(decodeURIComponent(pathname)) ?? [];
    const body = chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString('utf8')) as Answer) : {};
    try {
      const verb = request.method!;
      const query = Object.fromEntries(searchParams);
      const right = await this.#answer(...this.overRest({ verb, name, action, query, body }));
      response.end(JSON.stringify(inJson(right)));
    } catch (error) {
      const { code, message, reason, retryAfter } = refusalIn(error);
      const httpCode = httpCodes[code] ?? 500;
      if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
      const details = reason
        ? [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }]
        : [];
      response
        .writeHead(httpCode)
        .end(JSON.stringify({ error: { code: httpCode, message, status: code, details } }, null, 2));
    }
  }

  #date(): string {
    return new Date(Date.now() + this.clockSkew * 1000).toUTCString();
  }
}

/** From google/rpc/code.proto. */
const httpCodes: Partial<Record<Code, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** Google finds the way by a header, in which the SDK puts the name once more. */
function checkRouting(metadata: Grpc.Metadata, request: Answer): void {
  const [parameters = ''] = metadata.get('x-goog-request-params');
  const [name = ''] = new URLSearchParams(String(parameters)).values();
  if (name !== nameIn(request)) throw new Refusal('INVALID_ARGUMENT', 'The header is of another call.');
}

/** Of what is asked for, of what it is in, or of what is changed. */
function nameIn({ name, parent, cryptoKeyVersion }: Answer): string {
  const { name: changed } = (cryptoKeyVersion ?? {}) as { name?: unknown };
  return (
    [name, parent, changed].find((each): each is string => typeof each === 'string' && each !== '') ?? ''
  );
}

function refusalIn(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal('INTERNAL', String(error));
}

/** Bytes, times and wrapped numbers have forms of their own in JSON. */
function inJson(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(inJson);
  if (typeof value !== 'object' || value === null) return value;
  if ('seconds' in value) return new Date(Number(value.seconds) * 1000).toISOString();
  if ('value' in value) return value.value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inJson(each)]));
}

/** CRC32C bit by bit, so that it shares no table with anybody. */
export function checksum(bytes: Buffer): number {
  let rest = ~0;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
  }
  return ~rest >>> 0;
}

/** google.rpc.Status with what details there are, in the encoding of protocol buffers. */
function statusDetails(
  code: number,
  message: string,
  reason: string,
  retryAfter: number | undefined,
): Buffer {
  const any = (type: string, value: Buffer) =>
    field(3, Buffer.concat([field(1, `type.googleapis.com/google.rpc.${type}`), field(2, value)]));
  return Buffer.concat([
    Buffer.from([8, code]),
    field(2, message),
    ...(reason ? [any('ErrorInfo', Buffer.concat([field(1, reason), field(2, 'googleapis.com')]))] : []),
    ...(retryAfter === undefined ? [] : [any('RetryInfo', field(1, Buffer.from([8, retryAfter])))]),
  ]);
}

function field(number: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}
