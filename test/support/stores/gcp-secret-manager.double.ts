import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

import gax from 'google-gax';
import type { grpc as Grpc } from 'google-gax';

// A double, and not Google's service. It is written from the SDK's proto file and these pages, all read and none tried:
// https://cloud.google.com/secret-manager/docs/reference/rpc/google.cloud.secretmanager.v1
// https://cloud.google.com/secret-manager/docs/access-secret-version
// https://cloud.google.com/secret-manager/docs/access-control

export type Method =
  'AccessSecretVersion' | 'AddSecretVersion' | 'ListSecretVersions' | 'DestroySecretVersion' | 'GetSecret';

const { Metadata, Server, ServerCredentials, status: codes } = gax.grpc;
type Code = Exclude<keyof typeof codes, 'OK'>;

/** What goes wrong with a call. */
export type Fault =
  | {
      readonly code: Code;
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

export interface Call {
  readonly method: Method;
  /** The name in the request, of a secret or of a version. */
  readonly name: string;
}

interface LoadedProtos {
  readonly google: {
    readonly cloud: {
      readonly secretmanager: {
        readonly v1: { readonly SecretManagerService: Grpc.ServiceClientConstructor };
      };
    };
  };
}

export type Answer = Record<string, unknown>;

interface Version {
  readonly data: Buffer;
  readonly created: number;
  state: 'ENABLED' | 'DISABLED' | 'DESTROYED';
  /** The key of Cloud KMS that encrypts it cannot be used. */
  isLocked?: boolean;
  /** It is disabled, and destroyed when the delay of the secret is over. */
  isScheduled?: boolean;
}

/** What a call needs, from the page about access control. */
const permissions: Readonly<Record<Method, string>> = {
  AccessSecretVersion: 'secretmanager.versions.access',
  AddSecretVersion: 'secretmanager.versions.add',
  ListSecretVersions: 'secretmanager.versions.list',
  DestroySecretVersion: 'secretmanager.versions.destroy',
  GetSecret: 'secretmanager.secrets.get',
};

class Refusal extends Error {
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

export class GcpSecretManagerDouble {
  /** Everything that was asked, oldest first. */
  readonly calls: Call[] = [];
  /** What goes wrong with a call, if anything. */
  fault: ((call: Call) => Fault | undefined) | undefined;
  /** The permissions of whoever asks. Default: all of them. */
  granted: ReadonlySet<string> | undefined;
  /** By how many versions `latest` lags behind. */
  lag = 0;
  /** How far the clock of the service is from that of this machine, in seconds. */
  clockSkew = 0;
  readonly #secrets = new Map<string, Version[]>();
  readonly #grpc = new Server({ 'grpc.max_receive_message_length': 10_000_000 });
  readonly #rest: HttpServer = createServer((request, response) => void this.#answerRest(request, response));
  port = 0;
  restPort = 0;

  async start(): Promise<this> {
    const protos = createRequire(import.meta.url)(
      '@google-cloud/secret-manager/build/protos/protos.json',
    ) as object;
    const loaded = new gax.GrpcClient().loadProtoJSON(protos);
    const { service } = (loaded as unknown as LoadedProtos).google.cloud.secretmanager.v1
      .SecretManagerService;
    this.#grpc.addService(
      service,
      Object.fromEntries(
        (Object.keys(permissions) as Method[]).map((method) => [
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

  createSecret(name: string): void {
    this.#secrets.set(name, []);
  }

  deleteSecret(name: string): void {
    this.#secrets.delete(name);
  }

  /** As `gcloud secrets versions add` does. */
  addVersion(name: string, data: Buffer | string): number {
    const created = Date.now();
    return this.#secrets.get(name)!.push({ data: Buffer.from(data), created, state: 'ENABLED' });
  }

  version(name: string, number: number): Version {
    return this.#secrets.get(name)![number - 1]!;
  }

  /** What the newest version that can be had holds. */
  content(name: string): string | undefined {
    const enabled = this.#secrets.get(name)?.filter(({ state }) => state === 'ENABLED');
    return enabled?.at(-1)?.data.toString('utf8');
  }

  numberOfVersions(name: string): number {
    return this.#secrets.get(name)?.length ?? 0;
  }

  async #answer(method: Method, request: Answer): Promise<Answer> {
    const name = text(request.name ?? request.parent);
    const call = { method, name };
    this.calls.push(call);
    if (this.granted && !this.granted.has(permissions[method])) {
      // A vendor's message may quote anything.
      throw new Refusal(
        'PERMISSION_DENIED',
        `Permission '${permissions[method]}' denied for 'quoted'`,
        'IAM_PERMISSION_DENIED',
      );
    }
    const fault = this.fault?.(call);
    if (fault === 'hang') return never;
    if (typeof fault === 'function') return fault(this.#right(method, name, request));
    if (!fault) return this.#right(method, name, request);
    if (fault.isDone) this.#right(method, name, request);
    throw new Refusal(fault.code, 'A message that quotes a secret-value', fault.reason, fault.retryAfter);
  }

  #right(method: Method, name: string, request: Answer): Answer {
    if (method === 'AccessSecretVersion') return this.#access(name);
    if (method === 'AddSecretVersion') return this.#add(name, request);
    if (method === 'ListSecretVersions') return this.#list(name, request);
    if (method === 'DestroySecretVersion') return this.#destroy(name);
    this.#versionsOf(name);
    return { name: withNumberOfProject(name) };
  }

  #access(name: string): Answer {
    const { secret, number, version } = this.#find(name);
    const fullName = `${withNumberOfProject(secret)}/versions/${number}`;
    if (version.state !== 'ENABLED') {
      throw new Refusal('FAILED_PRECONDITION', `Secret Version [${fullName}] is in ${version.state} state.`);
    }
    if (version.isLocked) {
      throw new Refusal('FAILED_PRECONDITION', 'Cloud KMS key [projects/1/…] is not enabled.');
    }
    return {
      name: fullName,
      payload: { data: version.data, dataCrc32c: String(checksum(version.data)) },
    };
  }

  #add(parent: string, request: Answer): Answer {
    const versions = this.#versionsOf(parent);
    const { data, dataCrc32c } = request.payload as { data: Buffer | string; dataCrc32c?: string };
    const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : data;
    if (bytes.length > 65_536) throw new Refusal('INVALID_ARGUMENT', 'Payload is too large');
    if (dataCrc32c !== undefined && dataCrc32c !== null && Number(dataCrc32c) !== checksum(bytes)) {
      throw new Refusal('INVALID_ARGUMENT', 'The checksum does not match');
    }
    versions.push({ data: bytes, created: Date.now(), state: 'ENABLED' });
    return this.#described(parent, versions.length);
  }

  #list(parent: string, request: Answer): Answer {
    const versions = this.#versionsOf(parent);
    const size = Math.min(Number(request.pageSize) || 25_000, 25_000);
    const from = Number(request.pageToken) || 0;
    // Newest first.
    const numbers = versions.map((_, index) => index + 1).toReversed();
    const more = from + size < numbers.length;
    return {
      versions: numbers.slice(from, from + size).map((number) => this.#described(parent, number)),
      ...(more && { nextPageToken: String(from + size) }),
      totalSize: versions.length,
    };
  }

  #destroy(name: string): Answer {
    const { secret, number, version } = this.#find(name);
    if (version.state === 'DESTROYED') {
      throw new Refusal('FAILED_PRECONDITION', 'Secret Version is already in DESTROYED state.');
    }
    version.state = 'DESTROYED';
    return this.#described(secret, number);
  }

  #described(secret: string, number: number): Answer {
    const { state, created, isScheduled } = this.#secrets.get(secret)![number - 1]!;
    return {
      name: `${withNumberOfProject(secret)}/versions/${number}`,
      state,
      createTime: { seconds: String(Math.floor(created / 1000)), nanos: 0 },
      etag: `"${number}${state}"`,
      ...(isScheduled && { scheduledDestroyTime: { seconds: '4000000000', nanos: 0 } }),
    };
  }

  #find(name: string): { secret: string; number: number; version: Version } {
    const [, secret = '', wanted = ''] = /^(.+)\/versions\/([\w-]+)$/.exec(name) ?? [];
    const versions = this.#versionsOf(secret);
    // Of which state it is does not matter.
    const number = wanted === 'latest' ? Math.max(versions.length - this.lag, 0) : Number(wanted);
    const version = versions[number - 1];
    if (!version) throw new Refusal('NOT_FOUND', `Secret Version [${name}] not found.`);
    return { secret, number, version };
  }

  #versionsOf(secret: string): Version[] {
    const versions = this.#secrets.get(secret);
    if (!versions) throw new Refusal('NOT_FOUND', `Secret [${secret}] not found.`);
    return versions;
  }

  async #answerGrpc(
    method: Method,
    call: Grpc.ServerUnaryCall<Answer, Answer>,
    answer: Grpc.sendUnaryData<Answer>,
  ): Promise<void> {
    const head = new Metadata();
    head.set('date', this.#date());
    try {
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
    const [, name = '', verb] = /^\/v1\/(.+?)(?::(\w+))?$/.exec(decodeURIComponent(pathname)) ?? [];
    const body = chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString('utf8')) as Answer) : {};
    try {
      let right: Answer;
      if (verb === 'access') right = await this.#answer('AccessSecretVersion', { name });
      else if (verb === 'addVersion') {
        right = await this.#answer('AddSecretVersion', { ...body, parent: name });
      } else if (verb === 'destroy') right = await this.#answer('DestroySecretVersion', { name });
      else if (name.endsWith('/versions')) {
        const parent = name.slice(0, -'/versions'.length);
        right = await this.#answer('ListSecretVersions', { ...Object.fromEntries(searchParams), parent });
      } else right = await this.#answer('GetSecret', { name });
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

/** Answers have the number of the project, whatever was asked for. */
function withNumberOfProject(name: string): string {
  return name.replace(/^projects\/[^/]+/, 'projects/123456789012');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function refusalIn(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal('INTERNAL', String(error));
}

function inJson(answer: Answer): Answer {
  const { payload, versions, createTime } = answer as {
    payload?: { data: Buffer };
    versions?: Answer[];
    createTime?: { seconds: string };
  };
  return {
    ...answer,
    ...(payload && { payload: { ...payload, data: payload.data.toString('base64') } }),
    ...(versions && { versions: versions.map(inJson) }),
    ...(createTime && { createTime: new Date(Number(createTime.seconds) * 1000).toISOString() }),
  };
}

/** CRC32C bit by bit, so that it shares no table with anybody. */
function checksum(bytes: Buffer): number {
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
